"""Datasheets: what a dataset is, and which of its columns are sensitive."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.data import dataset_named
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from registry.models import Datasheet
from registry.rules.datasheets import LONGEST_COLUMN, TOPICS
from registry.services.datasheets import write_datasheet


class DatasheetSerializer(serializers.ModelSerializer[Datasheet]):
    """A datasheet as the API shows it; the one of the highest number is in force."""

    dataset = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    sensitive = serializers.ListField(child=serializers.CharField(), read_only=True)
    digest = serializers.CharField(read_only=True)
    written_by = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Datasheet
        fields = ["dataset", "number", *TOPICS, "sensitive", "digest", "written_by", "written_at"]


def _text(topic: str) -> serializers.CharField:
    return serializers.CharField(required=False, default="", allow_blank=True, help_text=TOPICS[topic].asks)


class WriteDatasheetSerializer(Body):
    """What a datasheet says, whole: what is left out is empty."""

    origin = _text("origin")
    collection = _text("collection")
    preparation = _text("preparation")
    assumptions = _text("assumptions")
    gaps = _text("gaps")
    licence = _text("licence")
    retention = _text("retention")
    sensitive = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_COLUMN), required=False, default=list,
        help_text="Columns that are masked without the grant; only who holds it takes one off the list.",
    )  # fmt: skip


class DatasheetList(Listing):
    """List and write the datasheets of a dataset."""

    serializer_class = DatasheetSerializer
    queryset = Datasheet.objects.none()

    def get_queryset(self) -> Any:
        """Return the dataset's datasheets, the newest first."""
        return dataset_named(self.request, self.kwargs["slug"]).datasheets.select_related("dataset", "written_by")

    @extend_schema(request=WriteDatasheetSerializer, responses={201: DatasheetSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Write the dataset's next datasheet; it is in force at once."""
        dataset = dataset_named(request, slug)
        form = WriteDatasheetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        texts = dict(form.validated_data)
        sensitive = texts.pop("sensitive")
        made = write_datasheet(actor=self.actor, dataset=dataset, texts=texts, sensitive=sensitive)
        return created(DatasheetSerializer(made).data, "api_datasheet", request, slug=slug, number=made.number)


class DatasheetDetail(Door, generics.RetrieveAPIView[Datasheet]):
    """One datasheet."""

    serializer_class = DatasheetSerializer
    queryset = Datasheet.objects.none()

    def get_object(self) -> Datasheet:
        """Return the datasheet."""
        rows = Datasheet.objects.select_related("dataset", "written_by")
        named = {"dataset__slug": self.kwargs["slug"], "number": self.kwargs["number"]}
        return visible(rows, actor_of(self.request), **named)
