"""Reads of the registry that are wider than a queryset's method."""

from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from portal.core.querysets import ScopedQuerySet
from registry.choices import Environment, ReleaseState, Stage, UseCaseState
from registry.models import ModelVersion, PipelineStage, RegisteredModel, Release, UseCase


def champion_of(model: RegisteredModel, environment: str = Environment.PRODUCTION) -> ModelVersion | None:
    """Return the version of the active release in the environment; None where nothing runs."""
    active = {"releases__environment": environment, "releases__state": ReleaseState.ACTIVE}
    return ModelVersion.objects.with_parts().filter(model=model, **active).first()


def stages_of(model: RegisteredModel) -> list[PipelineStage]:
    """Return the model's six stages in order; one that has no row yet is a stage that nobody owns."""
    rows = {row.stage: row for row in model.stages.with_names()}
    found = [rows.get(stage) or PipelineStage(stage=stage) for stage in Stage]
    for row in found:
        row.model = model
    return found


def without_owner() -> Coalesce:
    """Return how many stages nobody answers for, as a column of models: all but those that somebody does."""
    owned = PipelineStage.objects.owned().filter(model=OuterRef("pk")).order_by().values("model")
    return Coalesce(Value(len(Stage)) - Subquery(owned.annotate(number=Count("pk")).values("number")), len(Stage))


def stages_without_owner(model: RegisteredModel) -> int:
    """Return for how many stages of the model nobody answers."""
    return len(Stage) - model.stages.owned().count()


def with_state_now(rows: ScopedQuerySet[UseCase]) -> ScopedQuerySet[Any]:
    """Give use cases `is_live` (a model of theirs takes live decisions) and `state_now`: "in_use" is computed."""
    live = Release.objects.active_in(Environment.PRODUCTION).filter(model__use_case=OuterRef("pk"))
    in_use = Q(state=UseCaseState.APPROVED_FOR_DEVELOPMENT, is_live=True)
    return rows.annotate(is_live=Exists(live)).annotate(
        state_now=Case(When(in_use, then=Value(UseCaseState.IN_USE.value)), default=F("state"))
    )
