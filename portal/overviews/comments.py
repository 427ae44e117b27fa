"""Comments on a thing: a page of them as the reader may see them, and the newest on the thing's own page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from portal.core.actors import Actor
from portal.threads.models import Comment, EarlierText
from portal.threads.rules import change_problem
from registry.models import Discussion, Finding, ModelVersion
from registry.models.discussions import Commented, model_of

SHOWN = 3
"""Comments on the page of the thing itself."""


@dataclass(frozen=True)
class CommentLine:
    """One comment; `hidden` says that its texts are not for this reader, `may_change` that its author looks.

    `may_withdraw` also says it of who may withdraw what was written by a closed account.
    """

    comment: Comment
    hidden: bool
    may_change: bool
    may_withdraw: bool
    earlier: Sequence[EarlierText]


@dataclass(frozen=True)
class CommentsSummary:
    """How many comments stand on a thing, withdrawn ones left out, and the newest of them, the newest first."""

    url: str
    count: int
    newest: Sequence[Comment]
    may_write: bool

    @property
    def words(self) -> str:
        """Return how many there are."""
        return f"{self.count} comment{'' if self.count == 1 else 's'}" if self.count else ""


def comments_on(subject: Commented) -> QuerySet[Comment]:
    """Return the comments on a thing that the reader may see, the oldest first."""
    rows = Discussion.objects.comments_on(subject).with_names().prefetch_related("earlier_texts")
    return rows.order_by("number")


def comment_lines(actor: Actor, rows: Sequence[Comment]) -> list[CommentLine]:
    """Return comments as this reader may see them, in the order given."""
    return [_line(actor, row, hidden=is_hidden(actor, row)) for row in rows]


def is_hidden(actor: Actor, comment: Comment) -> bool:
    """Whether the texts of a comment are not for this reader: it was withdrawn, and the reader audits nothing."""
    return comment.is_withdrawn and not actor.may("read_withdrawn", comment.thread.team_id)


def _line(actor: Actor, row: Comment, *, hidden: bool) -> CommentLine:
    own = not change_problem(row.author_id, actor.user_id)
    may_change = own and not row.is_withdrawn and actor.may("comment", row.thread.team_id)
    orphaned = not own and not row.author.is_active and not row.is_withdrawn
    return CommentLine(
        comment=row,
        hidden=hidden,
        may_change=may_change,
        may_withdraw=may_change or (orphaned and actor.may("withdraw_comment", row.thread.team_id)),
        earlier=[] if hidden else list(row.earlier_texts.all()),
    )


def comments_summary(actor: Actor, subject: Commented) -> CommentsSummary:
    """Return what the page of a thing says about its comments."""
    standing = Discussion.objects.comments_on(subject).standing()
    return CommentsSummary(
        url=comments_url(subject),
        count=standing.count(),
        newest=list(standing.with_names().order_by("-number")[:SHOWN]),
        may_write=actor.may("comment", model_of(subject).team_id),
    )


def comments_url(subject: Commented) -> str:
    """Return the address of the page with all comments on a thing."""
    if isinstance(subject, ModelVersion):
        return reverse("version_comments", args=[subject.model.slug, subject.number])
    if isinstance(subject, Finding):
        return reverse("finding_comments", args=[subject.model.slug, subject.number])
    return reverse("model_comments", args=[subject.slug])


def subject_of(comment: Comment) -> Commented:
    """Return what a comment is on."""
    rows = Discussion.objects.select_related("model", "version__model", "finding__model")
    return rows.get(thread=comment.thread_id).subject
