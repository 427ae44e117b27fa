"""Lineage: OpenLineage events in, dependencies stated, and what depends on what."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.validators import slug_re
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Team
from portal.api.bodies import Body
from portal.api.filters import OfTeam
from portal.api.views import Door, Listing, actor_of, created, team_named
from portal.core.actors import Actor
from portal.core.errors import Invalid
from portal.core.querysets import visible
from portal.overviews.lineage import dependents
from portal.overviews.lineage_things import Thing, roots_of
from registry.models import LineageEdge, LineageEvent, LineageRun
from registry.rules.lineage import HOW, LONGEST, named
from registry.services.lineage import end_named, state_dependency
from registry.services.openlineage import receive_event

OF = OpenApiParameter("of", str, required=True, description=f"What is depended on. {HOW}")
TEAM = OpenApiParameter(
    "team", str, description="Slug of the team; else the job's namespace, or your only team that may record lineage."
)


class LineageEventSerializer(serializers.ModelSerializer[LineageEvent]):
    """What became of an event; `unread` lists what of it leads to nothing here, and why."""

    run = serializers.UUIDField(source="run.run_id", read_only=True)
    state = serializers.CharField(source="run.state", read_only=True, help_text="Of the run, now.")
    unread = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), read_only=True)

    class Meta:
        model = LineageEvent
        fields = ["run", "state", "event_type", "event_time", "digest", "unread", "received_at"]


class LineageRunSerializer(serializers.ModelSerializer[LineageRun]):
    """A run elsewhere as its events tell of it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    parent_run = serializers.UUIDField(source="parent.run_id", read_only=True, allow_null=True, default=None)
    parameters = serializers.DictField(read_only=True)

    class Meta:
        model = LineageRun
        fields = [
            "run_id", "team", "namespace", "name", "state", "parent_run", "repository", "commit", "parameters",
            "environment_lock_sha256", "hardware", "seed", "started_at", "ended_at", "failure",
        ]  # fmt: skip


class StateDependencySerializer(Body):
    """That one thing depends on another, both named as in `of`: models, versions, snapshots, runs."""

    upstream = serializers.CharField(max_length=LONGEST, help_text="What is depended on.")
    downstream = serializers.CharField(max_length=LONGEST, help_text="What depends.")


class LineageEdgeSerializer(StateDependencySerializer):
    """A dependency as it was stated."""

    stated_at = serializers.DateTimeField()


class ThingSerializer(serializers.Serializer[Thing]):
    """A thing of the lineage; `reference` finds it again."""

    kind = serializers.CharField(source="key.kind")
    name = serializers.CharField()
    reference = serializers.CharField()


class DependentSerializer(serializers.Serializer[Any]):
    """An active release that depends on what was asked for, and over which things."""

    release = serializers.IntegerField(source="release.pk")
    environment = serializers.CharField(source="release.environment")
    model = serializers.CharField(source="release.version.model.slug")
    version = serializers.IntegerField(source="release.version.number")
    team = serializers.CharField(source="release.model.team.slug")
    activated_at = serializers.DateTimeField(source="release.activated_at")
    through = ThingSerializer(many=True, source="way")


class DependentsSerializer(serializers.Serializer[Any]):
    """The answer; `complete` is false where there was more than is walked."""

    of = ThingSerializer(many=True, source="roots")
    releases = DependentSerializer(many=True)
    complete = serializers.BooleanField()


class LineageRunFilter(OfTeam):
    """Runs of one team, in one state, or of a commit."""

    class Meta:
        model = LineageRun
        fields = ["state", "commit"]


