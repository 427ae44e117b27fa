"""Datasheets over REST."""

import pytest

from portal.accounts.models import Team
from registry.models import Dataset
from tests.factories.registry import DatasetFactory
from tests.portal.api.callers import Caller, fields_of

SHEETS = "/datasets/flights/datasheets"


@pytest.fixture
def dataset(team: Team) -> Dataset:
    found: Dataset = DatasetFactory.create(slug="flights", team=team)
    return found


def test_what_was_written_is_shown_and_the_newest_comes_first(developer: Caller, dataset: Dataset) -> None:
    first = developer.post(SHEETS, {"origin": "The airport.", "sensitive": ["income"]})
    second = developer.post(SHEETS, {"gaps": "Nights.", "sensitive": ["income"]})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() | {"origin": "The airport.", "gaps": "", "sensitive": ["income"], "number": 1} == first.json()
    assert developer.get(f"{SHEETS}/1").json() == first.json()
    assert developer.get(SHEETS).json()["results"] == [second.json(), first.json()]


def test_nothing_is_unmasked_without_the_grant(developer: Caller, dataset: Dataset) -> None:
    developer.post(SHEETS, {"origin": "The airport.", "sensitive": ["income"]})
    assert fields_of(developer.post(SHEETS, {"origin": "The airport."}), 422, "invalid") == {"sensitive"}
    assert fields_of(developer.post(SHEETS, {}), 422, "invalid") == {"origin", "sensitive"}


def test_another_teams_are_like_none(stranger: Caller, dataset: Dataset) -> None:
    assert stranger.get(SHEETS).status_code == 404
    assert stranger.post(SHEETS, {"origin": "Here."}).status_code == 404
