"""Many rows at once, for benches and for tests of what grows: bulk inserts, without services."""

from collections.abc import Sequence
from copy import copy
from typing import TypeVar

from django.db import models, transaction

from portal.core.actors import SYSTEM
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.events import VERSION_REGISTERED
from registry.models import ModelVersion, RegisteredModel
from tests.factories.registry import sha256_of

Row = TypeVar("Row", bound=models.Model)
STEP = 2_000


def more_models(like: ModelVersion, *, count: int, versions: int) -> list[ModelVersion]:
    """Return that many models' versions, each model and version a copy of the given one under names of its own."""
    slugs = [f"volume-{number:05}" for number in range(count)]
    made = RegisteredModel.objects.bulk_create(
        [_copy(like.model, slug=slug, name=slug.replace("-", " ").capitalize()) for slug in slugs], batch_size=STEP
    )
    return _copies(like, [(model, number) for model in made for number in range(1, versions + 1)])


def more_versions(like: ModelVersion, count: int) -> list[ModelVersion]:
    """Return that many more versions of the given one's model."""
    return _copies(like, [(like.model, like.number + number) for number in range(1, count + 1)])


def _copies(like: ModelVersion, numbered: Sequence[tuple[RegisteredModel, int]]) -> list[ModelVersion]:
    runs = type(like.training_run).objects.bulk_create(
        [_copy(like.training_run, model=model) for model, _ in numbered], batch_size=STEP
    )
    return ModelVersion.objects.bulk_create(
        [
            _copy(like, model=model, number=number, training_run=run, digest=sha256_of(f"{model.slug} {number}"))
            for (model, number), run in zip(numbered, runs, strict=True)
        ],
        batch_size=STEP,
    )


def more_entries(versions: Sequence[ModelVersion], count: int) -> None:
    """Append that many events about the versions in turn."""
    for first in range(0, count, STEP):
        with transaction.atomic():
            for at in range(first, min(first + STEP, count)):
                version = versions[at % len(versions)]
                append(
                    actor=SYSTEM,
                    event=VERSION_REGISTERED,
                    subject=Subject("version", str(version.pk), str(version), version.model.team_id),
                    data=version.public_state(),
                    topics=(f"model:{version.model_id}", f"version:{version.pk}"),
                )


def _copy(row: Row, **values: object) -> Row:
    made = copy(row)
    made.pk, made._state.adding = None, True
    for name, value in values.items():
        setattr(made, name, value)
    return made
