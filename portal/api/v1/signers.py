"""Keys of those who sign models, and the portal's own signature over a version's files."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.teams import team_known
from portal.api.v1.versions import version_named
from portal.api.views import Door, Listing, actor_of
from portal.blobs.downloads import attached
from portal.core.querysets import visible
from registry.models import ModelVersion, SignerKey
from registry.rules.model_signing import BUNDLE_TYPE, FILE_NAME
from registry.rules.signer_keys import LONGEST_KEY
from registry.services.signers import register_signer, sign_files, withdraw_signer


class SignerSerializer(serializers.ModelSerializer[SignerKey]):
    """A signer's key as the API shows it."""

    class Meta:
        model = SignerKey
        fields = ["id", "name", "key_id", "curve", "pem", "registered_at", "withdrawn_at"]


class RegisterSignerSerializer(Body):
    """A public key, and whose it is."""

    name = serializers.CharField(max_length=150)
    pem = serializers.CharField(
        max_length=LONGEST_KEY,
        help_text="A public key in PEM or OpenSSH form: P-256, P-384, P-521, or for commits Ed25519.",
    )


class SignerList(Listing):
    """List and register the keys whose signatures count for a team's versions."""

    serializer_class = SignerSerializer
    queryset = SignerKey.objects.none()

    def get_queryset(self) -> Any:
        """Return the team's signer keys."""
        return SignerKey.objects.filter(team=team_known(self.request, self.kwargs["slug"]))

    @extend_schema(request=RegisterSignerSerializer, responses={201: SignerSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Register a key: an administrator's browser session does, and no token."""
        team = team_known(request, slug)
        form = RegisterSignerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = register_signer(actor=self.actor, team=team, **form.validated_data)
        return Response(SignerSerializer(made).data, status=201)


class SignerWithdraw(Door):
    """Let a key count no more."""

    serializer_class = SignerSerializer
    queryset = SignerKey.objects.none()

    @extend_schema(request=None, responses={200: SignerSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw a key for good: an administrator's browser session does, and no token."""
        return Response(SignerSerializer(withdraw_signer(actor=self.actor, key=_key(request, pk))).data)


class VersionSignature(Door):
    """The portal's signature over a version's files."""

    serializer_class: type[serializers.Serializer[Any]] = serializers.Serializer
    queryset = ModelVersion.objects.none()

    @extend_schema(
        operation_id="models_versions_signature_download",
        responses={(200, BUNDLE_TYPE): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """Download `model.sig` over the files of a sealed version (OpenSSF Model Signing), by the key of decisions.

        It is made anew each time; verify it with the key from `/keys` whose purpose is `decision`.
        """
        data = sign_files(actor=self.actor, version=version_named(request, slug, number))
        return attached(data, FILE_NAME, BUNDLE_TYPE)


def _key(request: Request, pk: int) -> SignerKey:
    actor = actor_of(request)
    if actor.may("administer", None):
        return get_object_or_404(SignerKey, pk=pk)
    return visible(SignerKey.objects.all(), actor, pk=pk)
