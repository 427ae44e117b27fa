"""Comments: written, edited, withdrawn. Nothing is lost: earlier and withdrawn texts are kept for who audits."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from portal.core.throttles import COMMENT, TooManyTries, take
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from portal.threads import rules
from portal.threads.choices import CommentState
from portal.threads.errors import CommentWithdrawn, NotYourComment
from portal.threads.events import COMMENT_EDITED, COMMENT_WITHDRAWN, COMMENT_WRITTEN
from portal.threads.models import Comment, EarlierText, Thread, Withdrawal, new_salt


def open_thread(*, team: Team, about: str, topics: list[str]) -> Thread:
    """Make an empty thread; who calls keeps its key beside the thing that it is about."""
    return Thread.objects.create(team=team, about=about, topics=topics)


@transaction.atomic
def write_comment(*, actor: Actor, thread: Thread, text: str) -> Comment:
    """Add a comment to a thread. Raises Forbidden, Invalid and TooManyTries."""
    actor.require("comment", thread.team_id)
    if actor.user_id is None:
        raise Forbidden("Only a person or a service account comments.", code="person_required")
    said = _said(actor, text)
    thread = Thread.objects.select_for_update().get(pk=thread.pk)
    highest = thread.comments.aggregate(highest=Max("number"))["highest"] or 0
    made = Comment.objects.create(
        thread=thread, number=highest + 1, author_id=actor.user_id, text=said, written_at=now()
    )
    _record(made, actor, COMMENT_WRITTEN)
    return made


@transaction.atomic
def edit_comment(*, actor: Actor, comment: Comment, text: str) -> Comment:
    """Replace a comment's text, as its author; the earlier text is kept, and the same text changes nothing.

    Raises Forbidden, NotYourComment, CommentWithdrawn, Invalid and TooManyTries.
    """
    row = _own(actor, comment)
    said = _said(actor, text)
    if said == row.text:
        return row
    at = now()
    EarlierText.objects.create(comment=row, text=row.text, salt=row.salt, until=at)
    row.text, row.salt, row.state, row.edited_at = said, new_salt(), CommentState.EDITED, at
    row.save(update_fields=["text", "salt", "state", "edited_at"])
    _record(row, actor, COMMENT_EDITED)
    return row


@transaction.atomic
def withdraw_comment(*, actor: Actor, comment: Comment, reason: str = "") -> Comment:
    """Hide a comment's text from all but auditors; that it stood there, and whose it was, stays.

    Its author needs no reason; in the place of one whose account is closed, who may withdraw comments says why.
    Raises Forbidden, NotYourComment, CommentWithdrawn and Invalid.
    """
    row = _locked(comment)
    require_withdrawable(actor, row)
    said = rules.plain(reason)
    others = row.author_id != actor.user_id
    if others and (problem := rules.reason_problem(said)):
        raise Invalid("The comment can't be withdrawn; see the field.", fields={"reason": [problem]})
    row.state, row.withdrawn_at = CommentState.WITHDRAWN, now()
    row.save(update_fields=["state", "withdrawn_at"])
    if others and actor.user_id is not None:
        Withdrawal.objects.create(comment=row, by_id=actor.user_id, reason=said)
    _record(row, actor, COMMENT_WITHDRAWN, private={"reason": said} if others else None)
    return row


def require_withdrawable(actor: Actor, comment: Comment) -> None:
    """Raise Forbidden, NotYourComment or CommentWithdrawn where this actor can't withdraw the comment."""
    own = comment.author_id == actor.user_id
    if reason := rules.withdrawal_problem(comment.author_id, actor.user_id, author_is_open=comment.author.is_active):
        raise NotYourComment(reason)
    actor.require("comment" if own else "withdraw_comment", comment.thread.team_id)
    if not own and actor.user_id is None:
        raise Forbidden("Only a person or a service account does this.", code="person_required")
    _require_standing(comment)


def require_own(actor: Actor, comment: Comment) -> None:
    """Raise Forbidden, NotYourComment or CommentWithdrawn where this actor can't change the comment."""
    actor.require("comment", comment.thread.team_id)
    if reason := rules.change_problem(comment.author_id, actor.user_id):
        raise NotYourComment(reason)
    _require_standing(comment)


def _require_standing(comment: Comment) -> None:
    if comment.is_withdrawn:
        raise CommentWithdrawn("It was withdrawn, so it changes no more. Write another one.")


def _own(actor: Actor, comment: Comment) -> Comment:
    """Return the comment's row, locked, where the actor may change it."""
    row = _locked(comment)
    require_own(actor, row)
    return row


def _locked(comment: Comment) -> Comment:
    return Comment.objects.with_names().select_for_update(of=("self",)).get(pk=comment.pk)


def _said(actor: Actor, text: str) -> str:
    """Return the text as it is kept."""
    said = rules.plain(text)
    if problem := rules.text_problem(said):
        raise Invalid("The comment can't be kept; see the field.", fields={"text": [problem]})
    if wait := take((COMMENT, actor.id)):
        raise TooManyTries("Too many comments.", wait=wait)
    return said


def _record(comment: Comment, actor: Actor, event: EventType, private: Mapping[str, str] | None = None) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("comment", str(comment.pk), str(comment), comment.thread.team_id),
        data=comment.public_state(),
        private=private,
        topics=(*comment.thread.topics, f"comment:{comment.pk}"),
    )
