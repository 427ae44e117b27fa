"""What every verb here does to rows: tell who acts, lock, number, insert under a slug."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max, Model, QuerySet

from portal.core.actors import Actor
from portal.core.errors import Forbidden
from registry.errors import SlugTaken
from registry.models import RegisteredModel

Row = TypeVar("Row", bound=Model)


def author_of(actor: Actor) -> int:
    """Return the user who acts; raises Forbidden for the system, which hands nothing in."""
    if actor.user_id is None:
        raise Forbidden("Only a person or a service account does this.", code="person_required")
    return actor.user_id


def lock_model(model_id: int) -> RegisteredModel:
    """Lock the model's row: every verb that touches a covered part does this first."""
    return RegisteredModel.objects.select_for_update().get(pk=model_id)


def next_number(rows: QuerySet[Row]) -> int:
    """Return the number after the highest one; the parent's row is locked."""
    highest: int | None = rows.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def create_under_slug(create: Callable[[], Row], slug: str) -> Row:
    """Insert a row whose only unique column is its slug; raises SlugTaken where another one has it."""
    try:
        with transaction.atomic():
            return create()
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        message = f"The name {slug} is taken. Choose another one."
        raise SlugTaken(message, fields={"slug": [message]}) from None
