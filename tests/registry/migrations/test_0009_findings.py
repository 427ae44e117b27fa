"""What the database refuses of findings, whoever asks."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from portal.core.clock import now
from registry.choices import FindingState
from registry.models import Finding, FindingMove
from tests.factories.accounts import UserFactory
from tests.factories.registry import FindingFactory, SealedVersionFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def handed_in() -> Finding:
    made: Finding = FindingFactory.create(state="ready_to_verify", remediator=UserFactory.create())
    return made


def test_what_was_found_never_changes() -> None:
    row = FindingFactory.create()
    changes = {
        "title": "Other", "description": "Other.", "stage": "features", "line": "first", "number": 9,
        "raised_by": UserFactory.create(), "raised_at": now(), "version": SealedVersionFactory.create(),
    }  # fmt: skip
    for name, value in changes.items():
        assert refused(row, **{name: value}), name
    assert delete_refused(row)
    assert not refused(row, severity="high", due=now())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("open", "closed"),
        ("open", "reopened"),
        ("open", "ready_to_verify"),
        ("in_remediation", "closed"),
        ("in_remediation", "open"),
        ("ready_to_verify", "open"),
        ("ready_to_verify", "reopened"),
    ],
)
def test_no_way_leads_past_remedy_and_judgement(before: FindingState, after: str) -> None:
    row = FindingFactory.create(state=before, remediator=UserFactory.create())
    gone = {"holder": None, "held_since": None, "due": None} if after == "closed" else {}
    assert refused(row, state=after, **gone)


def test_what_was_closed_can_only_be_opened_again() -> None:
    row = handed_in()
    Finding.objects.filter(pk=row.pk).update(state="closed", holder=None, held_since=None, due=None)
    for state in ("open", "in_remediation", "ready_to_verify"):
        assert refused(row, state=state, holder=UserFactory.create(), held_since=now())
    assert refused(row, severity="low")
    assert not refused(row, state="reopened")


def test_history_is_only_added_to() -> None:
    move = handed_in().moves.last()
    assert move is not None
    assert refused(move, comment="Other.")
    assert delete_refused(move)


@pytest.mark.parametrize("verb", ["close", "send_back"])
def test_no_row_says_that_a_remediator_judged(verb: str) -> None:
    row = handed_in()
    values = {"finding": row, "verb": verb, "at": now(), "state": "closed", "severity": row.severity}
    with pytest.raises(DatabaseError, match="does not judge"), transaction.atomic():
        FindingMove.objects.create(by=row.holder, **values)
    FindingMove.objects.create(by=UserFactory.create(), **values)


@pytest.mark.parametrize(
    "columns",
    [
        {"title": ""},
        {"state": "lost"},
        {"severity": "awful"},
        {"stage": "cooking"},
        {"line": "fourth"},
        {"state": "in_remediation"},
        {"held_since": now()},
    ],
)
def test_what_contradicts_itself_is_no_row(columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FindingFactory.create(**columns)
