"""Who calls, and what that one may do."""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import ApiToken, Team, User
from portal.api.views import Door
from portal.core.actors import Actor


class CallerTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """The token that was sent, without its secret part."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiToken
        fields = ["name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]


class TeamRightsSerializer(serializers.Serializer[dict[str, Any]]):
    """What the caller may do in one team; in every team where `team` is null."""

    team = serializers.SlugField(allow_null=True)
    capabilities = serializers.ListField(child=serializers.CharField())


class CallerSerializer(serializers.Serializer[dict[str, Any]]):
    """Who calls, what that one may do now, and by which token; null by a browser session."""

    id = serializers.CharField(help_text="As in the ledger: user:12.")
    kind = serializers.ChoiceField(choices=["user", "service"])
    name = serializers.CharField()
    email = serializers.EmailField()
    rights = TeamRightsSerializer(many=True)
    token = CallerTokenSerializer(allow_null=True)


class WhoAmI(Door):
    """Who calls."""

    serializer_class = CallerSerializer
    queryset = User.objects.none()

    @extend_schema(operation_id="whoami", responses={200: CallerSerializer})
    def get(self, request: Request) -> Response:
        """Say who calls; with the rights in force now, narrowed by the token's scopes, and the token's expiry."""
        user = User.objects.get(pk=self.actor.user_id or 0)
        values = {
            "id": self.actor.id,
            "kind": self.actor.kind,
            "name": user.name,
            "email": user.email,
            "rights": _rights(self.actor),
            "token": _token(request),
        }
        return Response(CallerSerializer(values).data)


def _rights(actor: Actor) -> list[dict[str, Any]]:
    held: dict[int | None, set[str]] = defaultdict(set)
    for grant in actor.grants:
        held[grant.team_id].add(grant.capability)
    slugs = dict(Team.objects.filter(pk__in=[pk for pk in held if pk is not None]).values_list("pk", "slug"))
    rows = [{"team": None if pk is None else slugs[pk], "capabilities": sorted(held[pk])} for pk in held]
    return sorted(rows, key=lambda row: str(row["team"] or ""))


def _token(request: Request) -> ApiToken | None:
    """Return the token by which the caller entered: authentication has judged the header."""
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return ApiToken.objects.get(prefix=raw.strip().split("_")[1])
