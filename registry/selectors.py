"""Reads of the registry that are wider than a queryset's method."""

from registry.choices import Environment, ReleaseState
from registry.models import ModelVersion, RegisteredModel


def champion_of(model: RegisteredModel, environment: str = Environment.PRODUCTION) -> ModelVersion | None:
    """Return the version of the active release in the environment; None where nothing runs."""
    active = {"releases__environment": environment, "releases__state": ReleaseState.ACTIVE}
    return ModelVersion.objects.with_parts().filter(model=model, **active).first()
