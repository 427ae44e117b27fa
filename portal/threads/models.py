"""Threads and their comments. A thread knows its team, and what its entries are filed under; not what it is about."""

import secrets
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.fulltext import words_index
from portal.core.querysets import ScopedQuerySet
from portal.ledger.services import SALT_BYTES, commitment
from portal.threads.choices import CommentState


def new_salt() -> str:
    """Return the salt of one text, in hexadecimal digits."""
    return secrets.token_hex(SALT_BYTES)


class Thread(models.Model):
    """What people say about one thing, which holds the key; never changed."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=200, help_text="What the thing is called.")
    topics = models.JSONField(help_text="What entries about its comments are filed under.")

    def __str__(self) -> str:
        return f"comments on {self.about}"


class CommentQuerySet(ScopedQuerySet["Comment"]):
    """Comments, by their thread's team."""

    team_path = "thread__team_id"

    def standing(self) -> Self:
        """Leave out what was withdrawn."""
        return self.exclude(state=CommentState.WITHDRAWN)

    def with_names(self) -> Self:
        """Join thread, author, and who withdrew it in the author's place."""
        return self.select_related("thread", "author", "withdrawal__by")


class Comment(models.Model):
    """What one person said, as it reads now; its author edits and withdraws it."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="comments")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(help_text="CommonMark.")
    salt = models.CharField(
        max_length=64, default=new_salt, help_text="Of this text: its digest tells nothing by itself."
    )
    state = models.CharField(max_length=9, choices=CommentState.choices, default=CommentState.WRITTEN)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["thread", "number"]
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="comment_number_once"),
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
            models.CheckConstraint(
                condition=Q(state=CommentState.WRITTEN, edited_at=None, withdrawn_at=None)
                | Q(state=CommentState.EDITED, edited_at__isnull=False, withdrawn_at=None)
                | Q(state=CommentState.WITHDRAWN, withdrawn_at__isnull=False),
                name="comment_state_has_its_time",
            ),
        ]
        indexes = [words_index("text", name="comment_words")]

    def __str__(self) -> str:
        return f"comment {self.number} on {self.thread.about}"

    def get_absolute_url(self) -> str:
        """Return the address that leads to the comment among the others."""
        return reverse("comment", args=[self.pk])

    @property
    def is_withdrawn(self) -> bool:
        """Whether its text is hidden."""
        return self.state == CommentState.WITHDRAWN

    @property
    def digest(self) -> str:
        """Return the commitment to the text: SHA-256 of the salt and the text in UTF-8."""
        return commitment(bytes.fromhex(self.salt), self.text)

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "comment": self.pk,
            "thread": self.thread_id,
            "about": self.thread.about,
            "number": self.number,
            "author": self.author.actor_id,
            "digest": self.digest,
            "state": self.state,
            "written_at": self.written_at.isoformat(),
            "edited_at": self.edited_at.isoformat() if self.edited_at else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }


class Withdrawal(models.Model):
    """Why somebody else than its author withdrew a comment; never changed."""

    comment = models.OneToOneField(Comment, on_delete=models.PROTECT, related_name="withdrawal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="withdrawal_says_why")]

    def __str__(self) -> str:
        return f"withdrawal of comment {self.comment_id}"


class EarlierText(models.Model):
    """How a comment read before it was edited; never changed."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="earlier_texts")
    text = models.TextField()
    salt = models.CharField(max_length=64)
    until = models.DateTimeField(help_text="When it was replaced.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"earlier text of comment {self.comment_id}"
