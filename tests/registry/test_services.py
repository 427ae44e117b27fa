"""Verbs in any order, allowed or refused: afterwards the ledger alone says what every row of the registry is."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import DomainError
from registry import models as tables
from registry.runners.inspection import Inspection, Verdict
from registry.services import cards, datasets, governed, inspections, models, pipelines, releases, versions
from tests.factories.accounts import TeamFactory, UserFactory, actor_with
from tests.factories.registry import SIGNATURE, BlobFactory
from tests.portal.ledger.replay import replayed

SUBJECTS: dict[str, Any] = {
    "model": tables.RegisteredModel,
    "dataset": tables.Dataset,
    "snapshot": tables.DatasetSnapshot,
    "feature_pipeline": tables.FeaturePipeline,
    "feature_pipeline_version": tables.FeaturePipelineVersion,
    "training_run": tables.TrainingRun,
    "version": tables.ModelVersion,
    "artifact": tables.Artifact,
    "card_revision": tables.CardRevision,
    "release": tables.Release,
}
VERDICTS = [Verdict.FAILED, Verdict.REFUSED, Verdict.ACCEPTED]
LOCK = "c" * 64


@dataclass
class Hand:
    """Who acts, and how a verb's values are chosen; what leads on comes last among the options."""

    choose: Callable[[Sequence[Any]], Any]
    actor: Actor
    team: Team

    def one(self, table: Any) -> Any:
        """Return a row, or None where there is none."""
        rows = list(table.objects.order_by("pk"))
        return self.choose(rows) if rows else None


def register_model(hand: Hand) -> None:
    models.register_model(
        actor=hand.actor, slug=hand.choose(["a", "b"]), name="A", purpose="P", team=hand.team,
        owner=UserFactory.create(), tier=2, task="binary", implementation="onnx",
    )  # fmt: skip


def add_snapshot(hand: Hand) -> None:
    dataset = hand.one(tables.Dataset)
    if dataset is None:
        datasets.register_dataset(actor=hand.actor, slug="d", name="D", team=hand.team)
        return
    blob = BlobFactory.create(sha256=hand.choose("ab") * 64)
    datasets.add_snapshot(actor=hand.actor, dataset=dataset, blob=blob, declared_sha256=blob.pk)


def inspect_snapshot(hand: Hand) -> None:
    snapshot = hand.one(tables.DatasetSnapshot)
    if snapshot is None:
        return
    found = Inspection(
        hand.choose(VERDICTS), "Because.", details={"rows": 1, "columns": [{"name": "x", "type": "int64"}]}
    )
    datasets.finish_inspection(snapshot_id=snapshot.pk, inspections=[found])


def register_pipeline(hand: Hand) -> None:
    pipeline = hand.one(tables.FeaturePipeline)
    if pipeline is None:
        pipelines.register_pipeline(actor=hand.actor, slug="p", name="P", team=hand.team)
        return
    commit = hand.choose(["c1", "c2"])
    pipelines.register_pipeline_version(
        actor=hand.actor, pipeline=pipeline, repository="r", commit=commit, columns=["x"]
    )


def register_version(hand: Hand) -> None:
    model, snapshot = hand.one(tables.RegisteredModel), hand.one(tables.DatasetSnapshot)
    if model is None or snapshot is None:
        return
    run = versions.TrainingRunInput("https://git.example.org/r", "c", ["a@example.org"], LOCK, snapshot)
    versions.register_version(
        actor=hand.actor, model=model, training_run=run, claims=[versions.Claim("auc", 0.7)],
        feature_pipeline_version=hand.one(tables.FeaturePipelineVersion),
    )  # fmt: skip


