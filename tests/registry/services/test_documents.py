import json
from datetime import date, timedelta
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.blobs.models import Blob
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.errors import DomainError, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from portal.overviews.documents import lines_of
from registry.choices import DocumentState
from registry.errors import DigestMismatch, NotUsable
from registry.models import Document, RegisteredModel
from registry.rules import documents as rules
from registry.rules.documents import Said
from registry.services import documents as services
from registry.services.models import retire_model
from tests.factories.accounts import ServiceAccountFactory, actor_with, person_with
from tests.factories.registry import DocumentFactory, RegisteredModelFactory, stored
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 15)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return made


@pytest.fixture
def developer(team: Team) -> Actor:
    return actor_with(Role.DEVELOPER, team=team)


@pytest.fixture
def report() -> Blob:
    return stored(b"%PDF-1.7 report")


def said(blob: Blob, **values: Any) -> Said:
    given: dict[str, Any] = {
        "kind": "vendor_report",
        "title": " Report ",
        "sha256": blob.pk,
        "valid_from": now().date(),
    }
    return Said(**given | values)


def state(document: Document, day: date) -> str:
    found: Any = Document.objects.with_state(day).get(pk=document.pk)
    return str(found.state_now)


def test_a_document_is_described_received_and_withdrawn_and_the_ledger_says_so(
    developer: Actor, model: RegisteredModel, report: Blob
) -> None:
    signed: dict[str, Any] = {"signed_by": "Vera Vendor", "signed_on": date(2026, 3, 2)}
    row = services.describe_document(actor=developer, model=model, said=said(report, **signed))
    assert (row.number, row.title, row.blob, row.media_type) == (1, "Report", None, "")
    assert state(row, now().date()) == DocumentState.AWAITED
    row = services.receive_document(actor=developer, document=row, blob=report)
    assert (row.blob, row.media_type) == (report, "application/pdf")
    assert state(row, now().date()) == DocumentState.VALID
    row = services.withdraw_document(actor=developer, document=row, reason=" Of 4.1. ")
    assert (row.withdrawal, row.withdrawn_by_id) == ("Of 4.1.", developer.user_id)
    assert state(row, now().date()) == DocumentState.WITHDRAWN
    assert replayed("document")[str(row.pk)] == row.public_state()
    told = [json.loads(bytes(entry.payload)) for entry in PendingEntry.objects.order_by("pk")]
    assert [one["event"].rpartition(".")[2] for one in told] == ["described", "received", "withdrawn"]
    assert not any(word in json.dumps(told) for word in ("Report", "Vera", "4.1"))


def test_a_file_and_its_description_come_in_one_step(developer: Actor, model: RegisteredModel, report: Blob) -> None:
    row = services.add_document(actor=developer, model=model, said=said(report), blob=report)
    assert state(row, now().date()) == DocumentState.VALID
    program = stored(b"MZ\x90\0")
    with pytest.raises(Invalid):
        services.add_document(actor=developer, model=model, said=said(program), blob=program)
    assert model.documents.count() == 1


@pytest.mark.parametrize(
    ("columns", "states"),
    [
        ({}, ("valid", "valid", "valid")),
        ({"valid_until": DAY}, ("valid", "valid", "expired")),
        ({"valid_from": DAY}, ("upcoming", "valid", "valid")),
        ({"valid_from": DAY, "valid_until": DAY}, ("upcoming", "valid", "expired")),
        ({"awaited": True, "valid_until": DAY}, ("awaited",) * 3),
        ({"withdrawn": True, "valid_until": DAY}, ("withdrawn",) * 3),
        ({"awaited": True, "withdrawn": True}, ("withdrawn",) * 3),
    ],
)
def test_whether_a_document_counts_is_asked_of_the_day(columns: dict[str, Any], states: tuple[str, ...]) -> None:
    row = DocumentFactory.create(**columns)
    assert tuple(state(row, day) for day in (BEFORE, DAY, AFTER)) == states


@pytest.mark.parametrize(
    ("later", "states"),
    [
        ({"valid_from": DAY}, ("valid", "replaced", "replaced")),
        ({"valid_from": DAY, "awaited": True}, ("valid", "valid", "valid")),
        ({"valid_from": DAY, "withdrawn": True}, ("valid", "replaced", "replaced")),
        ({"valid_from": DAY, "valid_until": DAY}, ("valid", "replaced", "replaced")),
    ],
)
def test_what_is_replaced_counts_until_the_other_begins_and_never_again(
    later: dict[str, Any], states: tuple[str, ...]
) -> None:
    row = DocumentFactory.create()
    DocumentFactory.create(model=row.model, replaces=row, **later)
    assert tuple(state(row, day) for day in (BEFORE, DAY, AFTER)) == states


def test_one_document_replaces_another_of_the_same_model(
    developer: Actor, model: RegisteredModel, report: Blob
) -> None:
    mine = {"model": model, "added_by_id": developer.user_id}
    former, withdrawn = DocumentFactory.create(**mine), DocumentFactory.create(**mine, withdrawn=True)

    def replacing(one: Document) -> Document:
        return services.describe_document(actor=developer, model=model, said=said(report), replaces=one)

    for other in (DocumentFactory.create(), withdrawn):
        with pytest.raises(Invalid) as refused:
            replacing(other)
        assert refused.value.fields.keys() == {"replaces"}
    first = replacing(former)
    with pytest.raises(Invalid):
        replacing(former)
    services.withdraw_document(actor=developer, document=first, reason="Wrong file.")
    assert replacing(former).replaces == former


