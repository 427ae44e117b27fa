"""Card revisions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from registry.models import CardRevision
from registry.services import cards as services


class CardSerializer(serializers.ModelSerializer[CardRevision]):
    """A card revision as the API shows it."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = CardRevision
        fields = [
            "model", "number", "state", "intended_use", "limitations", "out_of_scope_use", "digest",
            "created_at", "published_at",
        ]  # fmt: skip


class DraftCardSerializer(Body):
    """What a card revision says."""

    intended_use = serializers.CharField()
    limitations = serializers.CharField()
    out_of_scope_use = serializers.CharField()


class CardList(Listing):
    """List and draft card revisions of a model."""

    serializer_class = CardSerializer
    queryset = CardRevision.objects.none()
    filterset_fields = ["state"]

    def get_queryset(self) -> Any:
        """Return the model's card revisions."""
        return model_named(self.request, self.kwargs["slug"]).card_revisions.select_related("model")

    @extend_schema(request=DraftCardSerializer, responses={201: CardSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Draft a card revision."""
        form = DraftCardSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        revision = services.draft_card(actor=self.actor, model=model_named(request, slug), **form.validated_data)
        return created(CardSerializer(revision).data, "api_card", request, slug=slug, number=revision.number)


class CardDetail(Door, generics.RetrieveAPIView[CardRevision]):
    """One card revision."""

    serializer_class = CardSerializer
    queryset = CardRevision.objects.none()

    def get_object(self) -> CardRevision:
        """Return the revision."""
        return card_numbered(self.request, self.kwargs["slug"], self.kwargs["number"])


class CardPublish(Door):
    """Publish a drafted card revision."""

    serializer_class = CardSerializer
    queryset = CardRevision.objects.none()

    @extend_schema(request=None, responses={200: CardSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Publish the revision; an open approval request that covers another one is voided."""
        revision = services.publish_card(actor=self.actor, revision=card_numbered(request, slug, number))
        return Response(CardSerializer(revision).data)


def card_numbered(request: Request, slug: str, number: int) -> CardRevision:
    """Return a model's card revision, if the caller may see it."""
    rows = CardRevision.objects.select_related("model")
    return visible(rows, actor_of(request), model__slug=slug, number=number)
