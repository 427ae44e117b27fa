"""The cache of numbers: in the database, and as Redis keeps them."""

import pickle

import pytest
from django.core.cache import cache

from portal.accounts.counters import Numbers
from portal.accounts.models import Counter

pytestmark = pytest.mark.django_db


def test_the_cache_keeps_numbers_until_they_end() -> None:
    assert cache.add("one", 5, timeout=60)
    assert not cache.add("one", 7, timeout=60)
    assert (cache.incr("one"), cache.decr("one", 2), cache.get("one")) == (6, 4, 4)
    cache.set("one", 9, timeout=-1)
    assert cache.get("one") is None
    with pytest.raises(ValueError, match="no counter"):
        cache.incr("one")
    assert cache.add("one", 1, timeout=None)
    assert cache.delete("one")
    assert not cache.delete("one")


def test_counters_that_ended_are_swept_as_others_begin() -> None:
    for number in range(5):
        cache.set(f"old.{number}", 1, timeout=-1)
    cache.set("live", 1, timeout=60)
    cache.add("new", 1, timeout=60)
    assert set(Counter.objects.values_list("key", flat=True)) == {":1:live", ":1:new"}


def test_what_somebody_put_into_redis_is_never_unpickled() -> None:
    assert Numbers().loads(str(Numbers().dumps(7)).encode()) == 7
    with pytest.raises(ValueError, match="invalid literal"):
        Numbers().loads(pickle.dumps({"a": 1}))
