"""Reads of the registry that are wider than a queryset's method."""

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from registry.choices import Environment, ReleaseState, Stage
from registry.models import ModelVersion, PipelineStage, RegisteredModel


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
