"""Comments on models, versions and findings; editing and withdrawing them is `portal.threads`' alone."""

from django.db import transaction

from portal.core.actors import Actor
from portal.threads.models import Comment, Thread
from portal.threads.services import open_thread, write_comment
from registry.models import Discussion, Finding, ModelVersion
from registry.models.discussions import Commented, model_of
from registry.services.rows import lock_model


@transaction.atomic
def comment_on(*, actor: Actor, subject: Commented, text: str) -> Comment:
    """Say something about a thing that the actor may see, a retired model included.

    Raises Forbidden, Invalid and TooManyTries.
    """
    actor.require("comment", model_of(subject).team_id)  # before a row is locked
    return write_comment(actor=actor, thread=_thread(subject), text=text)


def _thread(subject: Commented) -> Thread:
    """Return the thing's thread, which its first comment opens while the model's row is locked."""
    known = Discussion.objects.about(subject).select_related("thread")
    if found := known.first():
        return found.thread
    model = lock_model(model_of(subject).pk)
    if found := known.all().first():  # somebody was quicker
        return found.thread
    version = subject if isinstance(subject, ModelVersion) else None
    finding = subject if isinstance(subject, Finding) else None
    named = {"model": model, "version": version, "finding": finding}
    topics = [f"{name}:{row.pk}" for name, row in named.items() if row]
    thread = open_thread(team=model.team, about=str(subject), topics=topics)
    Discussion.objects.create(thread=thread, **named)
    return thread
