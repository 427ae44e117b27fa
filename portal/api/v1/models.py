"""Registered models."""

from typing import Any

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.selectors import people_known_to
from portal.api.bodies import Body
from portal.api.views import Door, Listing, actor_of, created, team_named
from portal.core.querysets import visible
from portal.overviews.inventory import InventoryFilter
from registry.choices import Implementation, Origin, Task, TierStanding
from registry.models import RegisteredModel, Release
from registry.rules.links import Contact, Link
from registry.rules.tags import MOST
from registry.selectors import tier_standing
from registry.services import models as services

BACKUP = "Who answers when the owner can't; may read the model."
MLFLOW_NAME = "By which MLflow clients know it; unique in the installation."


class LinkSerializer(Body):
    """A page elsewhere; the portal never visits it."""

    title = serializers.CharField(max_length=200)
    url = serializers.CharField(max_length=2000, help_text="Over https.")


class ContactSerializer(Body):
    """Somebody who can be asked, here or elsewhere."""

    name = serializers.CharField(max_length=200)
    role = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    address = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="E-mail address, page or number."
    )


class DeclaredSerializer(serializers.ModelSerializer[Release]):
    """What was in use before the portal and has not been approved here."""

    class Meta:
        model = Release
        fields = ["environment", "in_use_since", "deadline", "description"]


class ModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    """A model as the API shows it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    owner = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]

    backup = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="email", read_only=True, allow_null=True
    )
    use_case = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )

    tier_standing = serializers.ChoiceField(
        choices=TierStanding.choices,
        read_only=True,
        default=TierStanding.NOT_ASSESSED,
        help_text="`not_assessed`: the tier was given by hand.",
    )

    tags = serializers.ListField(child=serializers.CharField(), source="labels", read_only=True)
    links = LinkSerializer(many=True, read_only=True)
    contacts = ContactSerializer(many=True, read_only=True)

    declared = serializers.SerializerMethodField(
        help_text="What was in use before the portal, and by when it goes through the gates; mostly empty."
    )

    class Meta:
        model = RegisteredModel
        fields = [
            "slug", "name", "purpose", "team", "owner", "tier", "tier_standing", "task", "implementation",
            "backup", "mlflow_name", "origin", "tags", "links", "contacts",
            "use_case", "created_at", "retired_at", "retirement", "declared",
        ]  # fmt: skip

    @extend_schema_field(DeclaredSerializer(many=True))
    def get_declared(self, model: RegisteredModel) -> Any:
        """Return the declared releases; a list has read them for all its models."""
        read = getattr(model, "declared_releases", None)
        return DeclaredSerializer(model.releases.declared() if read is None else read, many=True).data


def _tags() -> Any:
    return serializers.ListField(
        child=serializers.CharField(), required=False, max_length=100,
        help_text=f"All its labels, {MOST} at most; they are kept in small letters, with hyphens for spaces.",
    )  # fmt: skip


class RegisterModelSerializer(Body):
    """What registering a model needs; the owner is the caller (of a service account its owner) unless named."""

    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=200)
    purpose = serializers.CharField(help_text="The decision that is made with it.")
    team = serializers.SlugField()
    owner = serializers.EmailField(required=False)
    tier = serializers.IntegerField(min_value=1, max_value=3, help_text="1 is the highest impact.")
    task = serializers.ChoiceField(choices=Task.choices)
    implementation = serializers.ChoiceField(choices=Implementation.choices)
    origin = serializers.ChoiceField(choices=Origin.choices, required=False, default=Origin.OWN)
    backup = serializers.EmailField(required=False, allow_null=True, help_text=BACKUP)
    mlflow_name = serializers.CharField(required=False, allow_null=True, help_text=MLFLOW_NAME)
    tags = _tags()
    links = LinkSerializer(many=True, required=False, help_text="All of them.")
    contacts = ContactSerializer(many=True, required=False, help_text="All of them.")


class ChangeModelSerializer(Body):
    """What of a model's record changes; the rest stays."""

    name = serializers.CharField(max_length=200, required=False)
    purpose = serializers.CharField(required=False, help_text="The decision that is made with it.")
    owner = serializers.EmailField(required=False)
    backup = serializers.EmailField(required=False, allow_null=True, help_text=f"{BACKUP} Null for nobody.")
    mlflow_name = serializers.CharField(required=False, allow_null=True, help_text=f"{MLFLOW_NAME} Null for none.")
    tags = _tags()
    links = LinkSerializer(many=True, required=False, help_text="All of them.")
    contacts = ContactSerializer(many=True, required=False, help_text="All of them.")


