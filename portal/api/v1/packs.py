"""Evidence packs: ask, watch, fetch."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.releases import release_numbered
from portal.api.views import Door, Listing, accepted, actor_of
from portal.blobs.downloads import answer
from portal.core.querysets import visible
from portal.reports import services
from portal.reports.models import EvidencePack
from portal.reports.selectors import TYPES, pack_file


class PackSerializer(serializers.ModelSerializer[EvidencePack]):
    """An evidence pack as the API shows it."""

    release = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)

    class Meta:
        model = EvidencePack
        fields = ["id", "release", "state", "cause", "job", "content_digest", "requested_at", "finished_at"]


class PackList(Listing):
    """List and ask for the evidence of a release."""

    serializer_class = PackSerializer
    queryset = EvidencePack.objects.none()
    filterset_fields = ["state"]

    def get_queryset(self) -> Any:
        """Return the release's packs."""
        rows = EvidencePack.objects.filter(release=release_numbered(self.request, self.kwargs["pk"]))
        return rows.select_related("release__version__model")

    @extend_schema(request=None, responses={202: PackSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Request a pack; it is rendered by a job."""
        pack = services.request_pack(actor=self.actor, release=release_numbered(request, pk))
        return accepted(PackSerializer(pack).data, "api_pack", request, pk=pack.pk)


class PackDetail(Door, generics.RetrieveAPIView[EvidencePack]):
    """One evidence pack."""

    serializer_class = PackSerializer
    queryset = EvidencePack.objects.none()

    def get_object(self) -> EvidencePack:
        """Return the pack."""
        return pack_numbered(self.request, self.kwargs["pk"])


class PackFile(Door):
    """The pack's PDF or its JSON."""

    serializer_class = PackSerializer
    queryset = EvidencePack.objects.none()
    ranged = True

    @extend_schema(
        operation_id="evidence_packs_download",
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(TYPES))],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, (200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: int, kind: str) -> HttpResponseBase:
        """Download the finished pack as pdf or json."""
        found = pack_file(pack_numbered(request, pk), kind)
        if found is None:
            raise Http404
        return answer(request, found)


def pack_numbered(request: Request, pk: int) -> EvidencePack:
    """Return the pack, if the caller may see it."""
    return visible(EvidencePack.objects.select_related("release__version__model"), actor_of(request), pk=pk)
