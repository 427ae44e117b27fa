"""Profiles over REST."""

import pytest

from portal.accounts.models import Team
from registry.models import DatasetSnapshot
from tests.factories.monitoring import ProfileFactory
from tests.factories.registry import SnapshotFactory
from tests.portal.api.callers import Caller, problem_of

PROFILE = "/datasets/flights/snapshots/1/profile"


@pytest.fixture
def snapshot(team: Team) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create(dataset__slug="flights", dataset__team=team)
    return made


def test_a_profile_is_asked_for_once_and_names_its_job(developer: Caller, snapshot: DatasetSnapshot) -> None:
    assert problem_of(developer.get(PROFILE), 404, "not_found")
    made = developer.post(PROFILE)
    assert made.status_code == 202
    assert made.json() | {"dataset": "flights", "snapshot": 1, "state": "queued", "digest": ""} == made.json()
    assert developer.get(f"/jobs/{made.json()['job']}").status_code == 200
    assert developer.get(PROFILE).json() == made.json()
    assert problem_of(developer.post(PROFILE), 409, "not_usable")


def test_columns_come_in_short_and_one_in_full(viewer: Caller, snapshot: DatasetSnapshot) -> None:
    ProfileFactory.create(snapshot=snapshot)
    listed = viewer.get(f"{PROFILE}/columns", order="oldest").json()["results"]
    assert [one["name"] for one in listed] == ["day", "x", "label"]
    assert listed[1]["summary"]["nulls"] == 20
    one = viewer.get(f"{PROFILE}/columns/2").json()
    assert {name: one[name] for name in listed[1]} == listed[1]
    assert sum(one["cells"]["counts"]) == one["summary"]["n"] == 1_000
    assert problem_of(viewer.get(f"{PROFILE}/columns/4"), 404, "not_found")


def test_another_teams_are_like_none_and_readers_ask_for_nothing(
    viewer: Caller, stranger: Caller, snapshot: DatasetSnapshot
) -> None:
    ProfileFactory.create(snapshot=snapshot)
    for path in (PROFILE, f"{PROFILE}/columns", f"{PROFILE}/columns/1"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(PROFILE).status_code == 404
    assert problem_of(viewer.post(PROFILE), 403, "missing_capability")
