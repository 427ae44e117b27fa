"""Models from a file: a dry run, and the import of the same bytes by a job."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.uploads import declared_sha256, small_upload
from portal.api.v1.data import CONTENT_DIGEST
from portal.api.v1.jobs import JobSerializer
from portal.api.views import Door, accepted
from portal.jobs.models import Job
from registry.rules.imports import MOST_BYTES
from registry.services import imports as services

DRY_RUN = OpenApiParameter("dry_run", bool, description="Say what would happen, and write nothing.")
EXISTING = OpenApiParameter(
    "existing", str, enum=["refuse", "skip"],
    description="`skip` leaves out lines whose model is here already; else they are wrong.",
)  # fmt: skip


class ProblemOfLineSerializer(serializers.Serializer[Any]):
    """What is wrong where, and what to do."""

    line = serializers.IntegerField()
    column = serializers.CharField(help_text="Empty where it is the whole line.")
    message = serializers.CharField(source="words")
    model = serializers.CharField(source="slug", help_text="The slug in that line; empty where none could be read.")
    value = serializers.CharField(help_text="What the cell holds, cut where it is long.")


class ReportSerializer(serializers.Serializer[Any]):
    """What importing these bytes would do."""

    sha256 = serializers.CharField()
    lines = serializers.IntegerField(help_text="Models in the file.")
    registered = serializers.SerializerMethodField(help_text="How many would be registered, if nothing were wrong.")
    declared = serializers.IntegerField(help_text="How many of them would be declared as in use before the portal.")
    skipped = serializers.ListField(child=serializers.CharField(), help_text="Slugs of lines that are left out.")
    problems = ProblemOfLineSerializer(source="flaws", many=True, help_text="Empty: it can be imported.")

    def get_registered(self, report: services.Report) -> int:
        """Return how many models would be registered."""
        return len(report.ready)


class ModelImport(Door):
    """Register many models at once."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    streamed = True
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {"POST": frozenset({"dry_run", "existing"})}

    @extend_schema(
        parameters=[CONTENT_DIGEST, DRY_RUN, EXISTING],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            200: OpenApiResponse(ReportSerializer, description="The report of a dry run."),
            202: OpenApiResponse(JobSerializer, description="The job that registers all models of the file, or none."),
        },
    )
    def post(self, request: Request) -> Response:
        """Check a file of models (CSV or JSON lines), or register all models in it.

        A dry run reports everything that is wrong, by line and column. The import is refused where anything is.
        """
        dry_run = _one_of(request, "dry_run", {"": False, "true": True, "false": False})
        skip = _one_of(request, "existing", {"": False, "skip": True, "refuse": False})
        content = small_upload(request, self.actor, sha256=declared_sha256(request), limit=MOST_BYTES)
        if dry_run:
            report = services.check_models(actor=self.actor, content=content, skip_existing=skip)
            return Response(ReportSerializer(report).data)
        job = services.start_import(actor=self.actor, content=content, skip_existing=skip)
        return accepted(JobSerializer(job).data, "api_job", request, pk=job.pk)


def _one_of(request: Request, name: str, meanings: Mapping[str, bool]) -> bool:
    """Return what a parameter means; raises ValidationError for a value that means nothing."""
    value = request.query_params.get(name, "")
    if value not in meanings:
        raise serializers.ValidationError({name: [f"Send one of {', '.join(filter(None, meanings))}."]})
    return meanings[value]
