import base64
import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.jobs.services import end, request_cancel
from registry.models import RegisteredModel
from registry.rules.imports import MOST_BYTES
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import fresh_client

pytestmark = pytest.mark.django_db

TRY, START = "/import-models", "/import-models/start"
HEAD = "slug,name,purpose,team,owner,tier,task,implementation"


@pytest.fixture(autouse=True)
def blob_root(tmp_path: Any, settings: Settings) -> None:
    settings.BLOB_ROOT = tmp_path / "blobs"


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create(slug="flights")
    return made


@pytest.fixture
def dana(team: Team) -> User:
    return person_with(Role.DEVELOPER, team=team, email="dana@example.org")


@pytest.fixture
def browser(client: Client, dana: User) -> Client:
    client.force_login(dana)
    return client


def table(*slugs: str, owner: str = "dana@example.org") -> bytes:
    return "\n".join([HEAD, *(f"{slug},Late,Warns.,flights,{owner},2,binary,onnx" for slug in slugs)]).encode()


def tried(browser: Client, content: bytes, **more: str) -> Any:
    return browser.post(TRY, {"file": SimpleUploadedFile("models.csv", content), **more})


def confirmed(browser: Client, tried_bytes: bytes, **more: str) -> Any:
    digest = hashlib.sha256(tried_bytes).hexdigest()
    values = {"content": base64.b64encode(tried_bytes).decode(), "sha256": digest}
    return browser.post(START, {**values, **more})


def test_a_file_is_tried_then_imported_as_it_was_tried(browser: Client) -> None:
    content = table("late", "early")
    shown = tried(browser, content)
    assert shown.status_code == 200
    assert "2 models can be imported" in shown.text
    assert base64.b64encode(content).decode() in shown.text
    assert hashlib.sha256(content).hexdigest() in shown.text
    assert not RegisteredModel.objects.exists()
    assert not Job.objects.exists()
    job = Job.objects.get(pk=confirmed(browser, content)["Location"].rpartition("/")[2])
    assert job.subject_id == hashlib.sha256(content).hexdigest()
    page = browser.get(f"/import-models/{job.pk}").text
    assert "Importing 2 models" in page
    assert 'hx-trigger="every 2s"' in page


def test_every_line_that_is_wrong_is_shown_with_what_to_do(browser: Client) -> None:
    shown = tried(browser, table("late", "no good", "late", owner="nobody@example.org"))
    assert shown.status_code == 422
    assert "3 lines can’t be imported" in shown.text
    assert "Nobody of your teams who may sign in has this address." in shown.text
    assert "Use 1 to 80 letters" in shown.text
    assert "“no good”" in shown.text
    assert "“nobody@example.org”" in shown.text
    assert START not in shown.text


def test_lines_whose_model_is_here_are_left_out_where_that_is_asked_for(browser: Client, team: Team) -> None:
    RegisteredModelFactory.create(slug="late", team=team)
    assert tried(browser, table("late", "early")).status_code == 422
    assert "1 line will be left out" in tried(browser, table("late", "early"), skip_existing="on").text
    assert "Nothing is left to import" in tried(browser, table("late"), skip_existing="on").text


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"content": "%"}, {"content": ""}])
def test_other_bytes_than_those_that_were_tried_are_not_imported(browser: Client, changes: dict[str, str]) -> None:
    answer = confirmed(browser, table("late"), **changes)
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_what_became_wrong_meanwhile_is_shown_and_not_imported(browser: Client) -> None:
    RegisteredModelFactory.create(slug="late")
    answer = confirmed(browser, table("late"))
    assert answer.status_code == 422
    assert "The name late is taken" in answer.text
    assert not Job.objects.exists()


def test_a_form_without_a_file_and_an_empty_file_say_so(browser: Client) -> None:
    assert "This field is required" in browser.post(TRY, {}).text
    assert "The file is empty" in tried(browser, b"").text


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(browser: Client) -> None:
    for more in (20_000, 1):
        answer = tried(browser, b"x" * (MOST_BYTES + more))
        assert answer.status_code == 413
        assert f"at most {MOST_BYTES:,} bytes" in answer.text


def test_the_form_takes_one_file_of_its_field_and_its_token(dana: User) -> None:
    client = fresh_client(enforce_csrf=True)
    client.force_login(dana)
    client.cookies["csrftoken"] = token = "a" * 32
    file = SimpleUploadedFile("f", b"x")
    assert client.post(TRY, {"csrfmiddlewaretoken": token, "other": file}).status_code == 400
    assert client.post(TRY, {"csrfmiddlewaretoken": token, "file": [file, file]}).status_code == 400
    assert client.post(TRY, {"file": SimpleUploadedFile("f", table("late"))}).status_code == 403
    good = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("f", table("late"))}
    assert client.post(TRY, good).status_code == 200


def test_how_an_import_ended_is_shown(browser: Client, dana: User) -> None:
    actor = actor_for_user(dana, interactive=True)
    jobs = [Job.objects.get(pk=confirmed(browser, table(slug))["Location"].rpartition("/")[2]) for slug in "abc"]
    request_cancel(actor=actor, job=jobs[0])
    Job.objects.filter(pk__in=[job.pk for job in jobs[1:]]).update(state="running")
    for job in jobs[1:]:
        job.refresh_from_db()
    end(job=jobs[1], state=JobState.DONE)
    problem = {"detail": "Line 2 is wrong.", "errors": [{"field": "line 2, slug", "messages": ["Taken."]}]}
    end(job=jobs[2], state=JobState.FAILED, error=problem)
    said = [browser.get(f"/import-models/{job.pk}").text for job in jobs]
    assert "The import was cancelled." in said[0]
    assert "1 model imported" in said[1]
    assert "Line 2 is wrong." in said[2]
    assert "line 2, slug" in said[2]
    assert all("hx-get" not in text for text in said)


def test_files_to_take_elsewhere_hold_what_the_table_shows(browser: Client, team: Team) -> None:
    RegisteredModelFactory.create(slug="late", team=team, tier=1)
    RegisteredModelFactory.create(slug="early", team=team)
    RegisteredModelFactory.create(slug="theirs")
    lines = browser.get("/models.jsonl?tier=1")
    assert lines["Content-Type"].startswith("application/x-ndjson")
    assert b"".join(lines).count(b"\n") == 1
    rows = b"".join(browser.get("/models-to-import.csv?sort=-slug")).decode().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["slug", "late", "early"]
    assert browser.get("/models-template.csv").status_code == 200
