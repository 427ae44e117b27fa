"""Inspection as a worker runs it: real files, real children, real rows."""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.blobs import store
from portal.core.actors import Actor
from portal.jobs import services as jobs
from portal.jobs.models import Job
from registry import tasks
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.services.datasets import add_snapshot
from registry.services.imports import start_import
from registry.services.versions import add_artifact, submit_version
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import DatasetFactory, VersionFactory, stored
from tests.factories.registry_files import LOCK, onnx_model, parquet, pickled, skops_model
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def developer() -> Actor:
    return actor_with(Role.DEVELOPER, team=TeamFactory.create())


def team_of(actor: Actor) -> int:
    [team] = actor.teams_for("read") or frozenset({0})
    return team


def submitted(actor: Actor, files: dict[str, bytes], **columns: Any) -> ModelVersion:
    """Submit a version with these files: a lock, and a model under any other name."""
    lock = stored(LOCK)
    version = VersionFactory.create(
        model__team_id=team_of(actor), model__team=None, training_run__environment_lock_sha256=lock.pk, **columns
    )
    for name, data in files.items():
        blob, role = stored(data), "environment" if name.endswith(".lock") else "model"
        add_artifact(actor=actor, version=version, role=role, name=name, blob=blob, declared_sha256=blob.pk)
    return submit_version(actor=actor, version=version)


def inspected(version: ModelVersion) -> ModelVersion:
    job = Job.objects.get(subject_type="version", subject_id=str(version.pk))
    tasks.inspect_version(job.pk)
    version.refresh_from_db()
    assert replayed("version") == {str(version.pk): version.public_state()}
    return version


def received(actor: Actor, data: bytes, time_column: str = "") -> DatasetSnapshot:
    blob = stored(data)
    dataset = DatasetFactory.create(team_id=team_of(actor), team=None)
    snapshot = add_snapshot(actor=actor, dataset=dataset, blob=blob, declared_sha256=blob.pk, time_column=time_column)
    tasks.inspect_snapshot(Job.objects.get(subject_type="snapshot").pk)
    snapshot.refresh_from_db()
    assert replayed("snapshot") == {str(snapshot.pk): snapshot.public_state()}
    return snapshot


def test_onnx_model_with_its_lock_is_sealed(developer: Actor) -> None:
    version = inspected(submitted(developer, {"model.onnx": onnx_model(), "requirements.lock": LOCK}))
    assert (version.state, version.reason) == ("sealed", "")
    assert version.signature["inputs"] == [{"name": "x", "type": "tensor(float)", "shape": [None, 2]}]
    lock = version.artifacts.get(role="environment")
    assert lock.inspection["details"]["packages"]["numpy"] == "2.3.0"
    job = Job.objects.get()
    assert (job.state, job.progress_done, job.progress_total) == ("done", 2, 2)


def test_skops_model_is_sealed(developer: Actor) -> None:
    files = {"model.skops": skops_model()}
    version = inspected(submitted(developer, files, model__implementation="scikit-learn"))
    assert version.state == "sealed"
    assert version.signature["inputs"][0]["name"] == "mean radius"


def test_pickle_is_quarantined_in_words_and_never_opened(developer: Actor, tmp_path: Path) -> None:
    version = inspected(submitted(developer, {"model.onnx": pickled(tmp_path / "marker")}))
    assert (version.state, version.digest) == ("quarantined", "")
    assert "This is a Python pickle" in version.reason
    assert not (tmp_path / "marker").exists()


def test_bytes_that_changed_in_the_store_fail_the_version(developer: Actor) -> None:
    version = submitted(developer, {"model.onnx": onnx_model()})
    path = store.path_of(version.artifacts.get().sha256)
    path.chmod(0o600)
    path.write_bytes(b"something else")
    version = inspected(version)
    assert version.state == "failed"
    assert "have SHA-256" in version.reason
    assert Job.objects.get().state == "failed"


def test_a_second_delivery_changes_nothing(developer: Actor) -> None:
    version = inspected(submitted(developer, {"model.onnx": onnx_model()}))
    digest = version.digest
    job = Job.objects.get()
    tasks.inspect_version(job.pk)
    with transaction.atomic():  # a worker lost between its last write and the end of its job
        Job.objects.filter(pk=job.pk).update(state="queued", ended_at=None)
    assert inspected(version).digest == digest
    assert Job.objects.get().state == "done"


def test_cancelled_before_it_started_is_failed(developer: Actor) -> None:
    version = submitted(developer, {"model.onnx": onnx_model()})
    jobs.request_cancel(actor=developer, job=Job.objects.get())
    version = inspected(version)
    assert (version.state, version.reason) == ("failed", "The inspection was cancelled.")


def test_table_becomes_a_ready_snapshot(developer: Actor) -> None:
    snapshot = received(developer, parquet(20), "day")
    assert (snapshot.state, snapshot.rows, snapshot.media_type) == ("ready", 20, "application/vnd.apache.parquet")
    assert [column["name"] for column in snapshot.columns] == ["day", "x", "label"]
    assert snapshot.period_start is not None
    assert snapshot.period_start.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("column", "words"), [("when", "lacks"), ("x", "must hold dates")])
def test_table_without_the_time_column_is_refused_in_words(developer: Actor, column: str, words: str) -> None:
    snapshot = received(developer, parquet(20), column)
    assert snapshot.state == "refused"
    assert words in snapshot.reason


def test_csv_becomes_a_ready_snapshot(developer: Actor) -> None:
    assert received(developer, b"x,label\n1.5,0\n2.5,1\n").rows == 2


def test_a_model_is_no_table(developer: Actor) -> None:
    snapshot = received(developer, onnx_model())
    assert snapshot.state == "refused"
    assert "neither Parquet, Arrow nor CSV" in snapshot.reason


def file_of(actor: Actor, *slugs: str) -> bytes:
    team, owner = Team.objects.get(pk=team_of(actor)).slug, User.objects.get(pk=actor.user_id or 0).email
    lines = [f"{slug},Late,Warns.,{team},{owner},2,binary,onnx" for slug in slugs]
    return "\n".join(["slug,name,purpose,team,owner,tier,task,implementation", *lines]).encode()


def test_models_of_a_file_appear_together(developer: Actor) -> None:
    job = start_import(actor=developer, content=file_of(developer, "late", "early"))
    tasks.import_models(job.pk)
    assert sorted(RegisteredModel.objects.values_list("slug", flat=True)) == ["early", "late"]
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", None)
    tasks.import_models(job.pk)  # a second delivery
    assert RegisteredModel.objects.count() == 2


def test_an_import_that_became_wrong_says_why_and_leaves_nothing(developer: Actor) -> None:
    job = start_import(actor=developer, content=file_of(developer, "late", "early"))
    other = start_import(actor=developer, content=file_of(developer, "early"))
    tasks.import_models(other.pk)
    tasks.import_models(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["errors"][0]["field"] == "line 3, slug"
    assert RegisteredModel.objects.get().slug == "early"
