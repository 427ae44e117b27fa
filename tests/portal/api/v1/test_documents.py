"""Documents about models over REST."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.clock import now
from registry.models import Document, RegisteredModel
from tests.factories.registry import DocumentFactory, RegisteredModelFactory, stored
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

pytestmark = pytest.mark.django_db
DOCUMENTS = "/models/limits/documents"
REPORT = b"%PDF-1.7 a report of some length"
SAID = {"kind": "vendor_report", "title": "Report 4.2", "sha256": hashlib.sha256(REPORT).hexdigest()}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="limits", team=team)
    return made


def sent(who: Caller, data: bytes = REPORT, number: int = 1) -> Any:
    return who.upload("PUT", f"{DOCUMENTS}/{number}/file", data)


def test_a_document_is_described_sent_fetched_and_withdrawn(developer: Caller, model: RegisteredModel) -> None:
    today = now().date()
    signed = {"signed_by": "Vera Vendor", "signed_on": "2026-03-02", "valid_until": str(today + timedelta(days=90))}
    answer = developer.post(DOCUMENTS, {**SAID, **signed})
    assert answer.status_code == 201
    assert answer["Location"].endswith("/api/v1/models/limits/documents/1")
    made = answer.json()
    assert {name: made[name] for name in (*SAID, *signed)} == {**SAID, **signed}
    assert (made["state"], made["size"], made["valid_from"]) == ("awaited", None, str(today))
    assert developer.get(f"{DOCUMENTS}/1/file").status_code == 404
    assert sent(developer).json()["state"] == "valid"
    again = sent(developer)
    assert (again.status_code, again.json()["size"], again.json()["media_type"]) == (
        200,
        len(REPORT),
        "application/pdf",
    )
    fetched = developer.get(f"{DOCUMENTS}/1/file")
    assert fetched.getvalue() == REPORT
    assert fetched["Content-Disposition"] == 'attachment; filename="limits-document-1.pdf"'
    assert (fetched["X-Content-Type-Options"], fetched["ETag"]) == ("nosniff", f'"{SAID["sha256"]}"')
    withdrawn = developer.post(f"{DOCUMENTS}/1/withdraw", {"reason": "Of 4.1."}).json()
    assert (withdrawn["state"], withdrawn["withdrawal"]) == ("withdrawn", "Of 4.1.")
    assert withdrawn["withdrawn_by"] == developer.user.email
    assert developer.get(f"{DOCUMENTS}/1").json() == withdrawn
    problem_of(developer.post(f"{DOCUMENTS}/1/withdraw", {"reason": "Again."}), 409, "not_usable")
    DocumentFactory.create(model=model)
    problem_of(developer.post(f"{DOCUMENTS}/2/withdraw", {"reason": "Unwelcome."}), 403, "not_your_document")
    validator = caller(Role.VALIDATOR, team=model.team)
    assert validator.post(f"{DOCUMENTS}/2/withdraw", {"reason": "Of 4.1."}).status_code == 200


def test_a_range_of_the_file_can_be_asked_for(developer: Caller, model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, blob=stored(REPORT))
    part = developer.client.get(f"/api/v1{DOCUMENTS}/1/file", headers={"Range": "bytes=5-7"})
    assert (part.status_code, part.getvalue()) == (206, REPORT[5:8])


def test_other_bytes_than_the_stated_ones_are_refused(developer: Caller, model: RegisteredModel) -> None:
    developer.post(DOCUMENTS, SAID)
    problem_of(sent(developer, b"%PDF-1.7 another"), 422, "digest_mismatch")
    problem_of(
        developer.client.put(f"/api/v1{DOCUMENTS}/1/file", REPORT, content_type="application/octet-stream"),
        422, "digest_required",
    )  # fmt: skip
    assert not Document.objects.exclude(blob=None).exists()


def test_a_file_that_is_no_document_or_too_long_is_refused(
    developer: Caller, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pickle = b"\x80\x04\x95 pickle"
    developer.post(DOCUMENTS, {**SAID, "sha256": hashlib.sha256(pickle).hexdigest()})
    assert fields_of(sent(developer, pickle), 422, "invalid") == {"file"}
    monkeypatch.setattr("portal.api.v1.documents.MOST_BYTES", 10)
    developer.post(DOCUMENTS, SAID)
    problem_of(sent(developer, number=2), 413, "too_large")


def test_lists_are_narrowed_by_kind_and_state(developer: Caller, model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, kind="minutes")
    former = DocumentFactory.create(model=model, valid_until=now().date() - timedelta(days=1))
    DocumentFactory.create(model=model, replaces=former)
    DocumentFactory.create()

    def numbers(**query: str) -> list[int]:
        return [one["number"] for one in developer.get(DOCUMENTS, **query).json()["results"]]

    assert numbers() == [3, 2, 1]
    assert numbers(kind="minutes") == [1]
    assert numbers(state="valid") == [3, 1]
    assert numbers(state="replaced") == [2]
    assert developer.get(f"{DOCUMENTS}/3").json()["replaces"] == 2
    assert developer.get(DOCUMENTS, state="lost").status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "letter"}, "kind"),
        ({"sha256": "abc"}, "sha256"),
        ({"signed_by": "Vera"}, "signed_on"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"replaces": 7}, "replaces"),
        ({"state": "valid"}, "state"),
    ],
)
def test_what_is_wrong_is_named_by_field(
    developer: Caller, model: RegisteredModel, body: dict[str, Any], field: str
) -> None:
    answer = developer.post(DOCUMENTS, {**SAID, **body})
    assert answer.status_code in {400, 422}
    assert field in {one["field"] for one in answer.json()["errors"]}


def test_documents_of_other_teams_are_nowhere(model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, blob=stored(REPORT))
    stranger = caller(Role.DEVELOPER, team=RegisteredModelFactory.create().team)
    for path in (DOCUMENTS, f"{DOCUMENTS}/1", f"{DOCUMENTS}/1/file"):
        assert stranger.get(path).status_code == 404
    assert sent(stranger).status_code == 404
    viewer = caller(Role.VIEWER, team=model.team)
    assert viewer.get(f"{DOCUMENTS}/1/file").status_code == 200
    problem_of(sent(viewer), 403, "missing_capability")
