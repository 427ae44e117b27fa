"""What was in use before the portal: declared, with a deadline, and ended."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.v1.releases import ReleaseSerializer, release_numbered, version_numbered
from portal.api.views import Door, created
from registry.choices import Environment
from registry.models import Release
from registry.services import declarations as services


class DeclareReleaseSerializer(Body):
    """What a declaration says. A second one for the same environment takes the place of the first."""

    environment = serializers.ChoiceField(
        choices=Environment.choices, required=False, default=Environment.PRODUCTION.value
    )
    in_use_since = serializers.DateField(help_text="Not after the day on which the model was registered here.")
    deadline = serializers.DateField(
        help_text="By when it goes through the gates: within 365 days. A later one than before takes the second line."
    )
    description = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="What is in use, in words; needed without a version."
    )
    version = serializers.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        help_text="Number of the sealed version that is in use, if it is one.",
    )


class EndReleaseSerializer(Body):
    """Why what was declared is not in use any more."""

    reason = serializers.CharField()


class DeclareRelease(Door):
    """Declare what was in use before the portal."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()

    @extend_schema(request=DeclareReleaseSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Declare that a model was in use before the portal, and by when it goes through the gates."""
        model = model_named(request, slug)
        form = DeclareReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(form.validated_data)
        number = values.pop("version", None)
        version = version_numbered(model, number) if number is not None else None
        release = services.declare_release(actor=self.actor, model=model, version=version, **values)
        return created(ReleaseSerializer(release).data, "api_release", request, pk=release.pk)


class ReleaseEnd(Door):
    """End a declared release."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()

    @extend_schema(request=EndReleaseSerializer, responses={200: ReleaseSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Say that what was declared is not in use any more."""
        form = EndReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        release = release_numbered(request, pk)
        services.end_declared_release(actor=self.actor, release=release, **form.validated_data)
        return Response(ReleaseSerializer(release_numbered(request, pk)).data)
