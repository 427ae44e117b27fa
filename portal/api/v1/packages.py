"""The packages of a version's environment, as others read them."""

import json
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from portal.api.v1.versions import version_named
from portal.api.views import Door
from portal.core.errors import NotFound
from portal.overviews.packages import bill_of
from registry.formats.cyclonedx import MEDIA_TYPE, bill_of_materials
from registry.models import ModelVersion


class VersionBill(Door):
    """A version's software bill of materials."""

    serializer_class: type[serializers.Serializer[Any]] = serializers.Serializer
    queryset = ModelVersion.objects.none()

    @extend_schema(
        operation_id="models_versions_sbom_download",
        responses={(200, "application/vnd.cyclonedx+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """Download the packages of the version's environment lock as CycloneDX 1.6."""
        version = version_named(request, slug, number)
        bill = bill_of(version)
        if bill is None:
            raise NotFound(f"No environment lock with pinned packages came with {version}.")
        name = f"{slug}-v{number}.cdx.json"
        text = json.dumps(bill_of_materials(bill), indent=1)
        return HttpResponse(
            text, content_type=MEDIA_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
