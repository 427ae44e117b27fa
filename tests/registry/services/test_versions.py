import json
from typing import Any

import pytest

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import DomainError, Forbidden, Invalid
from portal.core.signatures import public_pem
from portal.jobs.models import Job
from portal.ledger.models import PendingEntry
from registry.choices import INSPECT_VERSION
from registry.errors import DigestMismatch, NotUsable, VersionIsSealed
from registry.models import Artifact, DatasetSnapshot, ModelVersion, RegisteredModel
from registry.services.versions import (
    Claim,
    TrainingRunInput,
    add_artifact,
    register_version,
    require_receiving,
    submit_version,
    withdraw_version,
)
from tests.factories.accounts import TeamFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    ArtifactFactory,
    BlobFactory,
    FeaturePipelineVersionFactory,
    InspectingSnapshotFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    SnapshotFactory,
    VersionFactory,
)
from tests.factories.signatures import SignerKeyFactory, commit_key, commit_name, plain_commit, signed_commit
from tests.portal.ledger.replay import replayed

LOCK = "c" * 64


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def snapshot(team: Team) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create(dataset__team=team)
    return made


@pytest.fixture
def receiving(model: RegisteredModel) -> ModelVersion:
    made: ModelVersion = VersionFactory.create(model=model, training_run__environment_lock_sha256=LOCK)
    return made


def trained(snapshot: DatasetSnapshot, **changes: Any) -> TrainingRunInput:
    values: dict[str, Any] = {
        "repository": "https://git.example.org/model",
        "commit": "abc123",
        "commit_authors": ["ada@example.org"],
        "environment_lock_sha256": LOCK,
        "training_snapshot": snapshot,
    }
    return TrainingRunInput(**values | changes)


def added(actor: Actor, version: ModelVersion, **changes: Any) -> Artifact:
    blob = BlobFactory.create()
    values: dict[str, Any] = {"role": "model", "name": "model.onnx", "blob": blob, "declared_sha256": blob.pk}
    return add_artifact(actor=actor, version=version, **values | changes)


def test_a_version_is_registered_with_its_training_run_and_claims(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    run = trained(snapshot, hyperparameters={"depth": 3}, seed=7)
    claims = [Claim("auc", 0.7, n=1000, snapshot_sha256=snapshot.sha256)]
    version = register_version(actor=developer, model=model, training_run=run, description="For Ada.", claims=claims)
    assert (version.number, version.state, version.training_run.training_snapshot) == (1, "receiving", snapshot)
    assert version.claims == [{"metric": "auc", "value": 0.7, "n": 1000, "snapshot_sha256": snapshot.sha256}]
    assert replayed("version") == {str(version.pk): version.public_state()}
    assert replayed("training_run") == {str(version.training_run_id): version.training_run.public_state()}
    entries = [
        json.loads(bytes(row)) for row in PendingEntry.objects.order_by("order").values_list("payload", flat=True)
    ]
    assert [set(entry["commitments"]) for entry in entries] == [{"commit_authors"}, {"description"}]
    assert "ada@" not in json.dumps(entries)
    assert f"version:{version.pk}" in entries[-1]["topics"]


def sent(team: Team, text: str, **changes: Any) -> dict[str, Any]:
    """Return what declares a training run by a commit that was sent, signed with a key that the team trusts."""
    SignerKeyFactory.create(team=team, name="Ann’s laptop", pem=public_pem(commit_key("ann").public_key()))
    return {"commit": commit_name(text), "commit_authors": ["Ann@example.org"], "signed_commit": text, **changes}


def test_a_commit_that_was_sent_says_whose_key_signed_it(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    text = signed_commit(commit_key("ann"), plain_commit(author="ann@example.org"))
    run = register_version(
        actor=developer, model=model, training_run=trained(snapshot, **sent(model.team, text))
    ).training_run
    assert (run.commit_verified, run.commit_words) == (True, "signed with the key of Ann’s laptop")
    assert replayed("training_run") == {str(run.pk): run.public_state()}
    assert run.public_state()["commit_signature"]["result"] == "verified"


def test_keys_of_another_team_vouch_for_no_commit(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    text = signed_commit(commit_key("ann"), plain_commit(author="ann@example.org"))
    declared = sent(TeamFactory.create(), text)
    run = register_version(actor=developer, model=model, training_run=trained(snapshot, **declared)).training_run
    assert not run.commit_verified
    assert run.commit_words.startswith("signed with a key that nobody registered")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"commit_authors": ["bo@example.org"]}, "commit_authors"), ({"commit": "0" * 40}, "signed_commit")],
)
def test_a_commit_that_contradicts_the_declaration_refuses_the_version(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot, changes: dict[str, Any], field: str
) -> None:
    declared = sent(model.team, signed_commit(commit_key("ann"), plain_commit(author="ann@example.org")), **changes)
    with pytest.raises(Invalid) as refused:
        register_version(actor=developer, model=model, training_run=trained(snapshot, **declared))
    assert list(refused.value.fields) == [f"training_run.{field}"]


