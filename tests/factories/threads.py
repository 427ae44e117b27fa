"""Comments on what the registry has."""

from typing import Any

import factory

from portal.core.clock import now
from portal.threads.choices import CommentState
from portal.threads.models import Comment, EarlierText, Thread, Withdrawal, new_salt
from registry.models import Discussion, Finding, ModelVersion
from registry.models.discussions import Commented, model_of
from tests.factories.accounts import UserFactory
from tests.factories.registry import RegisteredModelFactory


def thread_about(subject: Commented) -> Thread:
    """Return the thing's thread, made where there is none."""
    found = Discussion.objects.about(subject).first()
    if found is not None:
        return found.thread
    model = model_of(subject)
    thread = Thread.objects.create(team=model.team, about=str(subject), topics=[f"model:{model.pk}"])
    Discussion.objects.create(
        thread=thread,
        model=model,
        version=subject if isinstance(subject, ModelVersion) else None,
        finding=subject if isinstance(subject, Finding) else None,
    )
    return thread


class CommentFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A comment on `subject`, a new model unless told."""

    class Meta:
        model = Comment
        exclude = ["subject"]

    class Params:
        withdrawn = factory.Trait(state=CommentState.WITHDRAWN, withdrawn_at=factory.LazyFunction(now))

    subject: Any = factory.SubFactory(RegisteredModelFactory)
    thread = factory.LazyAttribute(lambda comment: thread_about(comment.subject))
    number = factory.LazyAttribute(lambda comment: comment.thread.comments.count() + 1)
    author = factory.SubFactory(UserFactory)
    text = "See **run 3**."
    written_at = factory.LazyFunction(now)


class WithdrawalFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """Why somebody withdrew the comment of a closed account."""

    class Meta:
        model = Withdrawal

    comment = factory.SubFactory(CommentFactory, withdrawn=True, author__is_active=False)
    by = factory.SubFactory(UserFactory)
    reason = "It names a customer."


class EarlierTextFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """How an edited comment read before."""

    class Meta:
        model = EarlierText

    comment = factory.SubFactory(CommentFactory, state=CommentState.EDITED, edited_at=factory.LazyFunction(now))
    text = "See run 2."
    salt = factory.LazyFunction(new_salt)
    until = factory.LazyFunction(now)
