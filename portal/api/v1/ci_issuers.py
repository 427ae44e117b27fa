"""Issuers of CI jobs' identity tokens that count for a team."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.teams import team_known
from portal.api.views import Door, Listing, actor_of
from portal.core.querysets import visible
from registry.models import CiIssuer
from registry.rules.ci_identity import LONGEST, REPOSITORY_CLAIM
from registry.services.ci_issuers import register_ci_issuer, withdraw_ci_issuer


class CiIssuerSerializer(serializers.ModelSerializer[CiIssuer]):
    """A CI issuer as the API shows it."""

    keys = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = CiIssuer
        fields = ["id", "provider", "issuer", "audience", "host", "keys", "registered_at", "withdrawn_at"]


class RegisterCiIssuerSerializer(Body):
    """An issuer, and the public keys with which it signs now."""

    provider = serializers.ChoiceField(choices=sorted(REPOSITORY_CLAIM))
    issuer = serializers.CharField(max_length=LONGEST, help_text="The claim `iss` of its tokens.")
    audience = serializers.CharField(max_length=LONGEST, help_text="The claim `aud` that jobs ask for.")
    host = serializers.CharField(max_length=LONGEST, help_text="Where its repositories are, such as github.com.")
    jwks = serializers.DictField(help_text="Its JWKS as it publishes it; the portal fetches nothing.")


class CiIssuerList(Listing):
    """List and register the issuers whose jobs' tokens count for a team's versions."""

    serializer_class = CiIssuerSerializer
    queryset = CiIssuer.objects.none()

    def get_queryset(self) -> Any:
        """Return the team's CI issuers, former keys included."""
        return CiIssuer.objects.filter(team=team_known(self.request, self.kwargs["slug"]))

    @extend_schema(request=RegisterCiIssuerSerializer, responses={201: CiIssuerSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Register an issuer, or its new keys: an administrator's browser session does, and no token."""
        team = team_known(request, slug)
        form = RegisterCiIssuerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = register_ci_issuer(actor=self.actor, team=team, **form.validated_data)
        return Response(CiIssuerSerializer(made).data, status=201)


class CiIssuerWithdraw(Door):
    """Let an issuer's tokens count no more."""

    serializer_class = CiIssuerSerializer
    queryset = CiIssuer.objects.none()

    @extend_schema(request=None, responses={200: CiIssuerSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw an issuer: an administrator's browser session does, and no token."""
        return Response(CiIssuerSerializer(withdraw_ci_issuer(actor=self.actor, issuer=_issuer(request, pk))).data)


def _issuer(request: Request, pk: int) -> CiIssuer:
    actor = actor_of(request)
    if actor.may("administer", None):
        return get_object_or_404(CiIssuer, pk=pk)
    return visible(CiIssuer.objects.all(), actor, pk=pk)
