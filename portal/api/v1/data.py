"""Datasets and snapshots."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.filters import OfTeam
from portal.api.uploads import declared_sha256, stored_upload
from portal.api.views import Door, Listing, accepted, actor_of, created, team_named
from portal.blobs.downloads import answer
from portal.core.querysets import visible
from registry.models import Dataset, DatasetSnapshot
from registry.rules.values import LARGEST_INTEGER
from registry.selectors import rows_of
from registry.services import datasets as services

CONTENT_DIGEST = OpenApiParameter(
    "Content-Digest", str, OpenApiParameter.HEADER, required=True, description="sha-256=:<base64>: (RFC 9530)"
)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset as the API shows it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Dataset
        fields = ["slug", "name", "description", "team", "created_at"]


class RegisterDatasetSerializer(Body):
    """What registering a dataset needs."""

    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, default="", allow_blank=True)
    team = serializers.SlugField()


class ToldColumn(Body):
    """A column as somebody tells of it."""

    name = serializers.CharField(max_length=200)
    type = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class SnapshotSerializer(serializers.ModelSerializer[DatasetSnapshot]):
    """A snapshot as the API shows it; `state` is `ready` once it was inspected."""

    dataset = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    columns = serializers.ListField(child=serializers.DictField(), read_only=True)
    erased_by = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = DatasetSnapshot
        fields = [
            "dataset", "number", "state", "reason", "sha256", "size", "media_type", "location", "rows", "columns",
            "period_start", "period_end", "created_at", "erased_at", "erased_by", "erasure_reason",
        ]  # fmt: skip


class DatasetList(Listing):
    """List and register datasets."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    filterset_class = OfTeam

    def get_queryset(self) -> Any:
        """Return the datasets the caller may see."""
        return Dataset.objects.visible_to(self.actor).select_related("team")

    @extend_schema(request=RegisterDatasetSerializer, responses={201: DatasetSerializer})
    def post(self, request: Request) -> Response:
        """Register a dataset."""
        form = RegisterDatasetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["team"] = team_named(self.actor, values["team"])
        dataset = services.register_dataset(actor=self.actor, **values)
        return created(DatasetSerializer(dataset).data, "api_dataset", request, slug=dataset.slug)


class DatasetDetail(Door, generics.RetrieveAPIView[Dataset]):
    """One dataset."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()

    def get_object(self) -> Dataset:
        """Return the dataset."""
        return dataset_named(self.request, self.kwargs["slug"])


class SnapshotList(Listing):
    """List and upload the snapshots of a dataset."""

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.none()
    filterset_fields = ["state"]
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {"POST": frozenset({"time_column"})}
    streamed = True

    def get_queryset(self) -> Any:
        """Return the dataset's snapshots."""
        return dataset_named(self.request, self.kwargs["slug"]).snapshots.select_related("dataset", "erased_by")

    @extend_schema(
        parameters=[CONTENT_DIGEST, OpenApiParameter("time_column", str, description="Column that dates the rows.")],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={202: SnapshotSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Upload a Parquet, Arrow (IPC file or stream) or CSV file; it is inspected before anything reads it."""
        dataset = dataset_named(request, slug)
        self.actor.require("upload_dataset", dataset.team_id)
        sha256 = declared_sha256(request)
        blob = stored_upload(request, self.actor, sha256=sha256)
        snapshot = services.add_snapshot(
            actor=self.actor, dataset=dataset, blob=blob, declared_sha256=sha256,
            time_column=request.query_params.get("time_column", ""),
        )  # fmt: skip
        data = SnapshotSerializer(snapshot).data
        return accepted(data, "api_snapshot", request, slug=slug, number=snapshot.number)


class ReferToSnapshotSerializer(Body):
    """What is told of bytes that lie elsewhere; nothing is fetched."""

    location = serializers.CharField(help_text="Where they lie, in words or as an address without a password.")
    sha256 = serializers.CharField(max_length=64)
    rows = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LARGEST_INTEGER)
    size = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_INTEGER, help_text="Bytes."
    )
    columns = serializers.ListField(child=ToldColumn(), required=False, default=list)


class SnapshotReferences(Door):
    """Register snapshots of a dataset by reference."""

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.none()

    @extend_schema(request=ReferToSnapshotSerializer, responses={201: SnapshotSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Register bytes that lie elsewhere by their digest; they are never read here, nor validated on."""
        dataset = dataset_named(request, slug)
        form = ReferToSnapshotSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.refer_to_snapshot(actor=self.actor, dataset=dataset, **form.validated_data)
        return created(SnapshotSerializer(made).data, "api_snapshot", request, slug=slug, number=made.number)


class SnapshotDetail(Door, generics.RetrieveAPIView[DatasetSnapshot]):
    """One snapshot."""

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.none()

    def get_object(self) -> DatasetSnapshot:
        """Return the snapshot."""
        return snapshot_named(self.request, self.kwargs["slug"], self.kwargs["number"])


class SnapshotFile(Door):
    """The rows of a snapshot as they were sent."""

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.none()
    ranged = True

    @extend_schema(
        operation_id="datasets_snapshots_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponseBase:
        """Download the file, in whole or one range of bytes, with the grant to read sensitive columns; 410 once erased.

        A file holds every column, so that it takes the grant whatever the datasheet names.
        """
        snapshot = snapshot_named(request, slug, number)
        self.actor.require("read_sensitive", snapshot.dataset.team_id)
        return answer(request, rows_of(snapshot))


def dataset_named(request: Request, slug: str) -> Dataset:
    """Return the dataset of this slug, if the caller may see it."""
    return visible(Dataset.objects.select_related("team"), actor_of(request), slug=slug)


def snapshot_named(request: Request, slug: str, number: int) -> DatasetSnapshot:
    """Return a dataset's snapshot, if the caller may see it."""
    rows = DatasetSnapshot.objects.select_related("dataset", "erased_by")
    return visible(rows, actor_of(request), dataset__slug=slug, number=number)


class SnapshotReference(Body):
    """A snapshot named by dataset and number."""

    dataset = serializers.SlugField()
    number = serializers.IntegerField(min_value=1)


def referenced_snapshot(request: Request, value: dict[str, Any], field: str) -> DatasetSnapshot:
    """Return the snapshot that a body names; raises ValidationError under `field` where there is none."""
    rows = DatasetSnapshot.objects.select_related("dataset").visible_to(actor_of(request))
    found = rows.filter(dataset__slug=value["dataset"], number=value["number"]).first()
    if found is None:
        raise serializers.ValidationError({field: [f"There is no snapshot {value['dataset']} {value['number']}."]})
    return found
