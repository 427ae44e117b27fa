"""Models from a file, over REST."""

import hashlib
from typing import Any

import pytest
from pytest_django import Settings

from portal.accounts.models import Team
from portal.accounts.selectors import actor_for_user
from portal.jobs.models import Job
from registry.models import RegisteredModel
from registry.rules.imports import MOST_BYTES
from registry.services.imports import check_models
from tests.factories.registry import DeclaredReleaseFactory, RegisteredModelFactory
from tests.portal.api.callers import Caller, fields_of, problem_of

IMPORTS = "/model-imports"
HEAD = "slug,name,purpose,team,owner,tier,task,implementation"


@pytest.fixture(autouse=True)
def blob_root(tmp_path: Any, settings: Settings) -> None:
    settings.BLOB_ROOT = tmp_path / "blobs"


def table(caller: Caller, *slugs: str) -> bytes:
    lines = [f"{slug},Late,Warns.,lending,{caller.user.email},2,binary,onnx" for slug in slugs]
    return "\n".join([HEAD, *lines]).encode()


def test_a_dry_run_reports_and_the_same_bytes_are_imported_by_a_job(developer: Caller) -> None:
    content = table(developer, "late", "early")
    report = developer.upload("POST", f"{IMPORTS}?dry_run=true", content)
    assert report.status_code == 200
    assert report.json() == {
        "sha256": hashlib.sha256(content).hexdigest(), "lines": 2, "registered": 2, "declared": 0, "skipped": [],
        "problems": [],
    }  # fmt: skip
    assert not Job.objects.exists()
    begun = developer.upload("POST", IMPORTS, content)
    assert begun.status_code == 202
    job = developer.get(f"/jobs/{begun.json()['id']}").json()
    assert (job["kind"], job["subject_id"], job["state"]) == (
        "registry.import_models", report.json()["sha256"], "queued"
    )  # fmt: skip


def test_what_is_wrong_is_a_report_or_a_refusal(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create(slug="late", team=team)
    content = table(developer, "late", "no good")
    report = developer.upload("POST", f"{IMPORTS}?dry_run=true", content).json()
    assert [(one["line"], one["column"]) for one in report["problems"]] == [(2, "slug"), (3, "slug")]
    assert [(one["model"], one["value"]) for one in report["problems"]] == [("late", "late"), ("no good", "no good")]
    refused = developer.upload("POST", IMPORTS, content)
    assert fields_of(refused, 422, "import_refused") == {"line 2, slug", "line 3, slug"}
    skipping = developer.upload("POST", f"{IMPORTS}?dry_run=true&existing=skip", table(developer, "late", "early"))
    assert (skipping.json()["skipped"], skipping.json()["registered"]) == (["late"], 1)


def test_bytes_that_are_not_those_declared_too_many_or_oddly_asked_for_are_refused(
    developer: Caller, viewer: Caller
) -> None:
    content = table(developer, "late")
    other = "sha-256=:" + "A" * 43 + "=:"
    problem_of(developer.upload("POST", IMPORTS, content, content_digest=other), 422, "digest_mismatch")
    problem_of(developer.upload("POST", IMPORTS, b"x" * (MOST_BYTES + 1)), 413, "too_large")
    assert fields_of(developer.upload("POST", f"{IMPORTS}?dry_run=maybe", content), 400, "invalid") == {"dry_run"}
    problem_of(viewer.upload("POST", IMPORTS, content), 403, "missing_capability")
    assert not Job.objects.exists()


def test_sent_twice_under_one_key_it_is_begun_once(developer: Caller) -> None:
    content = table(developer, "late")
    answers = [developer.upload("POST", IMPORTS, content, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Job.objects.count() == 1


def test_what_the_list_says_as_json_lines_can_be_imported(developer: Caller, team: Team) -> None:
    model = RegisteredModelFactory.create(slug="late", team=team, owner=developer.user)
    DeclaredReleaseFactory.create(model=model)
    lines = developer.client.get("/api/v1/models", headers={"Accept": "application/x-ndjson"}).getvalue()
    RegisteredModel.objects.filter(pk=model.pk).update(slug="other")
    report = check_models(actor=actor_for_user(developer.user, interactive=False), content=lines)
    assert report.flaws == []
    assert report.declared == 1
