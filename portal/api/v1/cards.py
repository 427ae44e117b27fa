"""Card revisions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.views import Door, actor_of
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


class CardList(Door, generics.ListAPIView[CardRevision]):
    """List and draft card revisions of a model."""

    serializer_class = CardSerializer
    queryset = CardRevision.objects.none()

    def get_queryset(self) -> Any:
        """Return the model's card revisions."""
        return model_named(self.request, self.kwargs["slug"]).card_revisions.select_related("model")

    @extend_schema(request=DraftCardSerializer, responses={201: CardSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Draft a card revision."""
        form = DraftCardSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        revision = services.draft_card(actor=self.actor, model=model_named(request, slug), **form.validated_data)
        return Response(CardSerializer(revision).data, status=status.HTTP_201_CREATED)


class CardPublish(Door):
    """Publish a drafted card revision."""

    serializer_class = CardSerializer
    queryset = CardRevision.objects.none()

    @extend_schema(request=None, responses={200: CardSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Publish the revision; an open approval request that covers another one is voided."""
        rows = CardRevision.objects.select_related("model")
        revision = visible(rows, actor_of(request), model__slug=slug, number=number)
        return Response(CardSerializer(services.publish_card(actor=self.actor, revision=revision)).data)
