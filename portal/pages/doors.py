"""What every page shares: a signed-in person's actor, and objects that one may know of."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.querysets import ScopedQuerySet

Row = TypeVar("Row", bound=models.Model)
Rest = ParamSpec("Rest")


class PageRequest(HttpRequest):
    """A request of a signed-in person; `actor` carries the grants in force now."""

    actor: Actor
    user: User


PageView = Callable[Concatenate[PageRequest, Rest], HttpResponseBase]


def page(view: PageView[Rest]) -> Callable[..., HttpResponseBase]:
    """Make a view a page: nobody enters without signing in, and the actor is at hand."""

    @login_required
    @wraps(view)
    def enter(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        known = cast("PageRequest", request)
        known.actor = actor_for_user(known.user, interactive=True)
        return view(known, *args, **kwargs)

    return enter


def visible(rows: ScopedQuerySet[Row], actor: Actor, **lookup: Any) -> Row:
    """Return the one row the actor may see; another team's row answers 404 like one that does not exist."""
    found = rows.visible_to(actor).filter(**lookup).first()
    if found is None:
        raise Http404
    return found
