"""Use cases."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.filters import OfTeam
from portal.api.v1.models import ModelSerializer, model_named, owner_named, person_named
from portal.api.views import Door, Listing, actor_of, created, team_named
from portal.core.querysets import visible
from portal.overviews.truths import TruthFilter
from registry.choices import UseCaseState, UseCaseVerdict
from registry.models import RegisteredModel, UseCase
from registry.selectors import with_state_now
from registry.services import use_cases as services
from registry.services.models import link_model

PURPOSE, AFFECTED, DECISION = "What it is for.", "Whom it affects, and how.", "The decision that is made with it."


class UseCaseSerializer(serializers.ModelSerializer[UseCase]):
    """A use case as the API shows it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    owner = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]
    sponsor = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]
    state = serializers.ChoiceField(
        choices=UseCaseState.choices,
        source="state_now",
        read_only=True,
        help_text="`in_use` while a model of an approved use case is in production.",
    )
    digest = serializers.CharField(read_only=True, help_text="Of what it says and who answers for it.")
    models = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)  # type: ignore[var-annotated]
    decided_by = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = UseCase
        fields = [
            "slug", "name", "team", "owner", "sponsor", "purpose", "affected_persons", "decision", "state",
            "not_a_model", "digest", "models", "proposed_at", "decided_by", "decided_at", "rationale", "retired_at",
            "reason",
        ]  # fmt: skip


class ProposeUseCaseSerializer(Body):
    """What proposing a use case needs; the owner is the caller (of a service account its owner) unless named."""

    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=200)
    team = serializers.SlugField()
    owner = serializers.EmailField(required=False)
    sponsor = serializers.EmailField()
    purpose = serializers.CharField(help_text=PURPOSE)
    affected_persons = serializers.CharField(help_text=AFFECTED)
    decision = serializers.CharField(help_text=DECISION)


class ChangeUseCaseSerializer(Body):
    """What of a proposed use case changes; the rest stays."""

    name = serializers.CharField(max_length=200, required=False)
    owner = serializers.EmailField(required=False)
    sponsor = serializers.EmailField(required=False)
    purpose = serializers.CharField(required=False, help_text=PURPOSE)
    affected_persons = serializers.CharField(required=False, help_text=AFFECTED)
    decision = serializers.CharField(required=False, help_text=DECISION)


class DecideUseCaseSerializer(Body):
    """What a decision of the second line needs."""

    verdict = serializers.ChoiceField(choices=UseCaseVerdict.choices)
    shown_digest = serializers.CharField(help_text="The use case's `digest` as you read it.")
    rationale = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="Only an approval may go without one."
    )


class RetireUseCaseSerializer(Body):
    """Why a use case is over."""

    reason = serializers.CharField()


class LinkModelSerializer(Body):
    """The use case that a model serves."""

    use_case = serializers.SlugField(allow_null=True, help_text="Slug of a use case of its team; null for none.")


class UseCaseFilter(OfTeam):
    """What a list of use cases can be narrowed to."""

    state = django_filters.ChoiceFilter(field_name="state_now", choices=UseCaseState.choices)
    not_a_model = TruthFilter(label="Rejected because it needs no model.")


class UseCaseList(Listing):
    """List and propose use cases."""

    serializer_class = UseCaseSerializer
    queryset = UseCase.objects.none()
    filterset_class = UseCaseFilter

    def get_queryset(self) -> Any:
        """Return the use cases the caller may see."""
        return _rows().visible_to(self.actor)

    @extend_schema(request=ProposeUseCaseSerializer, responses={201: UseCaseSerializer})
    def post(self, request: Request) -> Response:
        """Propose a use case."""
        form = ProposeUseCaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["team"] = team_named(self.actor, values["team"])
        values["owner"] = owner_named(request, values.pop("owner", None))
        values["sponsor"] = person_named(request, values["sponsor"], "sponsor")
        made = services.propose_use_case(actor=self.actor, **values)
        return created(_shown(request, made.slug), "api_use_case", request, slug=made.slug)


class UseCaseDetail(Door, generics.RetrieveAPIView[UseCase]):
    """One use case."""

    serializer_class = UseCaseSerializer
    queryset = UseCase.objects.none()

    def get_object(self) -> UseCase:
        """Return the use case."""
        return use_case_named(self.request, self.kwargs["slug"])

    @extend_schema(request=ChangeUseCaseSerializer, responses={200: UseCaseSerializer})
    def patch(self, request: Request, slug: str) -> Response:
        """Change a use case that is still proposed."""
        found = use_case_named(request, slug)
        form = ChangeUseCaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        people = {name: person_named(request, values[name], name) for name in ("owner", "sponsor") if name in values}
        services.change_use_case(actor=self.actor, use_case=found, **values | people)
        return Response(_shown(request, slug))


class UseCaseDecision(Door):
    """Decide about a use case."""

    serializer_class = UseCaseSerializer
    queryset = UseCase.objects.none()

    @extend_schema(request=DecideUseCaseSerializer, responses={200: UseCaseSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Approve a use case for development, reject it, or find that it is not a model."""
        found = use_case_named(request, slug)
        form = DecideUseCaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.decide_use_case(actor=self.actor, use_case=found, **form.validated_data)
        return Response(_shown(request, slug))


class UseCaseRetire(Door):
    """Retire a use case."""

    serializer_class = UseCaseSerializer
    queryset = UseCase.objects.none()

    @extend_schema(request=RetireUseCaseSerializer, responses={200: UseCaseSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Retire a use case none of whose models is in production."""
        found = use_case_named(request, slug)
        form = RetireUseCaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.retire_use_case(actor=self.actor, use_case=found, **form.validated_data)
        return Response(_shown(request, slug))


class ModelUseCase(Door):
    """Name the use case of a model."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()

    @extend_schema(request=LinkModelSerializer, responses={200: ModelSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Say which use case of its team a model serves, or none."""
        model = model_named(request, slug)
        form = LinkModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        name = form.validated_data["use_case"]
        found = _referenced(request, name) if name is not None else None
        link_model(actor=self.actor, model=model, use_case=found)
        return Response(ModelSerializer(model_named(request, slug)).data)


def use_case_named(request: Request, slug: str) -> UseCase:
    """Return the use case of this slug, if the caller may see it."""
    found: UseCase = visible(_rows(), actor_of(request), slug=slug)
    return found


def _rows() -> Any:
    return with_state_now(UseCase.objects.with_names()).prefetch_related("models")


def _shown(request: Request, slug: str) -> Any:
    return UseCaseSerializer(use_case_named(request, slug)).data


def _referenced(request: Request, slug: str) -> UseCase:
    found = UseCase.objects.visible_to(actor_of(request)).filter(slug=slug).first()
    if found is None:
        raise serializers.ValidationError({"use_case": [f"There is no use case {slug}."]})
    return found
