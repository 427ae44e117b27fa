"""Limits of tries: what is counted, who, how long one waits."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from portal.accounts.models import Counter
from portal.core.throttles import LIMITS, Limit, TooManyTries, give_back, in_words, place_of, table, take
from portal.env import BASE_DIR

pytestmark = pytest.mark.django_db
FEW = Limit("few", "tries", "person", 3, 3_600)
MANY = Limit("many", "tries", "everybody", 100, 3_600)


@pytest.fixture(autouse=True)
def within_one_window(standing_clock: datetime) -> datetime:
    """No window turns while a test counts."""
    return standing_clock


def test_so_many_tries_and_no_more_until_the_window_ends(within_one_window: datetime) -> None:
    assert [take((FEW, "ann")) for _ in range(3)] == [0, 0, 0]
    assert take((FEW, "ann")) == 3_600 - int(within_one_window.timestamp()) % 3_600
    assert take((FEW, "ben")) == 0


def test_a_try_that_turned_out_well_is_given_back() -> None:
    for _ in range(9):
        assert take((FEW, "ann")) == 0
        give_back((FEW, "ann"))
    give_back((FEW, "nobody"))


def test_a_narrow_limit_that_refuses_leaves_the_wide_ones_alone() -> None:
    for _ in range(20):
        take((FEW, "ann here"), (MANY, "ann"))
    assert [row.value for row in Counter.objects.filter(key__contains="many")] == [3]


def test_neither_names_nor_addresses_are_kept() -> None:
    take((FEW, "ann@example.org 192.0.2.1"))
    assert not Counter.objects.filter(key__contains="ann").exists()


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_each_counted() -> None:
    def one(_: int) -> int:
        try:
            return take((FEW, "ann"))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(24))).count(0) == 3
    assert Counter.objects.get().value == 24


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_counts_as_one_address(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (90, "90 seconds"), (91, "2 minutes"), (240, "4 minutes")]
)
def test_waiting_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
    assert TooManyTries("Too many.", wait=seconds).message == f"Too many. Wait {words}, then try again."


def test_every_limit_has_its_own_counter_and_its_line_in_the_documents() -> None:
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)
    document = (BASE_DIR / "docs" / "security.md").read_text()
    printed = re.findall(r"^\| (.+) \| (.+) \| (\d+ in .+) \|$", document, re.MULTILINE)
    assert printed == list(table())
