"""Datasets and snapshots over REST."""

import hashlib
from typing import Any

import pytest

from portal.accounts.models import Team
from portal.core.clock import now
from portal.jobs.models import Job
from portal.ledger.models import PendingEntry
from registry.choices import INSPECT_SNAPSHOT
from registry.models import Dataset, DatasetSnapshot
from tests.factories.accounts import RoleGrantFactory
from tests.factories.registry import DatasetFactory, SnapshotFactory, stored
from tests.portal.api.callers import Caller, digest_header, fields_of, problem_of

CSV = b"day,x\n2026-01-01,1\n"
BODY = {"slug": "flights", "name": "Flights", "description": "Of one year.", "team": "lending"}
SNAPSHOTS = "/datasets/flights/snapshots"


@pytest.fixture
def dataset(team: Team) -> Dataset:
    found: Dataset = DatasetFactory.create(slug="flights", team=team)
    return found


def test_registered_dataset_is_shown_as_it_was_sent(developer: Caller) -> None:
    made = developer.post("/datasets", BODY)
    assert made.status_code == 201
    assert made.json() == BODY | {"created_at": made.json()["created_at"]}
    assert developer.get("/datasets").json()["results"] == [made.json()]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"slug": ""}, "slug"), ({"name": ""}, "name"), ({"description": "\x00"}, "description"), ({"rows": 1}, "rows")],
)
def test_value_that_breaks_a_rule_is_named(developer: Caller, change: dict[str, Any], field: str) -> None:
    assert fields_of(developer.post("/datasets", BODY | change), 400, "invalid") == {field}


def test_slug_is_taken_once_and_another_team_is_like_none(
    developer: Caller, stranger: Caller, dataset: Dataset
) -> None:
    assert fields_of(developer.post("/datasets", BODY), 422, "slug_taken") == {"slug"}
    assert fields_of(developer.post("/datasets", BODY | {"team": "pricing"}), 422, "invalid") == {"team"}


