"""Registered models."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
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
from registry.choices import Implementation, Task
from registry.models import RegisteredModel
from registry.services import models as services


class ModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    """A model as the API shows it."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    owner = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]

    use_case = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )

    class Meta:
        model = RegisteredModel
        fields = [
            "slug", "name", "purpose", "team", "owner", "tier", "task", "implementation", "use_case", "created_at",
        ]  # fmt: skip


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


class ModelList(Listing):
    """List and register models."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    filterset_class = InventoryFilter

    def get_queryset(self) -> Any:
        """Return the models the caller may see."""
        return RegisteredModel.objects.visible_to(self.actor).with_names()

    @extend_schema(request=RegisterModelSerializer, responses={201: ModelSerializer})
    def post(self, request: Request) -> Response:
        """Register a model."""
        form = RegisterModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values["team"] = team_named(self.actor, values["team"])
        values["owner"] = owner_named(request, values.pop("owner", None))
        model = services.register_model(actor=self.actor, **values)
        return created(ModelSerializer(model).data, "api_model", request, slug=model.slug)


class ModelDetail(Door, generics.RetrieveAPIView[RegisteredModel]):
    """One model."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    lookup_field = "slug"

    def get_queryset(self) -> Any:
        """Return the models the caller may see."""
        return RegisteredModel.objects.visible_to(self.actor).with_names()


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


def model_named(request: Request, slug: str) -> RegisteredModel:
    """Return the model of this slug, if the caller may see it."""
    return visible(RegisteredModel.objects.with_names(), actor_of(request), slug=slug)
