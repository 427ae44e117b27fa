"""Scoping by team in the query layer (invariant 21)."""

from typing import Any, Self, TypeVar

from django.db import models
from django.http import Http404

from portal.core.actors import Actor

Row = TypeVar("Row", bound=models.Model)
Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class ScopedQuerySet(models.QuerySet[Row_co]):
    """A queryset that knows by which path its rows belong to a team."""

    team_path = "team_id"
    capability = "read"

    def visible_to(self, actor: Actor) -> Self:
        """Keep the rows of teams in which the actor may read."""
        teams = actor.teams_for(self.capability)
        if teams is None:
            return self.all()
        conditions: dict[str, Any] = {f"{self.team_path}__in": teams}
        return self.filter(**conditions)


def visible(rows: ScopedQuerySet[Row], actor: Actor, **lookup: Any) -> Row:
    """Return the one row the actor may see; another team's row answers 404 like one that does not exist."""
    found = rows.visible_to(actor).filter(**lookup).first()
    if found is None:
        raise Http404
    return found