def test_uploaded_snapshot_waits_for_its_inspection(developer: Caller, dataset: Dataset) -> None:
    response = developer.upload("POST", f"{SNAPSHOTS}?time_column=day", CSV)
    assert response.status_code == 202
    body = response.json()
    assert (body["number"], body["state"], body["size"]) == (1, "inspecting", len(CSV))
    assert body["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert Job.objects.get().kind == INSPECT_SNAPSHOT
    assert developer.get(f"{SNAPSHOTS}/1").json() == body
    assert developer.get(SNAPSHOTS).json()["results"] == [body]
    assert DatasetSnapshot.objects.get().time_column == "day"


def test_same_bytes_are_taken_once(developer: Caller, dataset: Dataset) -> None:
    developer.upload("POST", SNAPSHOTS, CSV)
    assert problem_of(developer.upload("POST", SNAPSHOTS, CSV), 409, "snapshot_exists")


def test_other_bytes_than_declared_are_refused(developer: Caller, dataset: Dataset) -> None:
    response = developer.upload("POST", SNAPSHOTS, CSV, content_digest=digest_header(b"other"))
    assert fields_of(response, 422, "digest_mismatch") == {"sha256"}
    assert not DatasetSnapshot.objects.exists()


@pytest.mark.parametrize("column", ["%00", "x" * 300])
def test_time_column_that_is_none_is_refused(developer: Caller, dataset: Dataset, column: str) -> None:
    assert fields_of(developer.upload("POST", f"{SNAPSHOTS}?time_column={column}", CSV), 422, "invalid") == {
        "time_column"
    }


def test_who_may_not_upload_is_refused_before_the_bytes(viewer: Caller, stranger: Caller, dataset: Dataset) -> None:
    assert problem_of(viewer.upload("POST", SNAPSHOTS, CSV), 403, "missing_capability")
    assert problem_of(stranger.upload("POST", SNAPSHOTS, CSV), 404, "not_found")


def test_ready_snapshot_tells_rows_columns_and_period(viewer: Caller, stranger: Caller, dataset: Dataset) -> None:
    SnapshotFactory.create(dataset=dataset)
    body = viewer.get(f"{SNAPSHOTS}/1").json()
    assert (body["state"], body["rows"], body["columns"][0]) == ("ready", 1000, {"name": "day", "type": "date32[day]"})
    assert body["period_start"] < body["period_end"]
    for path in (SNAPSHOTS, f"{SNAPSHOTS}/1"):
        assert problem_of(stranger.get(path), 404, "not_found")


@pytest.mark.parametrize("number", ["0", "2", "9" * 30])
def test_snapshot_that_is_none_is_a_404(viewer: Caller, dataset: Dataset, number: str) -> None:
    assert problem_of(viewer.get(f"{SNAPSHOTS}/{number}"), 404, "not_found")


def test_rows_that_lie_elsewhere_are_registered_as_they_are_told(developer: Caller, dataset: Dataset) -> None:
    told = {"location": "s3://lake/2014/", "sha256": "AB" * 32, "rows": 9, "columns": [{"name": "x", "type": "int"}]}
    made = developer.post("/datasets/flights/referenced-snapshots", told)
    assert made.status_code == 201
    expected = {"number": 1, "state": "referenced", "sha256": "ab" * 32, "rows": 9, "location": "s3://lake/2014/"}
    assert made.json() | expected | {"columns": told["columns"], "size": None} == made.json()
    assert developer.get(f"{SNAPSHOTS}/1").json() == made.json()
    assert not Job.objects.exists(), "nothing is fetched, inspected or profiled"
    again = developer.post("/datasets/flights/referenced-snapshots", told)
    assert problem_of(again, 409, "snapshot_exists")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"location": "https://me:secret@lake/x"}, "location"), ({"location": "x" * 2_001}, "location"),
        ({"sha256": "g" * 64}, "sha256"), ({"columns": [{"name": "x"}, {"name": "x"}]}, "columns"),
    ],
)  # fmt: skip
def test_a_reference_that_breaks_a_rule_is_named(
    developer: Caller, dataset: Dataset, change: dict[str, Any], field: str
) -> None:
    told = {"location": "On tape 7.", "sha256": "ab" * 32} | change
    refused = developer.post("/datasets/flights/referenced-snapshots", told)
    assert fields_of(refused, 422, "invalid") == {field}


def test_a_location_is_no_word_of_the_log(developer: Caller, dataset: Dataset) -> None:
    developer.post("/datasets/flights/referenced-snapshots", {"location": "On tape 7.", "sha256": "ab" * 32})
    assert not any(b"tape" in bytes(row.payload) for row in PendingEntry.objects.all())


def test_rows_leave_with_the_grant_alone_and_are_gone_once_erased(developer: Caller, dataset: Dataset) -> None:
    snapshot = SnapshotFactory.create(dataset=dataset, blob=stored(CSV))
    path = f"{SNAPSHOTS}/{snapshot.number}/file"
    assert problem_of(developer.get(path), 403, "missing_capability")
    RoleGrantFactory.create(user=developer.user, role="", capability="read_sensitive", team=dataset.team)
    sent = developer.get(path)
    assert b"".join(sent.streaming_content) == CSV
    DatasetSnapshot.objects.filter(pk=snapshot.pk).update(
        blob=None, erased_at=now(), erased_by=developer.user, erasure_reason="Asked for."
    )
    assert "were erased by" in problem_of(developer.get(path), 410, "erased")["detail"]
    shown = developer.get(f"{SNAPSHOTS}/{snapshot.number}").json()
    assert (shown["state"], shown["erased_by"], shown["erasure_reason"]) == (
        "ready", developer.user.email, "Asked for.",
    )  # fmt: skip


def test_rows_that_are_not_here_can_not_be_fetched(developer: Caller, dataset: Dataset) -> None:
    RoleGrantFactory.create(user=developer.user, role="", capability="read_sensitive", team=dataset.team)
    developer.post("/datasets/flights/referenced-snapshots", {"location": "On tape 7.", "sha256": "ab" * 32})
    assert problem_of(developer.get(f"{SNAPSHOTS}/1/file"), 409, "not_usable")
