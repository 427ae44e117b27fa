"""Validation plans and runs."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.models import Measurement, ValidationCheck, ValidationPlan, ValidationRun
from monitoring.services import plans, runs
from portal.api.bodies import Body
from portal.api.v1.data import SnapshotReference, referenced_snapshot
from portal.api.v1.models import model_named
from portal.api.v1.versions import version_named
from portal.api.views import Door, Listing, accepted, actor_of, created
from portal.core.querysets import visible
from portal.overviews.sights import Sight, seen_measurements, sight_of

PARTS = ("checks", "measurements", "plan__held_out__dataset__datasheets")


class PlanSerializer(serializers.ModelSerializer[ValidationPlan]):
    """A validation plan as the API shows it."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    held_out = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    specification = serializers.DictField(read_only=True)

    class Meta:
        model = ValidationPlan
        fields = ["model", "number", "held_out", "specification", "digest", "fixed_at"]


class FixPlanSerializer(Body):
    """What a plan needs; everything left out of `specification` takes the default of the model's task."""

    held_out = SnapshotReference()
    specification = serializers.DictField(help_text="At least label_column.")


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    """One number of a run."""

    n = serializers.IntegerField(allow_null=True, help_text="Null for a small level of a column that is masked.")

    class Meta:
        model = Measurement
        fields = [
            "measured", "name", "slice_column", "slice_level", "value", "lower", "upper", "n", "unit", "reason",
        ]  # fmt: skip


class CheckSerializer(serializers.ModelSerializer[ValidationCheck]):
    """One check of a run."""

    class Meta:
        model = ValidationCheck
        fields = ["key", "title", "outcome", "read", "limit", "message"]


class RunSerializer(serializers.ModelSerializer[ValidationRun]):
    """A validation run as the API shows it."""

    version = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    champion = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    plan = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)
    checks = CheckSerializer(many=True, read_only=True)
    masked = serializers.SerializerMethodField()
    measurements = serializers.SerializerMethodField()

    class Meta:
        model = ValidationRun
        fields = [
            "id", "version", "champion", "plan", "state", "cause", "job", "requested_at", "started_at", "finished_at",
            "results_digest", "checks", "masked", "measurements",
        ]  # fmt: skip

    def get_masked(self, run: ValidationRun) -> list[str]:
        """Sensitive columns among the slices: their levels go by a number."""
        return self._sight(run).masked_among(run.plan.specification.get("slices", ()))

    @extend_schema_field(MeasurementSerializer(many=True))
    def get_measurements(self, run: ValidationRun) -> Any:
        """Every number as far as the caller may see it."""
        return MeasurementSerializer(seen_measurements(run, self._sight(run)), many=True).data

    def _sight(self, run: ValidationRun) -> Sight:
        """Return what the caller may see; a door that does not say who calls is a defect."""
        return sight_of(actor_of(self.context["request"]), run.plan.held_out.dataset)


class PlanList(Listing):
    """List and fix the validation plans of a model."""

    serializer_class = PlanSerializer
    queryset = ValidationPlan.objects.none()

    def get_queryset(self) -> Any:
        """Return the model's plans."""
        model = model_named(self.request, self.kwargs["slug"])
        return model.validation_plans.select_related("model", "held_out__dataset")

    @extend_schema(request=FixPlanSerializer, responses={201: PlanSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Fix a plan; runs that start from now on follow it."""
        model = model_named(request, slug)
        form = FixPlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        held_out = referenced_snapshot(request, form.validated_data["held_out"], "held_out")
        plan = plans.fix_plan(
            actor=self.actor, model=model, held_out=held_out, specification=form.validated_data["specification"]
        )
        return created(PlanSerializer(plan).data, "api_plan", request, slug=slug, number=plan.number)


class PlanDetail(Door, generics.RetrieveAPIView[ValidationPlan]):
    """One validation plan."""

    serializer_class = PlanSerializer
    queryset = ValidationPlan.objects.none()

    def get_object(self) -> ValidationPlan:
        """Return the plan."""
        rows = ValidationPlan.objects.select_related("model", "held_out__dataset")
        lookup = {"model__slug": self.kwargs["slug"], "number": self.kwargs["number"]}
        return visible(rows, actor_of(self.request), **lookup)


class RunList(Listing):
    """List and request the validation runs of a version."""

    serializer_class = RunSerializer
    queryset = ValidationRun.objects.none()
    filterset_fields = ["state"]

    def get_queryset(self) -> Any:
        """Return the version's runs."""
        version = version_named(self.request, self.kwargs["slug"], self.kwargs["number"])
        return (
            version.validation_runs.with_names()
            .select_related("champion__model", "plan__model")
            .prefetch_related(*PARTS)
        )

    @extend_schema(request=None, responses={202: RunSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Request a run of the newest plan."""
        run = runs.request_run(actor=self.actor, version=version_named(request, slug, number))
        return accepted(RunSerializer(run, context=self.get_serializer_context()).data, "api_run", request, pk=run.pk)


class RunDetail(Door, generics.RetrieveAPIView[ValidationRun]):
    """One validation run."""

    serializer_class = RunSerializer
    queryset = ValidationRun.objects.none()

    def get_object(self) -> ValidationRun:
        """Return the run."""
        rows = ValidationRun.objects.with_names().select_related("champion__model", "plan__model")
        return visible(rows.prefetch_related(*PARTS), actor_of(self.request), pk=self.kwargs["pk"])
