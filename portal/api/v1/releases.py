"""Releases and the approval requests that let them take live decisions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import ApprovalRequest, CheckResult, Decision
from governance.selectors.requests import state_now
from governance.services import requests
from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from portal.overviews.declared import declared_line
from registry.choices import Environment, ReleaseState
from registry.models import ModelVersion, RegisteredModel, Release
from registry.services import releases


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release as the API shows it."""

    version = serializers.StringRelatedField(  # type: ignore[var-annotated]
        read_only=True, allow_null=True, help_text="Null for what was declared without one."
    )
    feature_pipeline_version = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]
    overdue = serializers.SerializerMethodField(help_text="Declared, and its deadline has passed.")

    class Meta:
        model = Release
        fields = [
            "id", "version", "feature_pipeline_version", "environment", "state", "fallback", "planned_at",
            "activated_at", "ended_at", "description", "in_use_since", "deadline", "overdue", "reason",
        ]  # fmt: skip
        extra_kwargs = {"description": {"read_only": True}, "reason": {"read_only": True}}

    def get_overdue(self, release: Release) -> bool:
        """Return whether it is declared and its deadline has passed."""
        return release.state == ReleaseState.DECLARED and declared_line(release).overdue


class PlanReleaseSerializer(Body):
    """What a release needs."""

    version = serializers.IntegerField(min_value=1)
    environment = serializers.ChoiceField(choices=Environment.choices)
    fallback = serializers.CharField(help_text="What decides while no version serves.")


class OpenRequestSerializer(Body):
    """What opening an approval request needs."""

    summary = serializers.CharField(help_text="What changes and why, for the reviewer.")


class CheckResultSerializer(serializers.ModelSerializer[CheckResult]):
    """One check of the gate."""

    check_key = serializers.CharField(source="check_row.key", read_only=True)
    title = serializers.CharField(source="check_row.title", read_only=True)
    limit = serializers.CharField(source="check_row.limit", read_only=True)
    read = serializers.DictField(read_only=True)

    class Meta:
        model = CheckResult
        fields = ["check_key", "title", "outcome", "read", "limit", "message"]


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """One signed decision with its DSSE envelope."""

    envelope = serializers.DictField(read_only=True)

    class Meta:
        model = Decision
        fields = ["signer_name", "verdict", "meaning", "bundle_digest", "signed_at", "key_id", "envelope"]


class RequestSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """An approval request as the API shows it; signing happens in the browser."""

    state = serializers.SerializerMethodField(help_text="As in the row, or `expired` once its time has passed.")
    release = ReleaseSerializer(read_only=True)
    policy = serializers.CharField(source="policy_version", read_only=True)
    bundle = serializers.DictField(read_only=True)
    gate = CheckResultSerializer(source="evaluation.results", many=True, read_only=True)
    decisions = DecisionSerializer(many=True, read_only=True)
    page = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = [
            "id", "release", "state", "policy", "bundle", "bundle_digest", "summary", "opened_at", "expires_at",
            "gate", "decisions", "page",
        ]  # fmt: skip

    def get_state(self, request: ApprovalRequest) -> str:
        """Return the state at this moment."""
        return state_now(request)


class ReleaseList(Listing):
    """List and plan the releases of a model."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()
    filterset_fields = ["state", "environment"]

    def get_queryset(self) -> Any:
        """Return the model's releases."""
        model = model_named(self.request, self.kwargs["slug"])
        return model.releases.select_related("version__model", "feature_pipeline_version__pipeline")

    @extend_schema(request=PlanReleaseSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Plan a release of a sealed version."""
        model = model_named(request, slug)
        form = PlanReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["version"] = version_numbered(model, values["version"])
        release = releases.plan_release(actor=self.actor, **values)
        return created(ReleaseSerializer(release).data, "api_release", request, pk=release.pk)


class ReleaseDetail(Door, generics.RetrieveAPIView[Release]):
    """One release."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()

    def get_object(self) -> Release:
        """Return the release."""
        return release_numbered(self.request, self.kwargs["pk"])


class RequestOpen(Door):
    """Ask for the approval of a planned release."""

    serializer_class = RequestSerializer
    # The gate's evaluation stays when it refuses. A release is asked for once: a repetition after a crash is refused.
    commits_itself = True
    queryset = Release.objects.none()

    @extend_schema(request=OpenRequestSerializer, responses={201: RequestSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Open the request; refused, with every reason, unless each check of the policy is passed."""
        form = OpenRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        release = release_numbered(request, pk)
        opened = requests.open_request(actor=self.actor, release=release, summary=form.validated_data["summary"])
        return created(RequestSerializer(opened).data, "api_request", request, pk=opened.pk)


class RequestDetail(Door, generics.RetrieveAPIView[ApprovalRequest]):
    """One approval request."""

    serializer_class = RequestSerializer
    queryset = ApprovalRequest.objects.none()

    def get_object(self) -> ApprovalRequest:
        """Return the request."""
        rows = ApprovalRequest.objects.with_parts().prefetch_related("decisions", "evaluation__results__check_row")
        return visible(rows, actor_of(self.request), pk=self.kwargs["pk"])


def version_numbered(model: RegisteredModel, number: int) -> ModelVersion:
    """Return a version of the model; raises ValidationError under `version` where there is none."""
    found = model.versions.with_parts().filter(number=number).first()
    if found is None:
        raise serializers.ValidationError({"version": [f"{model.slug} has no version {number}."]})
    return found


def release_numbered(request: Request, pk: int) -> Release:
    """Return the release, if the caller may see it."""
    rows = Release.objects.select_related("model__team", "version__model", "feature_pipeline_version__pipeline")
    return visible(rows, actor_of(request), pk=pk)