def test_versions_are_numbered_by_model(developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot) -> None:
    numbers = [register_version(actor=developer, model=model, training_run=trained(snapshot)).number for _ in range(3)]
    other = RegisteredModelFactory.create(team=model.team)
    assert numbers == [1, 2, 3]
    assert register_version(actor=developer, model=other, training_run=trained(snapshot)).number == 1


def test_a_version_is_trained_on_a_ready_snapshot_that_the_actor_may_see(
    developer: Actor, model: RegisteredModel, team: Team
) -> None:
    for snapshot in (InspectingSnapshotFactory.create(dataset__team=team), SnapshotFactory.create()):
        with pytest.raises(Invalid) as refused:
            register_version(actor=developer, model=model, training_run=trained(snapshot))
        assert set(refused.value.fields) == {"training_run.training_snapshot"}


def test_a_feature_pipeline_version_of_another_team_is_refused(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    run, pipeline = trained(snapshot), FeaturePipelineVersionFactory.create(pipeline__team=model.team)
    version = register_version(actor=developer, model=model, training_run=run, feature_pipeline_version=pipeline)
    assert version.feature_pipeline_version == pipeline
    with pytest.raises(Invalid) as refused:
        register_version(
            actor=developer,
            model=model,
            training_run=run,
            feature_pipeline_version=FeaturePipelineVersionFactory.create(),
        )
    assert set(refused.value.fields) == {"feature_pipeline_version"}


def test_wrong_declarations_are_told_by_field_and_leave_nothing(
    developer: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    run = trained(snapshot, commit_authors=[], hyperparameters={"rate": float("inf")}, seed=2**60)
    with pytest.raises(Invalid) as refused:
        register_version(actor=developer, model=model, training_run=run, claims=[Claim("auc", float("nan"))])
    assert set(refused.value.fields) == {
        "claims.0.value",
        "training_run.commit_authors",
        "training_run.hyperparameters",
        "training_run.seed",
    }
    assert not ModelVersion.objects.exists()
    assert not PendingEntry.objects.exists()


def test_a_file_is_added_and_its_digest_is_in_the_ledger(developer: Actor, receiving: ModelVersion) -> None:
    artifact = added(developer, receiving)
    assert (artifact.sha256, artifact.size) == (artifact.blob.pk, artifact.blob.size)
    assert replayed("artifact") == {str(artifact.pk): artifact.public_state()}


def test_a_name_and_a_model_file_are_taken_once(developer: Actor, receiving: ModelVersion) -> None:
    added(developer, receiving)
    with pytest.raises(Invalid) as refused:
        added(developer, receiving)
    assert set(refused.value.fields) == {"name", "role"}
    added(developer, receiving, role="other", name="notes.txt")


@pytest.mark.parametrize("name", ["../model.onnx", "a/b", ".profile", ""])
def test_names_that_could_lead_elsewhere_are_refused(developer: Actor, receiving: ModelVersion, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        added(developer, receiving, name=name)
    assert set(refused.value.fields) == {"name"}


def test_other_bytes_than_declared_are_refused(developer: Actor, receiving: ModelVersion) -> None:
    with pytest.raises(DigestMismatch):
        added(developer, receiving, declared_sha256="0" * 64)


def test_the_environment_lock_is_the_one_of_the_training_run(developer: Actor, receiving: ModelVersion) -> None:
    with pytest.raises(DigestMismatch, match="the training run declares"):
        added(developer, receiving, role="environment", name="requirements.lock")
    lock = BlobFactory.create(sha256=LOCK)
    found = added(developer, receiving, role="environment", name="requirements.lock", blob=lock, declared_sha256=LOCK)
    assert found.role == "environment"


def test_submitting_hands_the_version_to_inspection(developer: Actor, receiving: ModelVersion) -> None:
    added(developer, receiving)
    version = submit_version(actor=developer, version=receiving)
    assert (version.state, version.submitted_by_id) == ("inspecting", developer.user_id)
    job = Job.objects.get()
    assert (job.kind, job.arguments) == (INSPECT_VERSION, {"version_id": version.pk})
    assert (job.subject_type, job.subject_id, job.team_id) == ("version", str(version.pk), version.model.team_id)
    assert replayed("version") == {str(version.pk): version.public_state()}


def test_without_a_model_file_nothing_is_submitted(developer: Actor, receiving: ModelVersion) -> None:
    added(developer, receiving, role="other", name="notes.txt")
    with pytest.raises(NotUsable, match="no model file"):
        submit_version(actor=developer, version=receiving)
    assert not Job.objects.exists()


@pytest.mark.parametrize("state", ["sealed", "quarantined", "failed"])
def test_a_version_that_was_inspected_does_not_change(developer: Actor, model: RegisteredModel, state: str) -> None:
    version = SealedVersionFactory.create(model=model, state=state)
    with pytest.raises(VersionIsSealed, match="can't change any more"):
        require_receiving(actor=developer, version=version)
    with pytest.raises(VersionIsSealed):
        added(developer, version, role="other", name="late.txt")
    with pytest.raises(VersionIsSealed):
        submit_version(actor=developer, version=version)


def test_a_submitted_version_does_not_change_either(developer: Actor, receiving: ModelVersion) -> None:
    require_receiving(actor=developer, version=receiving)
    added(developer, receiving)
    submit_version(actor=developer, version=receiving)
    with pytest.raises(VersionIsSealed):  # by a row read before it was submitted
        added(developer, receiving, role="other", name="late.txt")
    with pytest.raises(VersionIsSealed):
        submit_version(actor=developer, version=receiving)
    assert Job.objects.count() == 1


def test_a_withdrawn_version_stays_withdrawn(developer: Actor, model: RegisteredModel) -> None:
    version = SealedVersionFactory.create(model=model)
    with pytest.raises(Invalid):
        withdraw_version(actor=developer, version=version, reason=" ")
    withdrawn = withdraw_version(actor=developer, version=version, reason="Wrong labels.")
    assert (withdrawn.state, withdrawn.reason, withdrawn.digest) == ("withdrawn", "Wrong labels.", version.digest)
    assert replayed("version") == {str(version.pk): withdrawn.public_state()}
    with pytest.raises(NotUsable):
        withdraw_version(actor=developer, version=version, reason="Again.")


def test_what_decides_now_is_not_withdrawn(developer: Actor, model: RegisteredModel) -> None:
    release = ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=model))
    with pytest.raises(NotUsable, match="takes live decisions"):
        withdraw_version(actor=developer, version=release.version, reason="Wrong labels.")


def test_only_developers_of_the_team_hand_in(
    viewer: Actor, stranger: Actor, model: RegisteredModel, snapshot: DatasetSnapshot
) -> None:
    version = ArtifactFactory.create(version__model=model).version
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            register_version(actor=actor, model=model, training_run=trained(snapshot))
        with pytest.raises(Forbidden):
            require_receiving(actor=actor, version=version)
        with pytest.raises(Forbidden):
            added(actor, version)
        with pytest.raises(Forbidden):
            submit_version(actor=actor, version=version)
        with pytest.raises(Forbidden):
            withdraw_version(actor=actor, version=version, reason="No.")


def test_refusals_are_facts_for_doors(developer: Actor, model: RegisteredModel) -> None:
    version = SealedVersionFactory.create(model=model)
    with pytest.raises(DomainError) as refused:
        submit_version(actor=developer, version=version)
    assert (refused.value.status, refused.value.code) == (409, "version_sealed")
