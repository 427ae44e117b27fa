"""Jobs: where long work is, and stopping it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.views import LOOK_AGAIN_SECONDS, Door, Listing, accepted, actor_of
from portal.core.querysets import visible
from portal.jobs import services
from portal.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as the API shows it."""

    error = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "subject_type", "subject_id", "state", "attempt", "progress_done", "progress_total",
            "progress_message", "error", "created_at", "started_at", "ended_at",
        ]  # fmt: skip


class JobList(Listing):
    """List the jobs of one's teams."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    filterset_fields = ["state", "kind", "subject_type", "subject_id"]

    def get_queryset(self) -> Any:
        """Return the jobs the caller may see."""
        return Job.objects.visible_to(self.actor)


class JobDetail(Door, generics.RetrieveAPIView[Job]):
    """One job: poll it until `state` is neither queued nor running."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_object(self) -> Job:
        """Return the job."""
        return visible(Job.objects.all(), actor_of(self.request), pk=self.kwargs["pk"])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Return the job; while it is open, with the seconds after which to look again."""
        job = self.get_object()
        headers = {"Retry-After": str(LOOK_AGAIN_SECONDS)} if job.is_open else None
        return Response(JobSerializer(job).data, headers=headers)


class JobCancel(Door):
    """Stop a job."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Ask the job to stop; it ends as cancelled at its next step."""
        job = services.request_cancel(actor=self.actor, job=visible(Job.objects.all(), actor_of(request), pk=pk))
        return accepted(JobSerializer(job).data, "api_job", request, pk=job.pk)
