"""What every verb here does to rows: tell who acts, lock, number, insert under a slug."""

from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max, Model, QuerySet

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.core.actors import Actor
from portal.core.errors import Forbidden
from registry.errors import NotUsable, SlugTaken
from registry.models import RegisteredModel
from registry.rules.stages import Candidate

Row = TypeVar("Row", bound=Model)


def author_of(actor: Actor) -> int:
    """Return the user who acts; raises Forbidden for the system, which hands nothing in."""
    if actor.user_id is None:
        raise Forbidden("Only a person or a service account does this.", code="person_required")
    return actor.user_id


def lock_model(model_id: int) -> RegisteredModel:
    """Lock the model's row: every verb that touches a covered part does this first."""
    return RegisteredModel.objects.select_for_update().get(pk=model_id)


def require_in_service(model: RegisteredModel) -> None:
    """Raise NotUsable for a model that was retired; its row is locked."""
    if model.retired_at is not None:
        raise NotUsable(f"{model.slug} is retired: nothing about it changes any more.")


def next_number(rows: QuerySet[Row]) -> int:
    """Return the number after the highest one; the parent's row is locked."""
    highest: int | None = rows.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def create_under_slug(create: Callable[[], Row], slug: str) -> Row:
    """Insert a row under its slug; raises SlugTaken where another one has it."""
    try:
        with transaction.atomic():
            return create()
    except IntegrityError as error:
        if "slug" not in constraint_of(error):
            raise
        message = f"The name {slug} is taken. Choose another one."
        raise SlugTaken(message, fields={"slug": [message]}) from None


def constraint_of(error: IntegrityError) -> str:
    """Return which constraint of the database a row would break; the values in the message could say anything."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def candidate(user: User | None, readers: Collection[int]) -> Candidate | None:
    """Return what the rules ask of somebody who is to answer for a part of a model; None for nobody."""
    if user is None:
        return None
    return Candidate(user.pk, user.kind == UserKind.PERSON, user.is_active, user.pk in readers)
