"""What the database refuses of documents, whoever asks."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from tests.factories.accounts import UserFactory
from tests.factories.registry import BlobFactory, DocumentFactory, RegisteredModelFactory, sha256_of
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def withdrawal() -> dict[str, Any]:
    return {"withdrawn_by": UserFactory.create(), "withdrawn_at": now(), "withdrawal": "Wrong."}


def test_what_is_stated_about_a_document_never_changes() -> None:
    row = DocumentFactory.create(awaited=True)
    changes = {
        "model": RegisteredModelFactory.create(), "number": 9, "kind": "minutes", "title": "Other",
        "sha256": sha256_of("other"), "signed_by": "Vera", "valid_from": date(2020, 1, 1),
        "valid_until": date(2030, 1, 1), "replaces": DocumentFactory.create(model=row.model),
        "added_by": UserFactory.create(), "added_at": now(),
    }  # fmt: skip
    for name, value in changes.items():
        assert refused(row, **{name: value}), name
    assert delete_refused(row)


def test_the_file_comes_once() -> None:
    row = DocumentFactory.create()
    assert refused(row, blob=BlobFactory.create())
    assert refused(row, media_type="text/plain")
    assert refused(row, blob=None, media_type="", received_at=None)
    assert not refused(row, **withdrawal())


def test_a_withdrawal_is_for_good() -> None:
    row = DocumentFactory.create(awaited=True, withdrawn=True)
    assert refused(row, withdrawn_by=None, withdrawn_at=None, withdrawal="")
    assert refused(row, withdrawal="Other.")
    assert refused(row, blob=BlobFactory.create(), media_type="text/plain", received_at=now())


@pytest.mark.parametrize(
    "columns",
    [
        {"title": ""},
        {"kind": "letter"},
        {"sha256": "short"},
        {"sha256": "0" * 64},
        {"media_type": ""},
        {"received_at": None},
        {"signed_by": "Vera"},
        {"signed_on": date(2026, 1, 1)},
        {"valid_until": date(2025, 12, 31)},
        {"withdrawal": "Wrong."},
        {"withdrawn": True, "withdrawal": ""},
    ],
)
def test_what_contradicts_itself_is_no_row(columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentFactory.create(**columns)


def test_one_document_that_holds_replaces_another() -> None:
    row = DocumentFactory.create()
    DocumentFactory.create(model=row.model, replaces=row, withdrawn=True)
    DocumentFactory.create(model=row.model, replaces=row)
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentFactory.create(model=row.model, replaces=row)
