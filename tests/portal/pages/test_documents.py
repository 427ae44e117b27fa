import csv
import hashlib
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.blobs.models import Blob
from portal.core.clock import now
from registry.models import Document, RegisteredModel
from tests.factories.accounts import person_with
from tests.factories.registry import DocumentFactory, RegisteredModelFactory, stored

pytestmark = pytest.mark.django_db
REPORT = b"%PDF-1.7 " + b"report " * 300_000
"""More than stays in memory while it is received."""


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival")
    return made


@pytest.fixture
def developer(client: Client, model: RegisteredModel) -> User:
    user = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    client.force_login(user)
    return user


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def added(client: Client, model: RegisteredModel, data: bytes = REPORT, **values: Any) -> Any:
    given = {
        "title": "Report 4.2", "kind": "vendor_report", "valid_from": "2026-01-01",
        "file": SimpleUploadedFile("../evil name.exe", data),
    }  # fmt: skip
    return client.post(reverse("document_add", args=[model.slug]), given | values, follow=True)


def test_a_document_is_added_with_its_file_and_stands_on_the_models_page(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    assert "No document yet." in text(client.get(reverse("documents", args=[model.slug])))
    address = reverse("document_add", args=[model.slug])
    assert address in client.get(model.get_absolute_url()).content.decode()
    assert client.get(address).status_code == 200
    signed: dict[str, Any] = {
        "signed_by": "Vera Vendor",
        "signed_on": "2026-03-02",
        "sha256": hashlib.sha256(REPORT).hexdigest(),
    }
    answer = added(client, model, **signed)
    row = Document.objects.get()
    assert answer.redirect_chain[-1][0] == row.get_absolute_url()
    page = text(answer)
    for words in ("Report 4.2", "Valid", "without end", "Vera Vendor, 2026-03-02", "nobody here verifies it", "Dana"):
        assert words in page
    assert "evil" not in page
    assert "Report 4.2" in text(client.get(model.get_absolute_url()))
    fetched: Any = client.get(reverse("document_file", args=[model.slug, 1]))
    assert fetched.getvalue() == REPORT
    assert fetched["Content-Disposition"] == 'attachment; filename="late-arrival-document-1.pdf"'


def test_what_is_wrong_stands_under_its_field_and_nothing_is_added(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    for values, words in (
        ({"sha256": "0" * 64}, "declared was 0000"),
        ({"data": b"\x80\x04\x95 pickle"}, "Send a PDF"),
        ({"signed_by": "Vera"}, "Say on which day it was signed."),
        ({"valid_until": "2025-01-01"}, "It ends before it begins."),
        ({"kind": ""}, "This field is required."),
        ({"file": ""}, "This field is required."),
    ):
        answer = added(client, model, **values)
        assert answer.status_code == 422
        assert words in text(answer)
    assert not Document.objects.exists()


def test_one_chooses_what_is_replaced_among_what_can_be(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    ended = now().date() - timedelta(days=9)
    former = DocumentFactory.create(model=model, title="Report 4.1", valid_from=ended, added_by=developer)
    DocumentFactory.create(model=model, title="Wrong one", withdrawn=True, added_by=developer)
    DocumentFactory.create(model=model, title="A colleague's")
    DocumentFactory.create(title="Another model's")
    page = client.get(reverse("document_add", args=[model.slug])).content.decode()
    assert "1, Report 4.1" in page
    assert not {name for name in ("Wrong one", "colleague", "Another") if name in page}
    added(client, model, replaces="1")
    assert Document.objects.get(replaces=former).title == "Report 4.2"
    assert "Replaced" in text(client.get(reverse("documents", args=[model.slug])))


def test_a_document_is_withdrawn_with_a_reason_and_stays_to_be_fetched(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    DocumentFactory.create(model=model, title="Report", blob=stored(REPORT), added_by=developer)
    DocumentFactory.create(model=model, title="The second line's")
    address, other = (reverse("document_withdraw", args=[model.slug, number]) for number in (1, 2))
    page = client.get(reverse("documents", args=[model.slug])).content.decode()
    assert (address in page, other in page) == (True, False)
    refused = client.post(other, {"reason": "Unwelcome."})
    assert (refused.status_code, "or by the second line" in text(refused)) == (403, True)
    assert "Withdraw the document 1 of late-arrival?" in text(client.get(address))
    assert client.post(address, {"reason": " "}).status_code == 422
    page = text(client.post(address, {"reason": "It is about 4.1."}, follow=True))
    assert "Withdrawn by Dana" in page
    assert "It is about 4.1." in page
    assert client.get(reverse("document_file", args=[model.slug, 1])).status_code == 200
    assert client.post(address, {"reason": "Again."}).status_code == 422


def test_the_list_comes_as_a_file_for_spreadsheets(client: Client, developer: User, model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, title="=Report", valid_until=now().date() - timedelta(days=1))
    DocumentFactory.create(model=model, title="Wrong one", withdrawn=True, added_by=developer)
    DocumentFactory.create(title="Another model's")
    address = reverse("documents_csv", args=[model.slug])
    assert address in client.get(reverse("documents", args=[model.slug])).content.decode()
    answer: Any = client.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="late-arrival-documents.csv"'
    wrong, old = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert (old["title"], old["state"], old["withdrawn_by"]) == ("'=Report", "expired", "")
    assert (wrong["document"], wrong["state"], wrong["added_by"], wrong["withdrawal"]) == (
        "2", "withdrawn", "Dana", "Wrong."
    )  # fmt: skip


def test_who_only_reads_gets_no_buttons_and_no_form(client: Client, model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, awaited=True)
    client.force_login(person_with(Role.AUDITOR))
    page = client.get(reverse("documents", args=[model.slug])).content.decode()
    assert reverse("document_add", args=[model.slug]) not in page
    assert reverse("document_withdraw", args=[model.slug, 1]) not in page
    assert "its file has not been sent" in page
    for name, arguments in (("document_add", [model.slug]), ("document_withdraw", [model.slug, 1])):
        assert client.get(reverse(name, args=arguments)).status_code == 403
    assert added(client, model).status_code == 403
    assert client.get(reverse("document_file", args=[model.slug, 1])).status_code == 404
    assert not Blob.objects.exists()


def test_home_names_documents_that_end(client: Client, developer: User, model: RegisteredModel) -> None:
    DocumentFactory.create(model=model, title="Old report", valid_until=now().date() - timedelta(days=1))
    DocumentFactory.create(model=model, title="Ending report", valid_until=now().date() + timedelta(days=3))
    page = text(client.get("/"))
    assert page.index("Documents that end") < page.index("Old report") < page.index("Ending report")


def test_search_finds_documents(client: Client, developer: User, model: RegisteredModel) -> None:
    row = DocumentFactory.create(model=model, title="Calibration assessment by Northwind")
    DocumentFactory.create(title="Calibration elsewhere")
    page = client.get("/search", {"q": "calibration"}).content.decode()
    assert row.get_absolute_url() in page
    assert "elsewhere" not in page
    assert row.get_absolute_url() in client.get("/search", {"q": row.sha256[:12]}).content.decode()
