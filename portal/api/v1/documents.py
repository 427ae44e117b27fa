"""Documents about a model: described, their file sent, withdrawn."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.uploads import declared_sha256, stored_upload
from portal.api.v1.data import CONTENT_DIGEST
from portal.api.v1.models import model_named
from portal.api.views import Door, Listing, actor_of, created
from portal.blobs.downloads import answer
from portal.core.clock import now
from portal.core.querysets import visible
from portal.overviews.documents import DocumentFilter, documents_now
from registry.choices import DocumentKind, DocumentState
from registry.models import Document, RegisteredModel
from registry.rules.documents import MOST_BYTES, SUFFIXES, Said
from registry.selectors import file_of_document
from registry.services import documents as services

SIGNED = "As stated; nobody here verifies it."


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document as the API shows it; only a `valid` one counts as evidence."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    state = serializers.ChoiceField(source="state_now", choices=DocumentState.choices, read_only=True)
    size = serializers.IntegerField(
        source="blob.size", read_only=True, allow_null=True, help_text="Bytes; null until the file is there."
    )
    replaces = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="number", read_only=True, allow_null=True, help_text="Number of the document that it replaces."
    )
    added_by = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]
    withdrawn_by = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = Document
        fields = [
            "model", "number", "kind", "title", "state", "sha256", "size", "media_type", "signed_by", "signed_on",
            "valid_from", "valid_until", "replaces", "added_by", "added_at", "received_at", "withdrawn_by",
            "withdrawn_at", "withdrawal",
        ]  # fmt: skip


class DescribeDocumentSerializer(Body):
    """What is stated about a document; its file is sent afterwards."""

    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    title = serializers.CharField(max_length=200)
    sha256 = serializers.CharField(max_length=64, help_text="Of the file that will be sent, in hexadecimal digits.")
    signed_by = serializers.CharField(max_length=200, required=False, default="", allow_blank=True, help_text=SIGNED)
    signed_on = serializers.DateField(required=False, allow_null=True, default=None, help_text=SIGNED)
    valid_from = serializers.DateField(required=False, help_text="First day, UTC; without it today.")
    valid_until = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Last day, UTC; null: it does not expire."
    )
    replaces = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1,
        help_text="Number of a document that stops counting on the first day of this one.",
    )  # fmt: skip


class WithdrawDocumentSerializer(Body):
    """Why a document counts no more."""

    reason = serializers.CharField()


class DocumentList(Listing):
    """List and describe documents about a model."""

    serializer_class = DocumentSerializer
    queryset = Document.objects.none()
    filterset_class = DocumentFilter

    def get_queryset(self) -> Any:
        """Return the model's documents."""
        return documents_now(self.actor).filter(model=model_named(self.request, self.kwargs["slug"]))

    @extend_schema(request=DescribeDocumentSerializer, responses={201: DocumentSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Describe a document; it counts once its file was sent."""
        model = model_named(request, slug)
        form = DescribeDocumentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = {"valid_from": now().date(), **form.validated_data}
        former = _former(model, values.pop("replaces"))
        said = Said(**values | {"sha256": values["sha256"].lower()})
        made = services.describe_document(actor=self.actor, model=model, said=said, replaces=former)
        data = DocumentSerializer(_numbered(request, slug, made.number)).data
        return created(data, "api_document", request, slug=slug, number=made.number)


class DocumentDetail(Door, generics.RetrieveAPIView[Document]):
    """One document."""

    serializer_class = DocumentSerializer
    queryset = Document.objects.none()

    def get_object(self) -> Document:
        """Return the document."""
        return _numbered(self.request, self.kwargs["slug"], self.kwargs["number"])


class DocumentFile(Door):
    """The file of a document: sent once, fetched at any time."""

    serializer_class = DocumentSerializer
    queryset = Document.objects.none()
    streamed = True
    ranged = True

    @extend_schema(
        operation_id="models_documents_file_download",
        responses={(200, media_type): OpenApiTypes.BINARY for media_type in SUFFIXES},
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponseBase:
        """Download the file, in whole or one range of bytes; the ETag is its SHA-256, so that parts can be joined."""
        found = file_of_document(_numbered(request, slug, number))
        if found is None:
            raise Http404
        return answer(request, found)

    @extend_schema(
        parameters=[CONTENT_DIGEST],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: DocumentSerializer, 201: DocumentSerializer},
    )
    def put(self, request: Request, slug: str, number: int) -> Response:
        """Upload the file; its bytes must have the stated digest. Sent twice, it is there once: 200."""
        found, sha256 = _numbered(request, slug, number), declared_sha256(request)
        self.actor.require("add_document", found.model.team_id)
        if found.blob is not None and found.sha256 == sha256:
            return Response(DocumentSerializer(found).data)
        services.require_awaited(actor=self.actor, document=found, sha256=sha256)
        blob = stored_upload(request, self.actor, sha256=sha256, limit=MOST_BYTES)
        services.receive_document(actor=self.actor, document=found, blob=blob)
        return Response(DocumentSerializer(_numbered(request, slug, number)).data, status=201)


class DocumentWithdraw(Door):
    """Let a document count no more."""

    serializer_class = DocumentSerializer
    queryset = Document.objects.none()

    @extend_schema(request=WithdrawDocumentSerializer, responses={200: DocumentSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Withdraw a document for good; it stays with its file, and with the reason."""
        found = _numbered(request, slug, number)
        form = WithdrawDocumentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.withdraw_document(actor=self.actor, document=found, **form.validated_data)
        return Response(DocumentSerializer(_numbered(request, slug, number)).data)


def _numbered(request: Request, slug: str, number: int) -> Document:
    found: Document = visible(documents_now(actor_of(request)), actor_of(request), model__slug=slug, number=number)
    return found


def _former(model: RegisteredModel, number: int | None) -> Document | None:
    if number is None:
        return None
    found = model.documents.filter(number=number).first()
    if found is None:
        raise serializers.ValidationError({"replaces": [f"{model.slug} has no document {number}."]})
    return found
