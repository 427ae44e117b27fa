"""Comments on models, versions and findings."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.v1.findings import finding_numbered
from portal.api.v1.models import model_named
from portal.api.v1.releases import version_numbered
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from portal.overviews.comments import comments_on, is_hidden
from portal.threads.models import Comment, EarlierText
from portal.threads.rules import LIMIT, REASON_LIMIT
from portal.threads.services import edit_comment, withdraw_comment
from registry.models.discussions import Commented
from registry.services.discussions import comment_on


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment as the API shows it."""

    about = serializers.CharField(source="thread.about", read_only=True, help_text="What it is on, in words.")
    author = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]
    text = serializers.SerializerMethodField(help_text="CommonMark; null where it was withdrawn.")
    digest = serializers.CharField(
        read_only=True, help_text="SHA-256 of the salt’s bytes and the text in UTF-8, as the ledger has it."
    )
    salt = serializers.SerializerMethodField(help_text="Hexadecimal; null where the text was withdrawn.")

    class Meta:
        model = Comment
        fields = [
            "id", "about", "number", "author", "text", "salt", "digest", "state", "written_at", "edited_at",
            "withdrawn_at",
        ]  # fmt: skip
        extra_kwargs = {"state": {"read_only": True}}

    def get_text(self, comment: Comment) -> str | None:
        """Return the text, unless it was withdrawn and the caller is no auditor."""
        return None if is_hidden(actor_of(self.context["request"]), comment) else comment.text

    def get_salt(self, comment: Comment) -> str | None:
        """Return the salt of the text’s digest, to whom the text is shown."""
        return None if is_hidden(actor_of(self.context["request"]), comment) else comment.salt


class EarlierTextSerializer(serializers.ModelSerializer[EarlierText]):
    """How a comment read, until when."""

    class Meta:
        model = EarlierText
        fields = ["text", "until"]


class CommentDetailSerializer(CommentSerializer):
    """One comment with the texts that it had before, the oldest first."""

    earlier_texts = serializers.SerializerMethodField(help_text="Empty where it was withdrawn.")

    class Meta(CommentSerializer.Meta):
        fields = [*CommentSerializer.Meta.fields, "earlier_texts"]

    @extend_schema_field(EarlierTextSerializer(many=True))
    def get_earlier_texts(self, comment: Comment) -> Any:
        """Return the texts before, unless it was withdrawn and the caller is no auditor."""
        hidden = is_hidden(actor_of(self.context["request"]), comment)
        return [] if hidden else EarlierTextSerializer(comment.earlier_texts.all(), many=True).data


class CommentBody(Body):
    """What somebody says."""

    text = serializers.CharField(
        trim_whitespace=False, help_text=f"CommonMark of at most {LIMIT} characters; HTML in it is shown as text."
    )


class WithdrawalBody(Body):
    """Why somebody else's comment is withdrawn."""

    reason = serializers.CharField(
        required=False, max_length=REASON_LIMIT, help_text="Needed for the comment of a closed account; else left out."
    )


class _CommentsAbout(Listing):
    """List and write comments on one thing."""

    serializer_class = CommentSerializer
    queryset = Comment.objects.none()

    def subject(self) -> Commented:
        """Return what the comments are on, if the caller may see it."""
        raise NotImplementedError

    def get_queryset(self) -> Any:
        """Return the comments, withdrawn ones without their text."""
        return comments_on(self.subject())

    def _write(self, request: Request) -> Response:
        subject = self.subject()
        form = CommentBody(data=request.data)
        form.is_valid(raise_exception=True)
        made = comment_on(actor=self.actor, subject=subject, text=form.validated_data["text"])
        data = CommentDetailSerializer(made, context={"request": request}).data
        return created(data, "api_comment", request, pk=made.pk)


class ModelComments(_CommentsAbout):
    """List and write comments on a model itself."""

    def subject(self) -> Commented:
        """Return the model."""
        return model_named(self.request, self.kwargs["slug"])

    @extend_schema(request=CommentBody, responses={201: CommentDetailSerializer})
    def post(self, request: Request, slug: str) -> Response:  # noqa: ARG002
        """Comment on the model."""
        return self._write(request)


class VersionComments(_CommentsAbout):
    """List and write comments on a version."""

    def subject(self) -> Commented:
        """Return the version."""
        return version_numbered(model_named(self.request, self.kwargs["slug"]), self.kwargs["number"])

    @extend_schema(request=CommentBody, responses={201: CommentDetailSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:  # noqa: ARG002
        """Comment on the version."""
        return self._write(request)


class FindingComments(_CommentsAbout):
    """List and write comments on a finding."""

    def subject(self) -> Commented:
        """Return the finding."""
        return finding_numbered(self.request, self.kwargs["slug"], self.kwargs["number"])

    @extend_schema(request=CommentBody, responses={201: CommentDetailSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:  # noqa: ARG002
        """Comment on the finding."""
        return self._write(request)


class CommentDetail(Door, generics.RetrieveAPIView[Comment]):
    """One comment."""

    serializer_class = CommentDetailSerializer
    queryset = Comment.objects.none()

    def get_object(self) -> Comment:
        """Return the comment."""
        return _comment(self.request, self.kwargs["pk"])

    @extend_schema(request=CommentBody, responses={200: CommentDetailSerializer})
    def patch(self, request: Request, pk: int) -> Response:
        """Edit the comment, as its author; the earlier text is kept."""
        found = _comment(request, pk)
        form = CommentBody(data=request.data)
        form.is_valid(raise_exception=True)
        edit_comment(actor=self.actor, comment=found, **form.validated_data)
        return _answer(request, pk)


class CommentWithdraw(Door):
    """Withdraw a comment."""

    serializer_class = CommentDetailSerializer
    queryset = Comment.objects.none()

    @extend_schema(request=WithdrawalBody, responses={200: CommentDetailSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw the comment, as its author, or with a reason where the author's account is closed.

        Its texts are for auditors alone from now on.
        """
        form = WithdrawalBody(data=request.data)
        form.is_valid(raise_exception=True)
        withdraw_comment(actor=self.actor, comment=_comment(request, pk), **form.validated_data)
        return _answer(request, pk)


def _comment(request: Request, pk: int) -> Comment:
    return visible(Comment.objects.with_names(), actor_of(request), pk=pk)


def _answer(request: Request, pk: int) -> Response:
    return Response(CommentDetailSerializer(_comment(request, pk), context={"request": request}).data)