class LineageEvents(Door):
    """Receive OpenLineage events."""

    serializer_class = LineageEventSerializer
    queryset = LineageEvent.objects.none()
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {"POST": frozenset({"team"})}

    @extend_schema(
        parameters=[TEAM],
        request=OpenApiTypes.OBJECT,
        responses={200: LineageEventSerializer, 201: LineageEventSerializer},
    )
    def post(self, request: Request) -> Response:
        """Take an OpenLineage RunEvent (2-0-2). Sent again for the same run, type and time, it is there once: 200."""
        if not isinstance(request.data, Mapping):
            raise Invalid("Send one event as a JSON object.", fields={"body": ["Send one event as a JSON object."]})
        team = team_of_event(self.actor, request.query_params.get("team"), request.data)
        received = receive_event(actor=self.actor, team=team, body=request.data)
        data = LineageEventSerializer(received.event).data
        if not received.is_new:
            return Response(data)
        return created(data, "api_lineage_run", request, run_id=received.event.run.run_id)


class LineageRuns(Listing):
    """List the runs elsewhere."""

    serializer_class = LineageRunSerializer
    queryset = LineageRun.objects.none()
    filterset_class = LineageRunFilter

    def get_queryset(self) -> Any:
        """Return the runs the caller may see."""
        return LineageRun.objects.visible_to(self.actor).select_related("team", "parent")


class LineageRunDetail(Door, generics.RetrieveAPIView[LineageRun]):
    """One run elsewhere."""

    serializer_class = LineageRunSerializer
    queryset = LineageRun.objects.none()

    def get_object(self) -> LineageRun:
        """Return the run."""
        return run_named(self.request, self.kwargs["run_id"])


class LineageDependencies(Door):
    """State that one thing depends on another."""

    serializer_class = StateDependencySerializer
    queryset = LineageEdge.objects.none()

    @extend_schema(
        request=StateDependencySerializer, responses={200: LineageEdgeSerializer, 201: LineageEdgeSerializer}
    )
    def post(self, request: Request) -> Response:
        """Record a dependency, also of a model on a model. Stated twice, it is there once: 200."""
        form = StateDependencySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        ends = {side: end_named(self.actor, named(values[side])) for side in ("upstream", "downstream")}
        if missing := {side: [f"There is no {values[side]}."] for side, thing in ends.items() if thing is None}:
            raise Invalid("The dependency names what is not there; see the fields.", fields=missing)
        edge, made = state_dependency(actor=self.actor, **ends)  # type: ignore[arg-type]  # none is missing
        data = LineageEdgeSerializer({**values, "stated_at": edge.stated_at}).data
        return Response(data, status=201 if made else 200)


class LineageDependents(Door):
    """Which active releases depend on a thing."""

    serializer_class = DependentsSerializer
    queryset = LineageEdge.objects.none()
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {"GET": frozenset({"of"})}

    @extend_schema(parameters=[OF], responses={200: DependentsSerializer})
    def get(self, request: Request) -> Response:
        """Answer with the active releases that the caller may see and that depend on it, the nearest first."""
        asked = named(request.query_params.get("of", ""))
        if asked is None:
            raise serializers.ValidationError({"of": [HOW]})
        roots = roots_of(self.actor, asked)
        if not roots:
            raise Http404
        return Response(DependentsSerializer(dependents(self.actor, roots)).data)


def team_of_event(actor: Actor, slug: str | None, event: Mapping[str, Any]) -> Team:
    """Return whose the event is: the team that is named, else the job's namespace, else the caller's only one.

    Raises Invalid where that leads to none, or to several.
    """
    if slug:
        return team_named(actor, slug)
    may = actor.teams_for("record_lineage")
    if may == frozenset():
        actor.require("record_lineage", None)
    teams = Team.objects.all() if may is None else Team.objects.filter(pk__in=may)
    job = event.get("job")
    namespace = job.get("namespace") if isinstance(job, Mapping) else None
    found = list(teams.filter(slug=namespace)) if isinstance(namespace, str) and slug_re.match(namespace) else []
    found = found or list(teams[:2])
    if len(found) != 1:
        words = "Name the team: ?team=… in the address, or its slug as the job's namespace."
        raise Invalid("It is not clear whose event this is.", fields={"team": [words]})
    return found[0]


def run_named(request: Request, run_id: Any) -> LineageRun:
    """Return the run of this id, if the caller may see it."""
    return visible(LineageRun.objects.select_related("team", "parent"), actor_of(request), run_id=run_id)
