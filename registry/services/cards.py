"""Card revisions: drafted, published, superseded."""

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import CardState
from registry.errors import NotUsable
from registry.events import CARD_DRAFTED, CARD_PUBLISHED, CARD_SUPERSEDED
from registry.models import CardRevision, RegisteredModel
from registry.rules.cards import CardText, problems
from registry.rules.states import CARD, after
from registry.services.rows import author_of, lock_model, next_number, require_in_service


@transaction.atomic
def draft_card(
    *, actor: Actor, model: RegisteredModel, intended_use: str, limitations: str, out_of_scope_use: str
) -> CardRevision:
    """Draft the card's next revision; its author is who acts. Raises Forbidden, Invalid and NotUsable."""
    actor.require("write_card", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    text = CardText(intended_use.strip(), limitations.strip(), out_of_scope_use.strip())
    if found := problems(text):
        raise Invalid("The card can't be drafted; see the fields.", fields=found)
    revision = CardRevision.objects.create(
        model=model, number=next_number(model.card_revisions.all()), **text.as_fields(), digest=text.digest(),
        author_id=author_of(actor), created_at=now(),
    )  # fmt: skip
    _record(revision, actor=actor, event=CARD_DRAFTED, private=dict(text.as_fields()))
    return revision


@transaction.atomic
def publish_card(*, actor: Actor, revision: CardRevision) -> CardRevision:
    """Publish a drafted revision; the former one is superseded in the same transaction.

    Raises Forbidden, and NotUsable unless it is a draft.
    """
    actor.require("write_card", revision.model.team_id)
    model = lock_model(revision.model_id)
    revision = CardRevision.objects.select_for_update().get(pk=revision.pk)
    revision.model = model
    state = after(CARD, "publish", revision.state)
    if state is None:
        raise NotUsable(f"Revision {revision.number} is {revision.state}; only a draft can be published.")
    for former in model.card_revisions.select_for_update().filter(state=CardState.PUBLISHED):
        former.state = str(after(CARD, "supersede", former.state))
        former.save(update_fields=["state"])
        _record(former, actor=actor, event=CARD_SUPERSEDED)
    revision.state, revision.published_by_id, revision.published_at = state, author_of(actor), now()
    revision.save(update_fields=["state", "published_by", "published_at"])
    _record(revision, actor=actor, event=CARD_PUBLISHED)
    return revision


def _record(revision: CardRevision, *, actor: Actor, event: EventType, private: dict[str, str] | None = None) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("card_revision", str(revision.pk), str(revision), revision.model.team_id),
        data=revision.public_state(),
        private=private,
        topics=(f"model:{revision.model_id}", f"card_revision:{revision.pk}"),
    )