def add_artifact(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        blob = BlobFactory.create()
        role = hand.choose(["other", "model"])
        versions.add_artifact(
            actor=hand.actor, version=version, role=role, name=f"{role}.bin", blob=blob, declared_sha256=blob.pk
        )


def submit(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        versions.submit_version(actor=hand.actor, version=version)


def inspect_version(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        files = inspections.begin_inspection(version_id=version.pk)
        found = Inspection(hand.choose(VERDICTS), "Because.", detected="onnx", signature=SIGNATURE)
        inspections.finish_inspection(version_id=version.pk, files=files, inspections=[found] * len(files))


def fail(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        inspections.fail_inspection(actor=SYSTEM, version_id=version.pk, reason="Lost.")


def withdraw(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        versions.withdraw_version(actor=hand.actor, version=version, reason="Wrong labels.")


def draft(hand: Hand) -> None:
    if model := hand.one(tables.RegisteredModel):
        cards.draft_card(actor=hand.actor, model=model, intended_use="I", limitations="L", out_of_scope_use="O")


def publish(hand: Hand) -> None:
    if revision := hand.one(tables.CardRevision):
        cards.publish_card(actor=hand.actor, revision=revision)


def plan(hand: Hand) -> None:
    if version := hand.one(tables.ModelVersion):
        environment = hand.choose(["staging", "production"])
        releases.plan_release(actor=hand.actor, version=version, environment=environment, fallback="None.")


def activate(hand: Hand) -> None:
    if release := hand.one(tables.Release):
        governed.activate_release(actor=hand.actor, release=release)


VERBS = [
    register_model, add_snapshot, inspect_snapshot, register_pipeline, register_version, add_artifact, submit,
    inspect_version, fail, withdraw, draft, publish, plan, activate,
]  # fmt: skip
SEAL = [register_version, add_artifact, submit, inspect_version]
# Good paths come first: what lies at their end is otherwise seldom reached.
PATHS: list[list[Callable[[Hand], None]]] = [
    [],
    [draft, publish, draft, publish],
    [add_snapshot, add_snapshot, inspect_snapshot, *SEAL],
    [add_snapshot, add_snapshot, inspect_snapshot, *SEAL, plan, activate, *SEAL, plan, activate],
    [add_snapshot, add_snapshot, inspect_snapshot, *SEAL, plan, withdraw],
]
SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def attempt(hand: Hand, verb: Callable[[Hand], None]) -> None:
    """Run a verb in a transaction of its own; a refusal leaves nothing."""
    with suppress(DomainError), transaction.atomic():
        verb(hand)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS, ids=lambda path: "-".join(verb.__name__ for verb in path[-2:]) or "nothing")
def test_after_a_good_path_the_ledger_alone_says_what_every_row_is(path: list[Callable[[Hand], None]]) -> None:
    hand = Hand(lambda options: options[-1], *acting())
    for verb in [register_model, *path]:
        verb(hand)
    check()


@pytest.mark.django_db
@SETTINGS
@given(st.data(), st.sampled_from(PATHS), st.lists(st.sampled_from(VERBS), max_size=12))
def test_after_any_verbs_the_ledger_alone_says_what_every_row_is(
    data: st.DataObject, path: list[Callable[[Hand], None]], then: list[Callable[[Hand], None]]
) -> None:
    with transaction.atomic():
        actor, team = acting()
        for verb in [register_model, *path]:
            attempt(Hand(lambda options: options[-1], actor, team), verb)
        for verb in then:
            attempt(Hand(lambda options: data.draw(st.sampled_from(options)), actor, team), verb)
        check()
        transaction.set_rollback(True)


def acting() -> tuple[Actor, Team]:
    team = TeamFactory.create()
    return actor_with(Role.DEVELOPER, team=team), team


def check() -> None:
    """Compare the ledger with the tables, and hold what must hold between rows."""
    for subject, table in SUBJECTS.items():
        assert replayed(subject) == {str(row.pk): row.public_state() for row in table.objects.all()}, subject
    for model in tables.RegisteredModel.objects.all():
        states = [(release.environment, release.state) for release in model.releases.all()]
        assert all(states.count((place, "active")) <= 1 for place in ("staging", "production"))
        assert model.card_revisions.filter(state="published").count() <= 1
    sealed = tables.ModelVersion.objects.filter(state="sealed")
    assert all(version.digest and version.signature for version in sealed)
