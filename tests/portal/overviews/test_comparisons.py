from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.overviews.comparisons import Difference, VersionComparison, comparable, compare, sides
from registry.choices import ArtifactRole, CardState
from registry.models import ModelVersion, RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.governance import ApprovedRequestFactory
from tests.factories.monitoring import FinishedRunFactory, PlanFactory
from tests.factories.registry import (
    ArtifactFactory,
    CardRevisionFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db


def compared(a: ModelVersion, b: ModelVersion) -> VersionComparison:
    rows = ModelVersion.objects.with_parts()
    return compare(rows.get(pk=a.pk), rows.get(pk=b.pk))


def with_lock(model: RegisteredModel, packages: dict[str, str], **columns: Any) -> ModelVersion:
    version: ModelVersion = VersionFactory.create(model=model, **columns)
    ArtifactFactory.create(version=version, name="model.onnx")
    details = {"verdict": "accepted", "details": {"packages": packages}}
    ArtifactFactory.create(version=version, name="lock", role=ArtifactRole.ENVIRONMENT, inspection=details)
    return version


def test_names_are_told_apart_by_what_came_went_and_changed() -> None:
    found = sides({"a": "1", "b": "2", "c": "3"}, {"a": "1", "c": "4", "d": "5"})
    assert [(row.name, row.a, row.b) for row in found.differing] == [("b", "2", ""), ("c", "3", "4"), ("d", "", "5")]
    assert [row.name for row in found.same] == ["a"]
    assert found.counted == "1 added, 1 removed, 1 changed, 1 the same"
    assert sides({}, {}).counted == ""


def test_two_versions_stand_side_by_side_part_by_part() -> None:
    model = RegisteredModelFactory.create()
    a = with_lock(model, {"numpy": "2.3", "scipy": "1.16"}, training_run__hyperparameters={"C": 1})
    b = with_lock(model, {"numpy": "2.4", "pandas": "3.1"}, training_run__hyperparameters={"C": 1.0, "depth": 3})
    found = compared(a, b)
    assert (found.one_model, found.name_a, found.name_b) == (True, "v1", "v2")
    assert [(row.name, row.a, row.b) for row in found.hyperparameters.differing] == [
        ("C", "1", "1.0"),
        ("depth", "", "3"),
    ]
    assert found.environment.counted == "1 added, 1 removed, 1 changed"
    assert "Trained on" in [part.name for part in found.differing]
    assert [(pair.label, pair.same) for pair in found.files] == [("Environment lock", False), ("Model", False)]
    assert found.inputs.missing.startswith("Not compared: no signature was read of")


def test_the_same_bytes_are_the_same_file_whatever_they_are_called() -> None:
    a: ModelVersion = VersionFactory.create()
    b: ModelVersion = VersionFactory.create(model=a.model)
    first = ArtifactFactory.create(version=a, name="old.onnx")
    ArtifactFactory.create(version=b, name="new.onnx", blob=first.blob)
    ArtifactFactory.create(version=b, name="notes.txt", role=ArtifactRole.OTHER)
    pairs = compared(a, b).files
    assert [(pair.label, pair.same, pair.a is None) for pair in pairs] == [
        ("Model", True, False),
        ("notes.txt", False, True),
    ]


def test_without_a_lock_it_is_said_and_nothing_is_called_the_same() -> None:
    a = VersionFactory.create()
    b = with_lock(a.model, {"numpy": "2.3"})
    found = compared(a, b).environment
    assert (found.rows, found.missing) == ([], f"Not compared: no environment lock with pinned packages came with {a}.")


def test_metrics_are_read_from_the_newest_runs_on_the_same_rows() -> None:
    a = SealedVersionFactory.create()
    b = SealedVersionFactory.create(model=a.model)
    plan, later = PlanFactory.create(model=a.model), PlanFactory.create(model=a.model)
    shared = FinishedRunFactory.create(version=a, plan=plan, values={"auc": 0.6})
    FinishedRunFactory.create(version=a, plan=later)
    newest = FinishedRunFactory.create(version=b, plan=plan, champion=a, values={"auc": 0.7})
    metrics = compared(a, b).metrics
    assert (metrics.a, metrics.b, metrics.same_rows, metrics.paired) == (shared, newest, True, newest)
    [auc] = [pair for pair in metrics.pairs if pair.measure.key == "auc"]
    assert auc.a is not None
    assert auc.b is not None
    assert (auc.a.value, auc.b.value) == (0.6, 0.7)
    assert auc.b.lower is not None
    paired = newest.measurements.get(name="auc", measured="difference", slice_column="")
    assert auc.difference == Difference(paired.value, paired.lower, paired.upper)
    [turned] = [pair.difference for pair in compared(b, a).metrics.pairs if pair.measure.key == "auc"]
    assert turned == Difference(-paired.value, -paired.upper, -paired.lower)


def test_without_a_run_of_both_the_difference_has_no_interval_and_on_other_rows_there_is_none() -> None:
    a = SealedVersionFactory.create()
    b = SealedVersionFactory.create(model=a.model)
    plan = PlanFactory.create(model=a.model)
    FinishedRunFactory.create(version=a, plan=plan, values={"auc": 0.75})
    FinishedRunFactory.create(version=b, plan=plan, values={"auc": 0.5})
    [auc] = [pair for pair in compared(a, b).metrics.pairs if pair.measure.key == "auc"]
    assert auc.difference == Difference(-0.25)
    other = SealedVersionFactory.create()
    FinishedRunFactory.create(version=other, values={"auc": 0.5})
    assert {pair.difference for pair in compared(a, other).metrics.pairs} == {None}


def test_other_rows_are_told() -> None:
    a, b = SealedVersionFactory.create(), SealedVersionFactory.create()
    FinishedRunFactory.create(version=a)
    metrics = compared(a, b).metrics
    assert (metrics.same_rows, metrics.b, metrics.paired) == (False, None, None)
    FinishedRunFactory.create(version=b)
    assert not compared(a, b).metrics.same_rows


def test_the_card_is_the_one_that_the_newest_request_covers_else_the_published_one() -> None:
    request = ApprovedRequestFactory.create()
    a = request.release.version
    covered = a.model.card_revisions.get(digest=request.bundle["card"])
    covered.state = CardState.SUPERSEDED
    covered.save()
    newer = CardRevisionFactory.create(model=a.model, limitations="Small ports are not assessed.")
    card = compared(a, SealedVersionFactory.create(model=a.model)).card
    assert (card.a, card.b, card.same) == (covered, newer, False)
    assert card.how_a == f"revision {covered.number}, covered by request #{request.pk}"
    assert card.how_b == f"revision {newer.number}, published now"
    assert compared(a, SealedVersionFactory.create()).card.how_b == "no card is published"


def test_one_may_choose_among_the_versions_that_one_may_see() -> None:
    version = VersionFactory.create()
    reader = actor_with(Role.VIEWER, team=version.model.team)
    assert comparable(reader, [version.model_id]) == [version]
    stranger = actor_with(Role.VIEWER, team=TeamFactory.create())
    assert comparable(stranger, [version.model_id]) == []


def test_the_number_of_queries_depends_on_nothing() -> None:
    a, b = SealedVersionFactory.create(), SealedVersionFactory.create()
    with CaptureQueriesContext(connection) as few:
        compared(a, b)
    CardRevisionFactory.create(model=a.model)
    for _ in range(3):
        FinishedRunFactory.create(version=a)
        CardRevisionFactory.create(model=a.model, state=CardState.SUPERSEDED)
        with_lock(a.model, {"numpy": "2.3"})
    with CaptureQueriesContext(connection) as many:
        compared(a, b)
    assert len(many) <= len(few) + 1  # the measurements
