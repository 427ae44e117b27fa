"""Reads of the registry that are wider than a queryset's method."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from portal.core.querysets import ScopedQuerySet
from registry.choices import Environment, ReleaseState, UseCaseState
from registry.models import ModelVersion, RegisteredModel, Release, UseCase


def champion_of(model: RegisteredModel, environment: str = Environment.PRODUCTION) -> ModelVersion | None:
    """Return the version of the active release in the environment; None where nothing runs."""
    active = {"releases__environment": environment, "releases__state": ReleaseState.ACTIVE}
    return ModelVersion.objects.with_parts().filter(model=model, **active).first()


def with_state_now(rows: ScopedQuerySet[UseCase]) -> ScopedQuerySet[Any]:
    """Give use cases `is_live` (a model of theirs takes live decisions) and `state_now`: "in_use" is computed."""
    live = Release.objects.active_in(Environment.PRODUCTION).filter(model__use_case=OuterRef("pk"))
    in_use = Q(state=UseCaseState.APPROVED_FOR_DEVELOPMENT, is_live=True)
    return rows.annotate(is_live=Exists(live)).annotate(
        state_now=Case(When(in_use, then=Value(UseCaseState.IN_USE.value)), default=F("state"))
    )