class RetireModelSerializer(Body):
    """Why a model is over."""

    reason = serializers.CharField()


class ModelList(Listing):
    """List and register models."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    filterset_class = InventoryFilter

    def get_queryset(self) -> Any:
        """Return the models the caller may see."""
        declared = Prefetch("releases", Release.objects.declared(), to_attr="declared_releases")
        return described().visible_to(self.actor).prefetch_related(declared)

    @extend_schema(request=RegisterModelSerializer, responses={201: ModelSerializer})
    def post(self, request: Request) -> Response:
        """Register a model."""
        form = RegisterModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["team"] = team_named(self.actor, values["team"])
        values["owner"] = owner_named(request, values.pop("owner", None))
        values["backup"] = _backup_named(request, values.get("backup"))
        model = services.register_model(actor=self.actor, **values | _listed(values))
        return created(ModelSerializer(model).data, "api_model", request, slug=model.slug)


class ModelDetail(Door, generics.RetrieveAPIView[RegisteredModel]):
    """One model."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    lookup_field = "slug"

    def get_queryset(self) -> Any:
        """Return the models the caller may see."""
        return described().visible_to(self.actor)

    @extend_schema(request=ChangeModelSerializer, responses={200: ModelSerializer})
    def patch(self, request: Request, slug: str) -> Response:
        """Change what a model's record says and who answers for it."""
        model = model_named(request, slug)
        form = ChangeModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        if "owner" in values:
            values["owner"] = person_named(request, values["owner"], "owner")
        if "backup" in values:
            values["backup"] = _backup_named(request, values["backup"])
        services.change_model(actor=self.actor, model=model, **values | _listed(values))
        return Response(ModelSerializer(model_named(request, slug)).data)


class ModelRetire(Door):
    """Retire a model."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()

    @extend_schema(request=RetireModelSerializer, responses={200: ModelSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Retire a model of which no version takes live decisions and no request is open."""
        model = model_named(request, slug)
        form = RetireModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.retire_model(actor=self.actor, model=model, **form.validated_data)
        return Response(ModelSerializer(model_named(request, slug)).data)


def owner_named(request: Request, email: str | None) -> User:
    """Return the person of this address, or the caller (of a service account its owner); raises ValidationError."""
    if email is None:
        caller = get_object_or_404(User.objects.select_related("owner"), pk=actor_of(request).user_id)
        return caller.owner or caller
    return person_named(request, email, "owner")


def person_named(request: Request, email: str, field: str) -> User:
    """Return the person of this address whom the caller knows; raises ValidationError under `field`."""
    known = people_known_to(actor_of(request))
    found = known.filter(email=email.lower(), is_active=True, kind=UserKind.PERSON).first()
    if found is None:
        raise serializers.ValidationError({field: ["Nobody of your teams who may sign in has this address."]})
    return found


def _listed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the links and contacts that were sent, as the verbs take them."""
    kinds: dict[str, type[Link | Contact]] = {"links": Link, "contacts": Contact}
    return {name: [kind(**row) for row in values[name]] for name, kind in kinds.items() if name in values}


def _backup_named(request: Request, email: str | None) -> User | None:
    return person_named(request, email, "backup") if email else None


def model_named(request: Request, slug: str) -> RegisteredModel:
    """Return the model of this slug, if the caller may see it."""
    found: RegisteredModel = visible(described(), actor_of(request), slug=slug)
    return found


def described() -> Any:
    """Return the models with what an answer says of them."""
    return RegisteredModel.objects.with_names().annotate(tier_standing=tier_standing())
