import json
from typing import Any

import pytest

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.errors import NotUsable
from registry.models import CardRevision, RegisteredModel
from registry.services.cards import draft_card, publish_card
from tests.factories.registry import RegisteredModelFactory
from tests.portal.ledger.replay import replayed

TEXT = {"intended_use": "Ranks calls.", "limitations": "Knows one country.", "out_of_scope_use": "Never for prices."}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


def drafted(actor: Actor, model: RegisteredModel, **changes: Any) -> CardRevision:
    return draft_card(actor=actor, model=model, **TEXT | changes)


def test_a_draft_names_its_author_and_keeps_its_text_private(developer: Actor, model: RegisteredModel) -> None:
    revision = drafted(developer, model)
    assert (revision.number, revision.state, revision.author_id) == (1, "draft", developer.user_id)
    entry = json.loads(bytes(PendingEntry.objects.get().payload))
    assert entry["data"] == revision.public_state()
    assert set(entry["commitments"]) == set(TEXT)
    assert "Ranks calls" not in json.dumps(entry)


def test_digest_is_over_the_text_alone(developer: Actor, model: RegisteredModel) -> None:
    first, same, other = (
        drafted(developer, model),
        drafted(developer, model),
        drafted(developer, model, limitations="None known."),
    )
    assert first.digest == same.digest != other.digest
    assert [first.number, same.number, other.number] == [1, 2, 3]


def test_publishing_supersedes_the_former_revision(developer: Actor, model: RegisteredModel) -> None:
    first, second = drafted(developer, model), drafted(developer, model, limitations="More.")
    publish_card(actor=developer, revision=first)
    published = publish_card(actor=developer, revision=second)
    first.refresh_from_db()
    assert (first.state, published.state) == ("superseded", "published")
    assert published.published_at is not None
    assert replayed("card_revision") == {str(row.pk): row.public_state() for row in CardRevision.objects.all()}
    events = [
        json.loads(bytes(row))["event"]
        for row in PendingEntry.objects.order_by("order").values_list("payload", flat=True)
    ]
    assert events[-2:] == ["registry.card.superseded", "registry.card.published"]


def test_only_a_draft_is_published(developer: Actor, model: RegisteredModel) -> None:
    first, second = drafted(developer, model), drafted(developer, model)
    for revision in (first, second):
        publish_card(actor=developer, revision=revision)
    for revision in (first, second):
        with pytest.raises(NotUsable, match="only a draft"):
            publish_card(actor=developer, revision=revision)


def test_empty_cards_and_strangers_are_refused(
    developer: Actor, viewer: Actor, stranger: Actor, model: RegisteredModel
) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(developer, model, intended_use=" ", limitations="\0")
    assert set(refused.value.fields) == {"intended_use", "limitations"}
    revision = drafted(developer, model)
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            drafted(actor, model)
        with pytest.raises(Forbidden):
            publish_card(actor=actor, revision=revision)