def test_only_the_stated_bytes_are_taken_and_once(developer: Actor, model: RegisteredModel, report: Blob) -> None:
    row = services.describe_document(actor=developer, model=model, said=said(report))
    other = stored(b"%PDF-1.7 another")
    with pytest.raises(DigestMismatch):
        services.require_awaited(actor=developer, document=row, sha256=other.pk)
    with pytest.raises(DigestMismatch):
        services.receive_document(actor=developer, document=row, blob=other)
    services.receive_document(actor=developer, document=row, blob=report)
    with pytest.raises(NotUsable):
        services.receive_document(actor=developer, document=row, blob=report)


def test_what_is_no_document_is_refused(developer: Actor, model: RegisteredModel) -> None:
    blob = stored(b"\x80\x04\x95 pickle")
    row = services.describe_document(actor=developer, model=model, said=said(blob))
    with pytest.raises(Invalid) as refused:
        services.receive_document(actor=developer, document=row, blob=blob)
    assert refused.value.fields == {"file": [rules.NOT_TAKEN]}


def test_a_withdrawn_document_takes_no_file_and_is_not_withdrawn_again(
    developer: Actor, model: RegisteredModel
) -> None:
    row = DocumentFactory.create(model=model, added_by_id=developer.user_id, awaited=True)
    with pytest.raises(Invalid):
        services.withdraw_document(actor=developer, document=row, reason=" ")
    services.withdraw_document(actor=developer, document=row, reason="Wrong.")
    row.refresh_from_db()
    with pytest.raises(NotUsable):
        services.require_awaited(actor=developer, document=row, sha256=row.sha256)
    with pytest.raises(NotUsable):
        services.withdraw_document(actor=developer, document=row, reason="Wrong.")


def test_developers_and_validators_add_documents_and_nobody_else(team: Team, report: Blob) -> None:
    model = RegisteredModelFactory.create(team=team)
    for role in Role.values:
        actor = actor_with(Role(role), team=team)
        if role in {Role.DEVELOPER, Role.VALIDATOR}:
            services.add_document(actor=actor, model=model, said=said(report), blob=report)
        else:
            with pytest.raises(Forbidden):
                services.add_document(actor=actor, model=model, said=said(report), blob=report)
    with pytest.raises(DomainError):
        services.describe_document(actor=SYSTEM, model=model, said=said(report))


def test_a_document_is_ended_by_who_added_it_or_the_second_line(team: Team, report: Blob) -> None:
    owner = person_with(Role.DEVELOPER, team=team)
    machine = ServiceAccountFactory.create(owner=owner)
    model = RegisteredModelFactory.create(team=team, owner=owner)
    judges = person_with(Role.VALIDATOR, team=team)
    involved = person_with(Role.VALIDATOR, team=team)
    RegisteredModel.objects.filter(pk=model.pk).update(backup=involved)
    model.refresh_from_db()
    colleague = person_with(Role.DEVELOPER, team=team)
    added = {one: DocumentFactory.create(model=model, added_by=one) for one in (owner, machine, judges, colleague)}
    auditor = person_with(Role.AUDITOR)
    nobody: set[User] = set()
    allowed = {
        owner: {owner, machine}, colleague: {colleague}, judges: set(added), involved: nobody, auditor: nobody
    }  # fmt: skip
    for person, ends in allowed.items():
        actor = actor_for_user(person, interactive=True)
        assert {line.document.added_by for line in lines_of(actor, model) if line.may_withdraw} == ends
        for by in added.keys() - ends:
            with pytest.raises(Forbidden):
                services.withdraw_document(actor=actor, document=added[by], reason="Unwelcome.")
            with pytest.raises(DomainError):
                services.describe_document(actor=actor, model=model, said=said(report), replaces=added[by])
    for person, by in ((owner, machine), (judges, owner)):
        actor = actor_for_user(person, interactive=True)
        services.withdraw_document(actor=actor, document=added[by], reason="Wrong.")
    assert set(Document.objects.filter(withdrawn_at=None)) == {added[judges], added[colleague]}


def test_about_a_retired_model_nothing_changes(developer: Actor, model: RegisteredModel, report: Blob) -> None:
    row = DocumentFactory.create(model=model, added_by_id=developer.user_id, awaited=True)
    model = retire_model(actor=developer, model=model, reason="Over.")
    with pytest.raises(NotUsable):
        services.describe_document(actor=developer, model=model, said=said(report))
    with pytest.raises(NotUsable):
        services.withdraw_document(actor=developer, document=row, reason="Wrong.")


def test_a_model_has_so_many_documents_at_most(
    developer: Actor, model: RegisteredModel, report: Blob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST", 1)
    DocumentFactory.create(model=model)
    with pytest.raises(Invalid):
        services.describe_document(actor=developer, model=model, said=said(report))
