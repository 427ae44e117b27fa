"""Versions over REST: registered, filled, submitted, and then for ever the same."""

import json
from typing import Any

import pytest

from portal.accounts.models import Team
from portal.jobs.models import Job
from registry.choices import INSPECT_VERSION
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from tests.factories.registry import (
    DatasetFactory,
    FeaturePipelineFactory,
    FeaturePipelineVersionFactory,
    InspectingSnapshotFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    SnapshotFactory,
    stored,
)
from tests.portal.api.callers import Caller, fields_of, problem_of

VERSIONS = "/models/limits/versions"
RUN = {
    "repository": "https://git.example.org/m", "commit": "b" * 40, "commit_authors": ["ada@example.org"],
    "hyperparameters": {"depth": 3}, "environment_lock_sha256": "c" * 64, "seed": 7,
    "training_snapshot": {"dataset": "flights", "number": 1},
}  # fmt: skip
CLAIM = {"metric": "auc", "value": 0.8, "n": 1000, "snapshot_sha256": "d" * 64}
BODY = {"description": "First.", "training_run": RUN, "claims": [CLAIM]}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    found: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return found


@pytest.fixture
def snapshot(team: Team) -> DatasetSnapshot:
    found: DatasetSnapshot = SnapshotFactory.create(dataset=DatasetFactory.create(slug="flights", team=team))
    return found


@pytest.fixture
def ready(model: RegisteredModel, snapshot: DatasetSnapshot) -> None:
    """A model and a snapshot from which versions are registered."""


def with_run(**change: Any) -> dict[str, Any]:
    return BODY | {"training_run": RUN | change}


@pytest.mark.usefixtures("ready")
def test_version_is_registered_filled_and_submitted(developer: Caller) -> None:
    made = developer.post(VERSIONS, BODY)
    assert (made.status_code, made.json()["state"], made.json()["claims"]) == (201, "receiving", [CLAIM])
    developer.upload("PUT", f"{VERSIONS}/1/artifacts/model.onnx?role=model", b"bytes")
    submitted = developer.post(f"{VERSIONS}/1/submit")
    assert (submitted.status_code, submitted.json()["state"]) == (202, "inspecting")
    assert Job.objects.get().kind == INSPECT_VERSION
    shown = developer.get(f"{VERSIONS}/1").json()
    assert [file["name"] for file in shown["artifacts"]] == ["model.onnx"]
    assert developer.get(VERSIONS).json()["results"] == [shown]


@pytest.mark.usefixtures("ready")
def test_version_without_a_model_file_is_not_submitted(developer: Caller) -> None:
    developer.post(VERSIONS, BODY)
    assert fields_of(developer.post(f"{VERSIONS}/1/submit"), 409, "not_usable") == {"artifacts"}


def test_sealed_version_does_not_change(developer: Caller, model: RegisteredModel) -> None:
    SealedVersionFactory.create(model=model)
    before = developer.get(f"{VERSIONS}/1").json()
    assert problem_of(developer.upload("PUT", f"{VERSIONS}/1/artifacts/b.txt?role=other", b"x"), 409, "version_sealed")
    assert problem_of(developer.post(f"{VERSIONS}/1/submit"), 409, "version_sealed")
    for method in ("PATCH", "PUT", "DELETE"):
        answer = developer.client.generic(method, f"/api/v1{VERSIONS}/1", "{}", content_type="application/json")
        assert problem_of(answer, 405, "method_not_allowed")
    assert developer.get(f"{VERSIONS}/1").json() == before


