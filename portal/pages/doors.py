"""What every page shares: a signed-in person's actor, and objects that one may know of."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.traces import note_user

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
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            raise BadRequest("a NUL character, which no column holds")
        known = cast("PageRequest", request)
        known.actor = actor_for_user(known.user, interactive=True)
        note_user(known.user.pk)
        return view(known, *args, **kwargs)

    return enter


def administration(view: PageView[Rest]) -> Callable[..., HttpResponseBase]:
    """Make a view a page of administrators: others are told that they may not."""

    def enter(request: PageRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        request.actor.require("manage_users", None)
        return view(request, *args, **kwargs)

    return wraps(view)(page(enter))
