"""Whether a team's models may be pickles."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Team
from portal.accounts.services.teams import LONGEST_REASON, allow_pickles, end_pickles
from portal.api.bodies import Body
from portal.api.views import Door, actor_of
from portal.core.querysets import visible


class PicklesSerializer(serializers.ModelSerializer[Team]):
    """Whether, until when and why models of a team may be pickles; they are kept, and never opened."""

    team = serializers.SlugField(source="slug", read_only=True)
    allowed = serializers.BooleanField(source="takes_pickles", read_only=True)
    until = serializers.DateTimeField(source="pickles_until", read_only=True, allow_null=True)
    reason = serializers.CharField(source="pickles_reason", read_only=True)

    class Meta:
        model = Team
        fields = ["team", "allowed", "until", "reason"]


class AllowPicklesSerializer(Body):
    """Until when pickles are let in, and why; null lets none in from now on."""

    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False, default="", allow_blank=True)


class TeamPickles(Door):
    """The team's setting for pickles."""

    serializer_class = PicklesSerializer
    queryset = Team.objects.none()

    @extend_schema(responses={200: PicklesSerializer})
    def get(self, request: Request, slug: str) -> Response:
        """Return whether a model of the team may be handed in as a pickle."""
        return Response(PicklesSerializer(team_known(request, slug)).data)

    @extend_schema(request=AllowPicklesSerializer, responses={200: PicklesSerializer})
    def put(self, request: Request, slug: str) -> Response:
        """Let pickles in for a time, or no longer: an administrator's browser session does, and no token."""
        team = team_known(request, slug)
        form = AllowPicklesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        if given["until"] is None:
            team = end_pickles(actor=self.actor, team=team)
        else:
            team = allow_pickles(actor=self.actor, team=team, until=given["until"], reason=given["reason"])
        return Response(PicklesSerializer(team).data)


def team_known(request: Request, slug: str) -> Team:
    """Return a team in which the caller reads, and to who administers any team."""
    actor = actor_of(request)
    if actor.may("manage_users", None):
        return get_object_or_404(Team, slug=slug)
    return visible(Team.objects.all(), actor, slug=slug)
