"""Pipeline stages of a model."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import User
from portal.accounts.selectors import people_known_to
from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.views import Door, actor_of, team_named
from portal.core.errors import Invalid
from registry.choices import Stage, StageState
from registry.models import PipelineStage
from registry.rules.stages import FEWEST_HOURS, MOST_HOURS
from registry.selectors import stages_of
from registry.services.stages import assign_stage


class StageSerializer(serializers.ModelSerializer[PipelineStage]):
    """A stage as the API shows it: a person or a team owns it, or nobody does."""

    state = serializers.ChoiceField(
        choices=StageState.choices, read_only=True, help_text="Only `owned` means that somebody answers for it."
    )
    gate = serializers.CharField(source="kind.gate", read_only=True, help_text="Which gate follows the stage.")
    owner = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        source="owner_user", slug_field="email", read_only=True, allow_null=True
    )
    owner_team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )
    backup = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = PipelineStage
        fields = ["stage", "state", "gate", "owner", "owner_team", "backup", "response_hours", "changed_at"]


class StagesSerializer(serializers.Serializer[Any]):
    """A model's six stages in order, and for how many nobody answers."""

    without_owner = serializers.IntegerField()
    stages = StageSerializer(many=True)


class AssignStageSerializer(Body):
    """Who answers for a stage; what is left out or null is nobody, or not said."""

    owner = serializers.EmailField(required=False, allow_null=True, help_text="A person who may read the model.")
    owner_team = serializers.SlugField(required=False, allow_null=True, help_text="Instead of a person.")
    backup = serializers.EmailField(required=False, allow_null=True, help_text="Somebody else than the owner.")
    response_hours = serializers.IntegerField(
        required=False, allow_null=True, min_value=FEWEST_HOURS, max_value=MOST_HOURS
    )


class StageList(Door):
    """The stages of a model."""

    serializer_class = StagesSerializer
    queryset = PipelineStage.objects.none()

    @extend_schema(responses={200: StagesSerializer})
    def get(self, request: Request, slug: str) -> Response:
        """Return the model's six stages with who answers for each."""
        rows = stages_of(model_named(request, slug))
        count = sum(row.state != StageState.OWNED for row in rows)
        return Response(StagesSerializer({"without_owner": count, "stages": rows}).data)


class StageDetail(Door):
    """One stage of a model."""

    serializer_class = StageSerializer
    queryset = PipelineStage.objects.none()

    @extend_schema(
        parameters=[OpenApiParameter("stage", OpenApiTypes.STR, OpenApiParameter.PATH, enum=Stage.values)],
        request=AssignStageSerializer,
        responses={200: StageSerializer},
    )
    def put(self, request: Request, slug: str, stage: str) -> Response:
        """Say who owns the stage, who stands in and how soon they answer; said twice, it changes once."""
        model = model_named(request, slug)
        form = AssignStageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        owner, team = given.get("owner"), given.get("owner_team")
        if owner and team:
            words = "Name a person or a team as owner, not both."
            raise Invalid(words, fields={"owner_team": [words]})
        row = assign_stage(
            actor=self.actor,
            model=model,
            stage=stage,
            owner=_team_named(request, team) if team else _person_named(request, "owner", owner),
            backup=_person_named(request, "backup", given.get("backup")),
            response_hours=given.get("response_hours"),
        )
        return Response(StageSerializer(row).data)


def _person_named(request: Request, field: str, email: str | None) -> User | None:
    """Return whom the address names among those that the caller knows; raises Invalid. Whether they fit is a rule's."""
    if email is None:
        return None
    found = people_known_to(actor_of(request)).filter(email=email.lower()).first()
    if found is None:
        raise Invalid("Nobody of your teams has this address.", fields={field: ["Nobody of your teams has it."]})
    return found


def _team_named(request: Request, slug: str) -> Any:
    try:
        return team_named(actor_of(request), slug)
    except Invalid as refused:
        raise Invalid(refused.message, fields={"owner_team": refused.fields["team"]}) from None
