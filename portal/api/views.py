"""What every view of the API shares: the actor, and objects the actor may know of."""

from typing import Any, cast

from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from portal.accounts.models import Team
from portal.api.bodies import BodyParser, require_plain
from portal.core.actors import Actor
from portal.core.errors import Invalid


class OneRepresentation(DefaultContentNegotiation):
    """Answers have one form each; what a client would rather accept is not asked."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:  # noqa: ARG002
        """Return the first renderer and its media type."""
        return renderers[0], renderers[0].media_type


class Door(GenericAPIView[Any]):
    """A thin view: serializer in, one service call, serializer out."""

    parser_classes = [BodyParser]
    content_negotiation_class = OneRepresentation
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may enter, with a body and a query that are read as they are."""
        super().initial(request, *args, **kwargs)
        require_plain(request._request)  # noqa: SLF001  (DRF's way to the request underneath)

    @property
    def actor(self) -> Actor:
        """Return who calls, with the grants in force now."""
        return actor_of(self.request)


def actor_of(request: Request) -> Actor:
    """Return the actor that authentication built."""
    return cast("Actor", request.auth)


def team_named(actor: Actor, slug: str) -> Team:
    """Return the actor's team of this slug; raises Invalid for any other."""
    teams = actor.teams_for("read")
    rows = Team.objects.filter(slug=slug) if teams is None else Team.objects.filter(slug=slug, pk__in=teams)
    found = rows.first()
    if found is None:
        raise Invalid("No team of yours has this name.", fields={"team": [f"No team of yours is called {slug}."]})
    return found
