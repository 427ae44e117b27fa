"""Which thread of comments is about what.

The key stands in a row of its own beside the thing: versions and findings are frozen, and a column for it would hold
their tables while its index is built.
"""

from typing import Self

from django.db import models
from django.db.models import Q

from portal.threads.models import Comment, CommentQuerySet, Thread
from registry.models.findings import Finding
from registry.models.models import RegisteredModel
from registry.models.versions import ModelVersion

Commented = RegisteredModel | ModelVersion | Finding
"""What can be commented on."""


def model_of(subject: Commented) -> RegisteredModel:
    """Return the model that a thing is, or belongs to."""
    return subject if isinstance(subject, RegisteredModel) else subject.model


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    """Discussions, by what they are about."""

    def about(self, subject: Commented) -> Self:
        """Keep the one about this thing; about a model: the model itself, none of its versions and findings."""
        if isinstance(subject, ModelVersion):
            return self.filter(version=subject)
        if isinstance(subject, Finding):
            return self.filter(finding=subject)
        return self.filter(model=subject, version=None, finding=None)

    def comments_on(self, subject: Commented) -> CommentQuerySet:
        """Return the comments on this thing, withdrawn ones included."""
        return Comment.objects.filter(thread__in=self.about(subject).values("pk"))


class Discussion(models.Model):
    """A thread about a version or a finding of a model, or about the model itself; never changed."""

    thread = models.OneToOneField(Thread, on_delete=models.PROTECT, primary_key=True, related_name="discussion")
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="discussions")
    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, null=True, related_name="discussion")
    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, null=True, related_name="discussion")

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(version=None) | Q(finding=None), name="discussion_about_one_thing"),
            models.UniqueConstraint(
                fields=["model"], condition=Q(version=None, finding=None), name="one_discussion_of_a_model"
            ),
        ]

    def __str__(self) -> str:
        return f"discussion of {self.subject}"

    @property
    def subject(self) -> Commented:
        """Return what it is about."""
        return self.version or self.finding or self.model
