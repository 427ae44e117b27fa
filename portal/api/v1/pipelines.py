"""Feature pipelines and their versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.filters import OfTeam
from portal.api.views import Door, Listing, actor_of, created, team_named
from portal.core.querysets import visible
from registry.models import FeaturePipeline, FeaturePipelineVersion
from registry.services import pipelines as services


class PipelineSerializer(serializers.ModelSerializer[FeaturePipeline]):
    """A feature pipeline as the API shows it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = FeaturePipeline
        fields = ["slug", "name", "team", "created_at"]


class RegisterPipelineSerializer(Body):
    """What registering a feature pipeline needs."""

    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=200)
    team = serializers.SlugField()


class PipelineVersionSerializer(serializers.ModelSerializer[FeaturePipelineVersion]):
    """A feature pipeline version as the API shows it."""

    pipeline = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    columns = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = FeaturePipelineVersion
        fields = ["pipeline", "number", "repository", "commit", "columns", "digest", "created_at"]


class RegisterPipelineVersionSerializer(Body):
    """What a feature pipeline version needs."""

    repository = serializers.CharField(max_length=400)
    commit = serializers.CharField(max_length=64)
    columns = serializers.ListField(child=serializers.CharField(max_length=200), allow_empty=False)


class PipelineList(Listing):
    """List and register feature pipelines."""

    serializer_class = PipelineSerializer
    queryset = FeaturePipeline.objects.none()
    filterset_class = OfTeam

    def get_queryset(self) -> Any:
        """Return the pipelines the caller may see."""
        return FeaturePipeline.objects.visible_to(self.actor).select_related("team")

    @extend_schema(request=RegisterPipelineSerializer, responses={201: PipelineSerializer})
    def post(self, request: Request) -> Response:
        """Register a feature pipeline."""
        form = RegisterPipelineSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["team"] = team_named(self.actor, values["team"])
        pipeline = services.register_pipeline(actor=self.actor, **values)
        return created(PipelineSerializer(pipeline).data, "api_pipeline", request, slug=pipeline.slug)


class PipelineDetail(Door, generics.RetrieveAPIView[FeaturePipeline]):
    """One feature pipeline."""

    serializer_class = PipelineSerializer
    queryset = FeaturePipeline.objects.none()

    def get_object(self) -> FeaturePipeline:
        """Return the pipeline."""
        return pipeline_named(self.request, self.kwargs["slug"])


class PipelineVersionList(Listing):
    """List and register the versions of a feature pipeline."""

    serializer_class = PipelineVersionSerializer
    queryset = FeaturePipelineVersion.objects.none()

    def get_queryset(self) -> Any:
        """Return the pipeline's versions."""
        return pipeline_named(self.request, self.kwargs["slug"]).versions.select_related("pipeline")

    @extend_schema(request=RegisterPipelineVersionSerializer, responses={201: PipelineVersionSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Register a feature pipeline version."""
        form = RegisterPipelineVersionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pipeline = pipeline_named(request, slug)
        version = services.register_pipeline_version(actor=self.actor, pipeline=pipeline, **form.validated_data)
        data = PipelineVersionSerializer(version).data
        return created(data, "api_pipeline_version", request, slug=slug, number=version.number)


class PipelineVersionDetail(Door, generics.RetrieveAPIView[FeaturePipelineVersion]):
    """One feature pipeline version."""

    serializer_class = PipelineVersionSerializer
    queryset = FeaturePipelineVersion.objects.none()

    def get_object(self) -> FeaturePipelineVersion:
        """Return the pipeline version."""
        rows = FeaturePipelineVersion.objects.select_related("pipeline")
        lookup = {"pipeline__slug": self.kwargs["slug"], "number": self.kwargs["number"]}
        return visible(rows, actor_of(self.request), **lookup)


def pipeline_named(request: Request, slug: str) -> FeaturePipeline:
    """Return the pipeline of this slug, if the caller may see it."""
    return visible(FeaturePipeline.objects.select_related("team"), actor_of(request), slug=slug)
