import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from portal.jobs.services import pulse
from portal.pages.models import CspReport
from portal.pages.operations import LARGEST_REPORT
from tests.databases import METRICS_TOKEN

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


@pytest.mark.django_db(transaction=True)
def test_a_portal_that_can_work_is_ready(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path
    pulse("sequencer")
    response = client.get(reverse("readyz"))
    assert (response.status_code, response.json()["ready"], response.json()["failing"]) == (200, True, [])
    assert set(response.json()["probes"]) == {"database", "migrations", "sequencer", "broker", "blobs", "disk"}


@pytest.mark.django_db(transaction=True)
def test_a_portal_that_can_not_work_says_what_fails_and_no_path_or_address(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.BLOB_ROOT = tmp_path / "nowhere"
    response = client.get(reverse("readyz"))
    assert (response.status_code, response.json()["ready"]) == (503, False)
    assert response.json()["failing"] == ["sequencer", "blobs"]
    assert str(tmp_path) not in response.content.decode()


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {METRICS_TOKEN}"}])
def test_metrics_are_for_who_sends_their_token(client: Client, sent: dict[str, str]) -> None:
    response = client.get(reverse("metrics"), headers=sent)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_without_a_token_in_the_environment_nobody_reads_metrics(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get(reverse("metrics"), headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_metrics_are_in_the_format_of_prometheus(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path
    client.get(reverse("livez"))
    response = client.get(reverse("metrics"), headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert response["Content-Type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(response.content.decode())}
    for name in (
        "http_request_seconds", "jobs_oldest_waiting_seconds", "ledger_entries", "ledger_lag_seconds", "blob_bytes",
        "subscribers", "database_connections", "disk_free_bytes", "part_answers",
    ):  # fmt: skip
        assert families[f"countersign_{name}"].samples, name
    assert {sample.value for sample in families["countersign_part_answers"].samples} == {1.0}
    routes = {sample.labels["route"] for sample in families["countersign_http_request_seconds"].samples}
    assert "livez" in routes


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
