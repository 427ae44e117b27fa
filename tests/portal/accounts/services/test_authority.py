"""One administers at a time, by the right that holds at that moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.users import deactivate_user
from portal.core.actors import Actor
from portal.core.errors import Forbidden
from tests.factories.accounts import person_with

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def test_of_two_administrators_who_close_each_other_at_the_same_moment_one_stays() -> None:
    ann, bo = person_with(Role.ADMIN), person_with(Role.ADMIN)
    both = Barrier(2)

    def close(actor: Actor, other: User) -> bool:
        both.wait()
        try:
            deactivate_user(actor=actor, user=other)
        except Forbidden:
            return False
        finally:
            connection.close()
        return True

    as_ann, as_bo = (actor_for_user(one, interactive=True) for one in (ann, bo))
    with ThreadPoolExecutor(2) as threads:
        tries = [threads.submit(close, as_ann, bo), threads.submit(close, as_bo, ann)]
    assert sorted(one.result() for one in tries) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1
