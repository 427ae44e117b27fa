import json
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.pages.models import CspReport
from portal.pages.operations import LARGEST_REPORT

REPORT = {
    "csp-report": {
        "document-uri": "http://testserver/models",
        "violated-directive": "style-src",
        "blocked-uri": "inline",
    }
}


def send(client: Client, body: bytes | str) -> int:
    return client.post(reverse("csp_report"), body, content_type="application/csp-report").status_code


def test_a_living_process_says_so_without_a_database(client: Client) -> None:
    response = client.get(reverse("livez"))
    assert (response.status_code, response.content) == (200, b"alive\n")


@pytest.mark.django_db
def test_a_portal_that_can_work_is_ready(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path
    response = client.get(reverse("readyz"))
    assert (response.status_code, response.json()["ready"]) == (200, True)
    assert set(response.json()["probes"]) == {"database", "migrations", "blobs"}


@pytest.mark.django_db
def test_a_portal_that_can_not_work_says_why(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "nowhere"
    response = client.get(reverse("readyz"))
    assert (response.status_code, response.json()["ready"]) == (503, False)
    assert "is missing" in response.json()["probes"]["blobs"]


@pytest.mark.django_db
def test_a_database_that_is_away_is_not_a_crash(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise DatabaseError("gone away")

    monkeypatch.setattr(connection, "cursor", refused)
    response = client.get(reverse("readyz"))
    assert response.status_code == 503
    assert "gone away" in response.json()["probes"]["database"]


@pytest.mark.django_db
def test_what_a_browser_blocked_is_counted(client: Client) -> None:
    assert [send(client, json.dumps(REPORT)) for _ in range(3)] == [204, 204, 204]
    row = CspReport.objects.get()
    assert (row.count, row.directive, row.blocked) == (3, "style-src", "inline")
    assert row.first_at < row.last_at


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["", "{", "[]", '{"other": 1}', '{"csp-report": 7}', b"\xff\xfe"])
def test_what_is_no_report_is_refused(client: Client, body: bytes | str) -> None:
    assert send(client, body) == 400
    assert not CspReport.objects.exists()


@pytest.mark.django_db
def test_a_report_that_is_too_large_is_refused(client: Client) -> None:
    assert send(client, "x" * (LARGEST_REPORT + 1)) == 413


@pytest.mark.django_db
def test_long_addresses_are_cut(client: Client) -> None:
    report = {"csp-report": {**REPORT["csp-report"], "blocked-uri": "https://example.org/" + "x" * 2000}}
    assert send(client, json.dumps(report)) == 204
    assert len(CspReport.objects.get().blocked) == 500


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b'{"csp-report": {"document-uri": "a\\u0000b"}}', b'{"csp-report": {"blocked-uri": "\\ud800"}}', b"[" * 15_000],
    ids=["nul", "surrogate", "deep"],
)
def test_a_report_that_can_not_be_stored_is_refused(client: Client, body: bytes) -> None:
    assert send(client, body) == 400
    assert not CspReport.objects.exists()


@pytest.mark.django_db
def test_strangers_can_not_fill_the_table_with_reports(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.pages.operations.MOST_REPORTS", 1)
    assert send(client, json.dumps(REPORT)) == 204
    assert send(client, json.dumps({"csp-report": {"document-uri": "another"}})) == 204
    assert send(client, json.dumps(REPORT)) == 204
    assert CspReport.objects.get().count == 2
