"""What every view of the API shares: the actor, one representation, and objects the actor may know of."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, ClassVar, cast

from django.http import StreamingHttpResponse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from portal.accounts.models import Team
from portal.api import conditions, idempotency, lines
from portal.api.bodies import BodyParser, require_plain
from portal.api.paging import KeysetPagination
from portal.api.queries import refuse_unknown
from portal.core.actors import Actor
from portal.core.errors import Invalid

LOOK_AGAIN_SECONDS = 2


class OneRepresentation(DefaultContentNegotiation):
    """Answers have one form each; what a client would rather accept is not asked."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:  # noqa: ARG002
        """Return the first renderer and its media type."""
        return renderers[0], renderers[0].media_type


class Door(generics.GenericAPIView[Any]):
    """A thin view: serializer in, one service call, serializer out."""

    parser_classes = [BodyParser]
    content_negotiation_class = OneRepresentation
    metadata_class = None
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {}
    """By method, the names that a query may hold; others are refused."""
    streamed: ClassVar[bool] = False
    """Whether the body of a POST or PUT is a stream of bytes of a declared digest."""
    ranged: ClassVar[bool] = False
    """Whether a GET answers with stored bytes, of which one range can be asked for."""
    commits_itself: ClassVar[bool] = False
    """Whether a POST's verb commits by itself, so that no transaction may be around it."""

    @property
    def actor(self) -> Actor:
        """Return who calls, with the grants in force now."""
        return actor_of(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may call, refuse queries that nobody reads, and see to it that a repeated POST is done once."""
        super().initial(request, *args, **kwargs)
        require_plain(request._request)  # noqa: SLF001  (DRF's way to the request underneath)
        refuse_unknown(request.query_params, self.parameters_of(request.method or ""))
        if request.method == "POST" and idempotency.HEADER in request.headers:
            self.__dict__["post"] = partial(self._done_once, self.__class__.post)  # type: ignore[attr-defined]

    def parameters_of(self, method: str) -> frozenset[str]:
        """Return the names that a query may hold."""
        return self.query_parameters.get(method, frozenset())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Finish the answer; what was read gets an ETag, and a reader who has it already gets a 304."""
        done = super().finalize_response(request, response, *args, **kwargs)
        if request.method in {"GET", "HEAD"} and done.status_code == 200 and isinstance(done, Response):  # noqa: PLR2004
            done.add_post_render_callback(partial(conditions.unless_known, request))
        return done

    def _done_once(self, post: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        return idempotency.done_once(
            request,
            self.actor,
            lambda: post(self, request, *args, **kwargs),
            streamed=self.streamed,
            commits_itself=self.commits_itself,
        )


class Listing(Door, generics.ListAPIView[Any]):
    """A list in pages; as JSON lines all of it, where the client asks for those."""

    def parameters_of(self, method: str) -> frozenset[str]:
        """Return the names that a query may hold: of filters, and of paging unless lines are asked for."""
        if method not in {"GET", "HEAD"}:
            return super().parameters_of(method)
        paging = KeysetPagination.names if not lines.asked_for(self.request) else {KeysetPagination.order_query_param}
        return _filters_of(type(self)) | paging

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Return a page, or every row as lines."""
        media_type = lines.asked_for(request)
        if media_type is None or request.method != "GET":
            return super().list(request, *args, **kwargs)
        rows = self.filter_queryset(self.get_queryset())
        order = KeysetPagination().get_ordering(request, rows, self)
        text = lines.of(rows, order[0], self.get_serializer)
        return StreamingHttpResponse(text, content_type=media_type, headers={"Vary": "Accept"})


def created(data: Mapping[str, Any], at: str, request: Request, **kwargs: Any) -> Response:
    """Answer 201 with what was made and where it is."""
    return Response(data, status=201, headers={"Location": reverse(at, kwargs=kwargs, request=request)})


def accepted(data: Mapping[str, Any], at: str, request: Request, **kwargs: Any) -> Response:
    """Answer 202 with what was begun, where to look, and when."""
    location = reverse(at, kwargs=kwargs, request=request)
    return Response(data, status=202, headers={"Location": location, "Retry-After": str(LOOK_AGAIN_SECONDS)})


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


@cache
def _filters_of(view: type[Listing]) -> frozenset[str]:
    made: Any = view()
    filterset = DjangoFilterBackend().get_filterset_class(made, made.queryset)
    return frozenset(filterset.base_filters) if filterset is not None else frozenset()
