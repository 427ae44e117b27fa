"""What was in use before the portal and has not been through the gates: by when it must."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from portal.core.actors import Actor
from portal.core.clock import now
from registry.models import Release
from registry.rules.declarations import days_left, due_words

SOON = timedelta(days=30)
SHOWN = 8


@dataclass(frozen=True)
class DeclaredLine:
    """A declared release; `due` says in words how long it has, `overdue` that it has no time left."""

    release: Release
    due: str
    overdue: bool


def today() -> date:
    """Return the day, in UTC: deadlines end with it."""
    return now().date()


def declared_line(release: Release) -> DeclaredLine:
    """Return a declared release with its deadline as it stands today."""
    left = days_left(release.deadline or today(), today())
    return DeclaredLine(release, due_words(left), overdue=left < 0)


def declared_due(actor: Actor) -> Sequence[DeclaredLine]:
    """Return what is overdue or soon will be, the latest first: of one's own models, for the second line of all."""
    teams = actor.teams_for("extend_deadline")
    rows = Release.objects.visible_to(actor).declared().filter(deadline__lt=today() + SOON)
    if teams is not None:
        own = Q(model__owner=actor.user_id) | Q(model__backup=actor.user_id)
        rows = rows.filter(own | Q(model__team__in=teams))
    found = rows.select_related("model", "version__model").order_by("deadline", "pk")
    return [declared_line(one) for one in found[:SHOWN]]
