"""Tier assessments of a model, and the questionnaire by which tiers are assessed."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from portal.overviews.tiers import Raised, raised_by
from registry.choices import Level
from registry.models import TierAssessment
from registry.selectors import questionnaire
from registry.services.tiers import assess_tier, withdraw_assessment


class AnswerSerializer(serializers.Serializer[Any]):
    """One answer that can be chosen."""

    key = serializers.CharField()
    text = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)


class QuestionSerializer(serializers.Serializer[Any]):
    """One question."""

    key = serializers.CharField()
    text = serializers.CharField()
    answers = AnswerSerializer(many=True)


class AxisSerializer(serializers.Serializer[Any]):
    """One axis; it is as high as the highest answer to its questions."""

    key = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    questions = QuestionSerializer(many=True)


class RowSerializer(serializers.Serializer[Any]):
    """A row of the table: the tier that three levels come to."""

    exposure = serializers.ChoiceField(choices=Level.choices)
    purpose = serializers.ChoiceField(choices=Level.choices)
    complexity = serializers.ChoiceField(choices=Level.choices)
    tier = serializers.IntegerField()


class QuestionnaireSerializer(serializers.Serializer[Any]):
    """The questionnaire that is asked now, with the table that its answers are looked up in."""

    slug = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text="An assessment sends it along as `shown_digest`.")
    title = serializers.CharField()
    axes = AxisSerializer(many=True)
    tiers = RowSerializer(many=True)


class VoidedSerializer(serializers.Serializer[Any]):
    """An approval request that the higher tier made void."""

    request = serializers.IntegerField(source="pk")
    version = serializers.IntegerField(source="release.version.number")


class LackingSerializer(serializers.Serializer[Any]):
    """What a version lacks at the higher tier."""

    version = serializers.IntegerField(source="version.number")
    check = serializers.CharField(source="title")
    remedy = serializers.CharField()


class RaisedSerializer(serializers.Serializer[Any]):
    """What raising the tier made incomplete."""

    voided_requests = VoidedSerializer(source="requests", many=True)
    lacking = LackingSerializer(many=True)


class AssessmentSerializer(serializers.ModelSerializer[TierAssessment]):
    """A tier assessment as the API shows it."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    assessed_by = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]
    answers = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = TierAssessment
        fields = [
            "model", "number", "state", "tier", "computed_tier", "tier_before", "exposure", "purpose", "complexity",
            "answers", "rationale", "independent", "questionnaire", "questionnaire_version", "questionnaire_digest",
            "assessed_by", "assessed_at", "ended_at",
        ]  # fmt: skip


class AssessmentDetailSerializer(AssessmentSerializer):
    """One assessment, with what it made incomplete."""

    raised = serializers.SerializerMethodField(
        help_text="What raising the tier made incomplete; null unless the assessment raised it and is in force."
    )

    class Meta(AssessmentSerializer.Meta):
        fields = [*AssessmentSerializer.Meta.fields, "raised"]

    @extend_schema_field(RaisedSerializer(allow_null=True))
    def get_raised(self, row: TierAssessment) -> Any:
        """Return what the assessment made incomplete."""
        found: Raised | None = raised_by(row)
        return RaisedSerializer(found).data if found else None


class AssessTierSerializer(Body):
    """What an assessment needs: an answer to every question."""

    shown_digest = serializers.CharField(help_text="The questionnaire's `digest` as you read it.")
    answers = serializers.DictField(
        child=serializers.CharField(), help_text="Question -> answer, by key. An open or unknown one is refused."
    )
    rationale = serializers.CharField(help_text="Why it was answered so.")
    tier = serializers.IntegerField(
        required=False, min_value=1, max_value=3, help_text="A higher tier (towards 1) than the answers come to."
    )


class TierQuestionnaire(Door):
    """The questionnaire by which tiers are assessed."""

    serializer_class = QuestionnaireSerializer

    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return the questionnaire that is asked now."""
        asked = questionnaire()
        rows = [
            {"exposure": exposure, "purpose": purpose, "complexity": complexity, "tier": tier}
            for (exposure, purpose, complexity), tier in asked.tiers.items()
        ]
        said = {name: getattr(asked, name) for name in ("slug", "version", "digest", "title", "axes")}
        return Response(QuestionnaireSerializer({**said, "tiers": rows}).data)


class AssessmentList(Listing):
    """List and make tier assessments of a model."""

    serializer_class = AssessmentSerializer
    queryset = TierAssessment.objects.none()
    filterset_fields = ["state"]

    def get_queryset(self) -> Any:
        """Return the model's assessments."""
        return model_named(self.request, self.kwargs["slug"]).tier_assessments.with_names()

    @extend_schema(request=AssessTierSerializer, responses={201: AssessmentDetailSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Assess the tier: raised, it is the model's at once; lowered, it stays proposed."""
        form = AssessTierSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = assess_tier(actor=self.actor, model=model_named(request, slug), **form.validated_data)
        data = AssessmentDetailSerializer(made).data
        return created(data, "api_assessment", request, slug=slug, number=made.number)


class AssessmentDetail(Door, generics.RetrieveAPIView[TierAssessment]):
    """One tier assessment."""

    serializer_class = AssessmentDetailSerializer
    queryset = TierAssessment.objects.none()

    def get_object(self) -> TierAssessment:
        """Return the assessment."""
        return assessment_numbered(self.request, self.kwargs["slug"], self.kwargs["number"])


class AssessmentWithdraw(Door):
    """Take back a proposed lower tier."""

    serializer_class = AssessmentDetailSerializer
    queryset = TierAssessment.objects.none()

    @extend_schema(request=None, responses={200: AssessmentDetailSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Take back the proposal of a lower tier, as who made it."""
        row = withdraw_assessment(actor=self.actor, assessment=assessment_numbered(request, slug, number))
        return Response(AssessmentDetailSerializer(row).data)


def assessment_numbered(request: Request, slug: str, number: int) -> TierAssessment:
    """Return a model's assessment, if the caller may see it."""
    return visible(TierAssessment.objects.with_names(), actor_of(request), model__slug=slug, number=number)