@pytest.mark.usefixtures("ready")
def test_file_name_and_model_role_are_taken_once(developer: Caller) -> None:
    developer.post(VERSIONS, BODY)
    developer.upload("PUT", f"{VERSIONS}/1/artifacts/model.onnx?role=model", b"bytes")
    again = developer.upload("PUT", f"{VERSIONS}/1/artifacts/model.onnx?role=model", b"other")
    assert fields_of(again, 422, "invalid") == {"name", "role"}


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"commit_authors": []}, "training_run.commit_authors"),
        ({"commit_authors": ["nobody"]}, "training_run.commit_authors.0"),
        ({"hyperparameters": []}, "training_run.hyperparameters"),
        ({"seed": "x"}, "training_run.seed"),
        ({"training_snapshot": {"dataset": "flights", "number": 9}}, "training_run.training_snapshot"),
        ({"training_snapshot": "flights 1"}, "training_run.training_snapshot.non_field_errors"),
        ({"training_snapshot": {"dataset": "flights", "number": 10**30}}, "training_run.training_snapshot"),
        ({"extra": 1}, "training_run.extra"),
    ],
)
def test_training_run_of_another_shape_is_a_400(developer: Caller, change: dict[str, Any], field: str) -> None:
    assert fields_of(developer.post(VERSIONS, with_run(**change)), 400, "invalid") == {field}


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"environment_lock_sha256": "C" * 64}, "environment_lock_sha256"),
        ({"environment_lock_sha256": "lock"}, "environment_lock_sha256"),
        ({"hyperparameters": {"a": "\x00"}}, "hyperparameters"),
        ({"hyperparameters": {"a": "\ud800"}}, "hyperparameters"),
        ({"hyperparameters": {"a": 10**30}}, "hyperparameters"),
        ({"seed": 2**70}, "seed"),
    ],
)
def test_training_run_that_breaks_a_rule_is_a_422(developer: Caller, change: dict[str, Any], field: str) -> None:
    found = fields_of(developer.post(VERSIONS, with_run(**change)), 422, "invalid")
    assert found == {f"training_run.{field}"}


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
@pytest.mark.parametrize("place", ['"value": 0.8', '"depth": 3'])
def test_number_without_a_finite_value_is_refused(developer: Caller, place: str, number: str) -> None:
    raw = json.dumps(BODY).replace(place, f"{place.partition(':')[0]}: {number}")
    answer = developer.client.generic("POST", f"/api/v1{VERSIONS}", raw, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert not ModelVersion.objects.exists()


@pytest.mark.usefixtures("model")
def test_snapshot_must_be_ready(developer: Caller, team: Team) -> None:
    InspectingSnapshotFactory.create(dataset=DatasetFactory.create(slug="flights", team=team))
    assert fields_of(developer.post(VERSIONS, BODY), 422, "invalid") == {"training_run.training_snapshot"}


def test_feature_pipeline_version_is_named_by_pipeline_and_number(
    developer: Caller, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    pipeline = FeaturePipelineFactory.create(slug="features", team=model.team)
    version = FeaturePipelineVersionFactory.create(pipeline=pipeline)
    named = BODY | {"feature_pipeline_version": {"pipeline": "features", "number": 1}}
    assert developer.post(VERSIONS, named).status_code == 201
    assert ModelVersion.objects.get().feature_pipeline_version == version


def test_what_a_body_names_of_another_team_is_like_none(developer: Caller, model: RegisteredModel) -> None:
    theirs = SnapshotFactory.create(dataset__slug="flights")
    FeaturePipelineVersionFactory.create(pipeline__slug="features")
    answer = developer.post(VERSIONS, BODY)
    assert fields_of(answer, 400, "invalid") == {"training_run.training_snapshot"}
    theirs.dataset.team = model.team
    theirs.dataset.save()
    named = BODY | {"feature_pipeline_version": {"pipeline": "features", "number": 1}}
    assert fields_of(developer.post(VERSIONS, named), 400, "invalid") == {"feature_pipeline_version"}
    assert not ModelVersion.objects.exists()


@pytest.mark.usefixtures("ready")
def test_viewers_register_nothing_and_strangers_see_nothing(
    developer: Caller, viewer: Caller, stranger: Caller
) -> None:
    developer.post(VERSIONS, BODY)
    for path, body in ((VERSIONS, BODY), (f"{VERSIONS}/1/submit", {})):
        assert problem_of(viewer.post(path, body), 403, "missing_capability")
        assert problem_of(stranger.post(path, body), 404, "not_found")
    for path in (VERSIONS, f"{VERSIONS}/1"):
        assert viewer.get(path).status_code == 200
        assert problem_of(stranger.get(path), 404, "not_found")


def test_a_file_is_fetched_in_parts_that_fit_together(viewer: Caller, stranger: Caller, team: Team) -> None:
    version = SealedVersionFactory.create(model__slug="limits", model__team=team, blob=stored(b"model bytes"))
    path = f"/api/v1{VERSIONS}/{version.number}/artifacts/model.onnx"
    first = viewer.client.get(path, headers={"Range": "bytes=0-5"})
    assert (first.status_code, first.getvalue()) == (206, b"model ")
    rest = viewer.client.get(path, headers={"Range": "bytes=6-", "If-Range": first["ETag"]})
    assert (rest.status_code, rest.getvalue()) == (206, b"bytes")
    assert problem_of(viewer.client.get(path, headers={"Range": "bytes=99-"}), 416, "range_not_satisfiable")
    assert problem_of(viewer.client.get(f"{path}.other"), 404, "not_found")
    assert problem_of(stranger.client.get(path), 404, "not_found")
