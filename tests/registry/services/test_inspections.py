from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from portal.blobs.models import Blob
from portal.core.actors import SYSTEM
from portal.core.clock import now
from registry.models import ModelVersion
from registry.runners.inspection import Inspection, Verdict
from registry.services.inspections import begin_inspection, fail_inspection, finish_inspection
from tests.factories.registry import (
    SIGNATURE,
    ArtifactFactory,
    BlobFactory,
    FeaturePipelineVersionFactory,
    RegisteredModelFactory,
    SnapshotFactory,
    VersionFactory,
)
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db

MODEL = Inspection(
    Verdict.ACCEPTED,
    "",
    detected="onnx",
    media_type="application/vnd.onnx",
    signature=SIGNATURE,
    details={"opsets": {"ai.onnx": 17}},
)
LOCK = Inspection(Verdict.ACCEPTED, "", detected="environment lock", media_type="text/plain")
NOTES = Inspection(Verdict.ACCEPTED, "", detected="other", details={"looks_like": "text"})


def inspecting(blob: Blob | None = None, **columns: object) -> ModelVersion:
    version: ModelVersion = VersionFactory.create(**columns)
    for name, role in (("model.onnx", "model"), ("lock.txt", "environment"), ("notes.bin", "other")):
        ArtifactFactory.create(version=version, name=name, role=role, blob=blob or BlobFactory.create())
    version.state = "inspecting"
    version.save()
    return version


def finished(version: ModelVersion, inspections: Sequence[Inspection]) -> ModelVersion:
    """Finish the inspection of lock and model, in this order."""
    files = begin_inspection(version_id=version.pk)
    assert [file.name for file in files] == ["lock.txt", "model.onnx", "notes.bin"]
    finish_inspection(version_id=version.pk, files=files, inspections=[*inspections, NOTES])
    version.refresh_from_db()
    return version


def test_a_version_whose_files_are_accepted_is_sealed() -> None:
    version = finished(inspecting(), [LOCK, MODEL])
    assert (version.state, version.reason, version.signature) == ("sealed", "", SIGNATURE)
    assert len(version.digest) == 64
    assert version.sealed_at is not None
    assert replayed("version") == {str(version.pk): version.public_state()}


def test_what_inspection_read_is_kept_with_each_file() -> None:
    version = finished(inspecting(), [LOCK, MODEL])
    kept = {artifact.name: artifact for artifact in version.artifacts.all()}
    assert kept["model.onnx"].media_type == "application/vnd.onnx"
    assert kept["model.onnx"].inspection["details"] == {"opsets": {"ai.onnx": 17}}
    assert kept["notes.bin"].media_type == "application/octet-stream"
    assert kept["notes.bin"].inspection["details"] == {"looks_like": "text"}


def test_the_same_parts_have_the_same_digest_and_others_another() -> None:
    model, snapshot, blob = RegisteredModelFactory.create(), SnapshotFactory.create(), BlobFactory.create()

    def sealed(commit: str, **columns: object) -> str:
        run = {"training_run__commit": commit, "training_run__training_snapshot": snapshot}
        return finished(inspecting(blob, model=model, **run, **columns), [LOCK, MODEL]).digest

    first, again, other = sealed("a"), sealed("a"), sealed("b")
    assert first == again
    assert len({first, other, sealed("a", feature_pipeline_version=FeaturePipelineVersionFactory.create())}) == 3


@pytest.mark.parametrize(
    ("inspections", "state", "words"),
    [
        ([LOCK, Inspection(Verdict.REFUSED, "This is a Python pickle.", detected="pickle")], "quarantined", "pickle"),
        ([LOCK, Inspection(Verdict.FAILED, "It did not end.")], "failed", "model.onnx: It did not end."),
        ([Inspection(Verdict.REFUSED, "Not text."), MODEL], "quarantined", "lock.txt: Not text."),
        ([LOCK, replace(MODEL, detected="skops")], "quarantined", "registered as onnx"),
    ],
)
def test_a_version_with_a_bad_file_is_stopped_with_the_reason(
    inspections: list[Inspection], state: str, words: str
) -> None:
    version = finished(inspecting(), inspections)
    assert (version.state, version.digest, version.sealed_at, version.signature) == (state, "", None, {})
    assert words in version.reason
    assert replayed("version") == {str(version.pk): version.public_state()}


def test_a_model_that_is_never_opened_is_sealed_without_a_signature() -> None:
    version = inspecting(model__implementation="pytorch")
    stored_only = Inspection(Verdict.ACCEPTED, "", detected="pt2", media_type="application/vnd.pytorch.pt2")
    assert finished(version, [LOCK, stored_only]).state == "sealed"
    version.refresh_from_db()
    assert version.signature == {}
    [model] = version.artifacts.filter(role="model")
    assert model.is_never_opened


def test_a_closed_version_is_closed_once() -> None:
    version = inspecting()
    files = begin_inspection(version_id=version.pk)
    fail_inspection(actor=SYSTEM, version_id=version.pk, reason="The worker was lost.")
    assert begin_inspection(version_id=version.pk) == []
    finish_inspection(version_id=version.pk, files=files, inspections=[LOCK, MODEL, NOTES])
    finish_inspection(version_id=version.pk, files=[], inspections=[])
    fail_inspection(actor=SYSTEM, version_id=version.pk, reason="Again.")
    version.refresh_from_db()
    assert (version.state, version.reason) == ("failed", "The worker was lost.")


def test_a_description_that_cannot_be_recorded_is_refused_and_left_out() -> None:
    strange = Inspection(
        Verdict.ACCEPTED, "", detected="onnx", media_type="application/vnd.onnx", signature=SIGNATURE,
        details={"producer": "a\0b"},
    )  # fmt: skip
    version = finished(inspecting(), [LOCK, strange])
    assert version.state == "quarantined"
    assert version.artifacts.get(role="model").inspection == {"verdict": "accepted", "detected": "onnx"}


def test_a_pickle_is_let_in_where_an_administrator_said_so_and_until_then() -> None:
    version = inspecting(model__implementation="scikit-learn")
    assert [file.pickles for file in begin_inspection(version_id=version.pk)] == [False] * 3
    team = version.model.team
    team.pickles_until, team.pickles_reason = now() + timedelta(days=1), "No other."
    team.save()
    assert [file.pickles for file in begin_inspection(version_id=version.pk)] == [True] * 3
    listed = {"container": "", "count": 1, "pickles": []}
    kept = Inspection(
        Verdict.ACCEPTED, "", detected="pickle", media_type="application/vnd.python.pickle", details=listed
    )
    assert finished(version, [LOCK, kept]).state == "sealed"
    model = version.artifacts.get(role="model")
    assert (model.is_never_opened, model.pickle_listing) == (True, listed)
    team.pickles_until = now() - timedelta(days=1)
    team.save()
    assert not any(file.pickles for file in begin_inspection(version_id=inspecting(model__team=team).pk))
