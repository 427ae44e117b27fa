"""Jobs: where long work is, and stopping it."""

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.views import Door, actor_of
from portal.core.querysets import visible
from portal.jobs import services
from portal.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as the API shows it."""

    error = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "attempt", "progress_done", "progress_total", "progress_message", "error",
            "created_at", "started_at", "ended_at",
        ]  # fmt: skip


class JobDetail(Door, generics.RetrieveAPIView[Job]):
    """One job."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_object(self) -> Job:
        """Return the job."""
        return visible(Job.objects.all(), actor_of(self.request), pk=self.kwargs["pk"])


class JobCancel(Door):
    """Stop a job."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Ask the job to stop; it ends as cancelled at its next step."""
        job = services.request_cancel(actor=self.actor, job=visible(Job.objects.all(), actor_of(request), pk=pk))
        return Response(JobSerializer(job).data, status=202)
