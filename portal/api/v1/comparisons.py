"""Two versions side by side, as JSON."""

import re
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.versions import ArtifactSerializer, version_named
from portal.api.views import Door, actor_of
from portal.core.querysets import visible
from portal.overviews.comparisons import compare
from portal.overviews.versions import production_of
from registry.models import ModelVersion

NAMED = re.compile(r"([a-z0-9-]{1,80}):([0-9]{1,9})")


class NameSerializer(serializers.Serializer[Any]):
    """One name and what it is on either side; empty where that side does not have it."""

    name = serializers.CharField()
    a = serializers.CharField()
    b = serializers.CharField()


class NamesSerializer(serializers.Serializer[Any]):
    """The names that differ, and how many are the same; `missing` says why they are not compared."""

    missing = serializers.CharField(help_text="Not empty: nothing was compared, and nothing is the same.")
    differing = NameSerializer(many=True)
    same = serializers.IntegerField(source="same_count")


class FilesSerializer(serializers.Serializer[Any]):
    """A file of either version, paired by its role; null where that side has none."""

    part = serializers.CharField(source="label")
    same = serializers.BooleanField()
    a = ArtifactSerializer(allow_null=True)
    b = ArtifactSerializer(allow_null=True)


class MeasuredSerializer(serializers.Serializer[Any]):
    """A number with its interval, as a run measured it."""

    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class DifferenceSerializer(serializers.Serializer[Any]):
    """`b` minus `a`; its ends are null unless a run measured both at once."""

    value = serializers.FloatField()
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)


class MetricSerializer(serializers.Serializer[Any]):
    """One measure on either side; null where that side was not measured, or the rows differ."""

    name = serializers.CharField(source="measure.key")
    a = MeasuredSerializer(allow_null=True)
    b = MeasuredSerializer(allow_null=True)
    difference = DifferenceSerializer(allow_null=True)


class MetricsSerializer(serializers.Serializer[Any]):
    """What the runs measured; where the rows differ, the numbers can not be compared."""

    same_rows = serializers.BooleanField()
    run_a = serializers.IntegerField(source="a.pk", allow_null=True, default=None)
    run_b = serializers.IntegerField(source="b.pk", allow_null=True, default=None)
    paired_run = serializers.IntegerField(
        source="paired.pk", allow_null=True, default=None, help_text="The run that measured both at once."
    )
    measures = MetricSerializer(source="pairs", many=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two versions: `a` is what was before, `b` the one that was asked for."""

    a = serializers.CharField()
    b = serializers.CharField()
    files = FilesSerializer(many=True)
    inputs = NamesSerializer()
    outputs = NamesSerializer()
    hyperparameters = NamesSerializer()
    environment = NamesSerializer()
    columns = NamesSerializer()
    metrics = MetricsSerializer()


class VersionComparisonDetail(Door):
    """A version beside another one."""

    serializer_class = ComparisonSerializer
    queryset = ModelVersion.objects.none()
    query_parameters: ClassVar = {"GET": frozenset({"against"})}

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "against", str, description="model:number; without it the version that is in production.",
                pattern=f"^{NAMED.pattern}$",
            )
        ],
        responses={200: ComparisonSerializer},
    )  # fmt: skip
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Return the version beside another one, by default the one in production."""
        after = version_named(request, slug, number)
        before = _against(request, after)
        if before == after:
            raise ValidationError({"against": [f"Name another version than {after}."]})
        return Response(ComparisonSerializer(compare(before, after)).data)


def _against(request: Request, after: ModelVersion) -> ModelVersion:
    name, rows = request.query_params.get("against"), ModelVersion.objects.with_parts()
    if name is None:
        production = production_of(after)
        if production is None:
            words = "Nothing is in production. Name a version as model:number."
            raise ValidationError({"against": [words]})
        return visible(rows, actor_of(request), pk=production.version_id)
    if not NAMED.fullmatch(name):
        raise ValidationError({"against": ["Name a version as model:number."]})
    slug, _, number = name.partition(":")
    return visible(rows, actor_of(request), model__slug=slug, number=int(number))
