import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import ApprovalRequest, GateEvaluation
from governance.services.gates import evaluate_gate
from monitoring.choices import CheckOutcome, RunState
from monitoring.models import ValidationRun
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.monitoring import FinishedRunFactory, PlanFactory, RunFactory
from tests.factories.registry import ArtifactFactory, FindingFactory, SealedVersionFactory, VersionFactory, stored

pytestmark = pytest.mark.django_db
WANTED = {"environment": "production", "fallback": "Crews decide.", "summary": "Four more months of data."}


def entered(client: Client, version: ModelVersion, role: str = Role.DEVELOPER) -> User:
    user = person_with(role, team=version.model.team)
    client.force_login(user)
    return user


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def in_state(state: str, reason: str = "", **columns: Any) -> ModelVersion:
    version: ModelVersion = VersionFactory.create()
    ArtifactFactory.create(version=version, **columns)
    for step in (VersionState.INSPECTING, state):
        if version.state != step:
            version.state, version.reason = step, reason
            version.save(update_fields=["state", "reason"])
    return version


def stopped() -> ModelVersion:
    version: ModelVersion = ready_version(state=RunState.FAILED)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    return version


def test_a_sealed_version_shows_its_identity_files_signature_and_lineage(client: Client) -> None:
    version = SealedVersionFactory.create(claims=[{"metric": "auc", "value": 0.73, "n": 5000}])
    entered(client, version, Role.VIEWER)
    page = shown(client, version.get_absolute_url())
    assert 'aria-label="Seal of the version"' in page
    assert version.digest[:8] in page
    assert version.artifacts.get().sha256 in page
    assert "tensor(float)" in page
    assert str(version.training_run.training_snapshot) in page
    assert "Not recomputed yet" in page
    assert "No run yet." in page


def test_why_a_version_is_quarantined_is_said_before_anything_else(client: Client) -> None:
    version = in_state(VersionState.QUARANTINED, "model.pkl: This is a pickle.")
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert page.index("model.pkl: This is a pickle.") < page.index("Digest over")
    assert "Only a sealed version can be released." in page
    assert "Run validation" not in page


def test_a_failed_inspection_says_so(client: Client) -> None:
    version = in_state(VersionState.FAILED, "The inspection took too long.")
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert "not sealed and not passed" in page
    assert "The inspection took too long." in page


def test_a_version_in_inspection_shows_progress_and_asks_again(client: Client) -> None:
    version = in_state(VersionState.INSPECTING)
    Job.objects.create(
        kind="registry.inspect_version", subject_type="version", subject_id=str(version.pk), arguments={},
        state=JobState.RUNNING, progress_done=1, progress_total=2, progress_message="model.onnx", created_at=now(),
    )  # fmt: skip
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert f'hx-get="{version.get_absolute_url()}" hx-trigger="every 2s"' in page
    assert "1 of 2. model.onnx" in page


def test_why_the_gate_stops_a_version_stands_on_its_page(client: Client) -> None:
    version = stopped()
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    gate = page[page.index('id="gate"') :]
    assert "The gate to production stops v1: 1 check not passed." in page
    assert page.index("stops v1") < page.index("Digest over") < page.index('id="gate"')
    assert "validation.passed" in gate
    assert "validation.passed &amp;&amp; data.held_out_apart" in gate
    assert "Read the run&#x27;s checks, mend what stopped it" in gate
    policy = version.gate_evaluations.get().policy_version
    assert f'href="{policy.get_absolute_url()}#validation"' in gate


def test_a_gate_from_before_a_finding_is_marked_and_evaluated_again(client: Client) -> None:
    request = ApprovedRequestFactory.create()
    version = request.release.version
    client.force_login(version.created_by)
    assert "Gate passed<" in shown(client, version.get_absolute_url())
    FindingFactory.create(model=version.model, severity="high", number=12)
    for thing in (request, request.release):
        page = shown(client, thing.get_absolute_url())
        assert "Evaluated before a change" in page
        assert "finding 12</a> raised" in page
        assert f'href="{version.get_absolute_url()}#gate"' in page
    page = shown(client, version.get_absolute_url())
    assert "Gate passed before a change" in page
    assert "Gate passed<" not in page
    again = reverse("version_gate", args=[version.model.slug, version.number])
    assert f'action="{again}"' in page
    assert client.post(again)["Location"] == f"{version.get_absolute_url()}#gate"
    page = shown(client, version.get_absolute_url())
    assert "The gate to production stops v1: 1 check not passed." in page
    assert "Evaluated before a change" not in page


def test_what_changed_against_production_comes_before_the_gate(client: Client) -> None:
    champion = ApprovedRequestFactory.create().release.version
    version = next_version(model=champion.model, champion=champion)
    evaluate_gate(actor=SYSTEM, version=version, environment="production")
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert page.index("What changed against production") < page.index('id="gate"')
    assert "v2 against v1" in page
    assert f'#compared">run {version.validation_runs.get().pk}</a>' in page


def test_a_developer_asks_for_approval(client: Client) -> None:
    version = ready_version()
    client.force_login(version.created_by)
    assert "Ask for approval" in shown(client, version.get_absolute_url())
    response = client.post(reverse("version_release", args=[version.model.slug, version.number]), WANTED)
    request = ApprovalRequest.objects.get()
    assert response.headers["Location"] == request.get_absolute_url()
    assert request.release.fallback == "Crews decide."
    page = shown(client, version.get_absolute_url())
    assert f"Request #{request.pk}" in page
    assert "In approval" in page
    assert WANTED["fallback"] not in page or 'name="fallback"' not in page


def test_a_refused_request_names_each_failing_check_in_the_form_and_leaves_the_gate(client: Client) -> None:
    version = ready_version(state=RunState.FAILED, values={"auc": None})
    client.force_login(version.created_by)
    response = client.post(reverse("version_release", args=[version.model.slug, version.number]), WANTED)
    page = response.content.decode()
    assert response.status_code == 422
    form = page[page.index('id="release"') :]
    assert "Not opened." in form
    assert "Validation passed on rows held out: failed." in form
    assert "Crews decide." in form
    assert GateEvaluation.objects.filter(version=version).exists()
    assert 'id="gate"' in page
    assert not ApprovalRequest.objects.exists()


def test_an_empty_form_says_what_is_missing(client: Client) -> None:
    version = ready_version()
    client.force_login(version.created_by)
    response = client.post(reverse("version_release", args=[version.model.slug, 1]), {"environment": "production"})
    assert response.status_code == 422
    assert 'href="#id_fallback"' in response.content.decode()


def test_who_may_not_ask_is_told_who_may(client: Client) -> None:
    version = ready_version()
    entered(client, version, Role.VIEWER)
    page = shown(client, version.get_absolute_url())
    assert f"A developer of {version.model.team.name} may." in page
    assert "Run validation" not in page
    response = client.post(reverse("version_release", args=[version.model.slug, version.number]), WANTED)
    assert response.status_code == 422
    assert "may not ask for approval of a version here." in response.content.decode()


def test_what_serves_already_is_not_asked_for_again(client: Client) -> None:
    version = ApprovedRequestFactory.create().release.version
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert "takes live decisions in production already" in page
    assert 'name="fallback"' not in page


def test_a_run_is_requested_and_shown(client: Client) -> None:
    version = SealedVersionFactory.create()
    snapshot = PlanFactory.create(model=version.model).held_out
    assert snapshot.blob is not None
    entered(client, version)
    response = client.post(reverse("version_run", args=[version.model.slug, version.number]))
    run = ValidationRun.objects.get()
    assert response.headers["Location"] == run.get_absolute_url()
    assert "hx-trigger" in shown(client, version.get_absolute_url())


def test_the_parts_follow_once_a_run_has_ended_and_a_half_written_form_stays(client: Client) -> None:
    run = RunFactory.create(state=RunState.RUNNING, started_at=now())
    entered(client, run.version)
    address = run.version.get_absolute_url()
    asking = {"HX-Request": "true", "HX-Target": "runs"}
    follows = 'hx-select-oob="#head,#found,#claimed,#timeline"'
    assert follows not in client.get(address, headers=asking).content.decode()
    run.state, run.finished_at = RunState.ERRORED, now()
    run.save(update_fields=["state", "finished_at"])
    response = client.get(address, headers=asking)
    page = response.content.decode()
    assert follows in page
    assert "HX-Refresh" not in response.headers
    assert [page.count(f'id="{part}"') for part in ("head", "found", "claimed", "timeline")] == [1, 1, 1, 1]
    assert page.index('id="found"') < page.index('id="claimed"') < page.index('id="release"')
    assert follows not in shown(client, address)


def test_a_version_just_sealed_looks_for_the_run_that_follows(client: Client) -> None:
    version = SealedVersionFactory.create()
    entered(client, version)
    polls = 'id="runs" hx-get'
    assert polls not in shown(client, version.get_absolute_url())
    PlanFactory.create(model=version.model)
    assert polls in shown(client, version.get_absolute_url())
    response = client.get(version.get_absolute_url(), headers={"HX-Request": "true", "HX-Target": "runs"})
    assert "hx-select-oob" not in response.content.decode()


def test_the_heading_follows_once_a_queued_run_has_started(client: Client) -> None:
    run = RunFactory.create()
    entered(client, run.version)
    address = f"{reverse('validation_run_progress', args=[run.pk])}?seen=queued"
    assert f'hx-get="{address}"' in shown(client, run.get_absolute_url())
    assert "HX-Refresh" not in client.get(address).headers
    run.state, run.started_at = RunState.RUNNING, now()
    run.save(update_fields=["state", "started_at"])
    assert client.get(address).headers["HX-Refresh"] == "true"
    page = shown(client, run.get_absolute_url())
    assert "<h1>v1 is being validated.</h1>" in page
    assert "seen=queued" not in page


def test_a_run_without_a_plan_is_refused_on_a_page_in_words(client: Client) -> None:
    version = SealedVersionFactory.create()
    entered(client, version)
    response = client.post(reverse("version_run", args=[version.model.slug, version.number]))
    assert response.status_code == 409
    assert "has no validation plan" in response.content.decode()


def test_another_teams_version_run_and_job_answer_404(client: Client) -> None:
    run = FinishedRunFactory.create()
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert client.get(run.version.get_absolute_url()).status_code == 404
    assert client.get(run.get_absolute_url()).status_code == 404
    assert client.get(reverse("validation_run_progress", args=[run.pk])).status_code == 404
    assert client.post(reverse("version_run", args=[run.version.model.slug, 1])).status_code == 404


def test_a_finished_run_says_its_verdict_with_n_intervals_charts_and_tables(client: Client) -> None:
    champion = SealedVersionFactory.create()
    version = SealedVersionFactory.create(model=champion.model)
    run = FinishedRunFactory.create(
        version=version, plan=PlanFactory.create(model=version.model), champion=champion, requested_by="system"
    )
    entered(client, version, Role.VIEWER)
    page = shown(client, run.get_absolute_url())
    assert "<h1>v2 passes validation; better than production.</h1>" in page
    assert "plotly.min.js" in page
    assert page.count("Numbers behind the chart") >= 4
    assert "Against production, same rows" in page
    assert "margin +0.0100" in page
    assert "n 4,000" in page
    assert "By carrier, largest first" in page
    assert "Claimed against recomputed" in page
    assert "Run again" not in page


def test_a_page_without_charts_loads_no_plotly(client: Client) -> None:
    run = RunFactory.create()
    entered(client, run.version)
    assert "plotly" not in shown(client, run.get_absolute_url())


def test_a_failed_run_says_why_and_marks_the_checks(client: Client) -> None:
    run = FinishedRunFactory.create(
        state=RunState.FAILED, outcomes={"segments": CheckOutcome.NO_DATA}, cause="Segments: too few rows."
    )
    entered(client, run.version)
    page = shown(client, run.get_absolute_url())
    assert "v1 does not pass validation: segments." in page
    assert "Segments: too few rows." in page
    assert page.count('class="sel wash bad"') == 1


@pytest.mark.parametrize("state", [RunState.ERRORED, RunState.TIMED_OUT, RunState.CANCELLED])
def test_a_run_without_results_gives_its_reason_and_is_not_passed(client: Client, state: RunState) -> None:
    run = RunFactory.create(state=state, cause="predict does not end.", started_at=now(), finished_at=now())
    entered(client, run.version)
    page = shown(client, run.get_absolute_url())
    assert "predict does not end." in page
    assert "not passed" in page
    assert "Run again" in page


def test_the_assumption_that_rows_are_independent_is_said(client: Client) -> None:
    run = FinishedRunFactory.create()
    results = {**(run.results or {}), "notes": ["rows assumed independent"]}
    other = SealedVersionFactory.create(model=run.version.model)
    told = FinishedRunFactory.create(version=other, plan=run.plan, results=results)
    entered(client, run.version)
    assert "Rows assumed independent." in shown(client, told.get_absolute_url())


def test_progress_is_polled_until_the_run_has_ended(client: Client) -> None:
    run = RunFactory.create(state=RunState.RUNNING, started_at=now())
    job = Job.objects.create(
        kind="monitoring.validate", subject_type="run", subject_id=str(run.pk), arguments={}, actor_id="user:1",
        team_id=run.version.model.team_id, state=JobState.RUNNING, progress_done=131, progress_total=214,
        progress_message="Resampling 40 units", created_at=now(),
    )  # fmt: skip
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
    entered(client, run.version)
    address = reverse("validation_run_progress", args=[run.pk])
    assert f'hx-get="{address}" hx-trigger="every 1s"' in shown(client, run.get_absolute_url())
    response = client.get(address)
    assert "131 of 214. Resampling 40 units" in response.content.decode()
    assert "Cancel the run" in response.content.decode()
    assert "<html" not in response.content.decode()
    assert "HX-Refresh" not in response.headers
    assert client.post(reverse("job_cancel", args=[job.pk])).headers["Location"] == run.get_absolute_url()
    job.refresh_from_db()
    assert job.cancel_requested
    assert "Cancel the run" not in client.get(address).content.decode()


def test_once_it_has_ended_the_page_is_told_to_load_again(client: Client) -> None:
    run = FinishedRunFactory.create()
    entered(client, run.version)
    response = client.get(reverse("validation_run_progress", args=[run.pk]))
    assert response.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in response.content.decode()


def test_who_may_not_cancel_sees_no_button_and_is_refused(client: Client) -> None:
    run = RunFactory.create(state=RunState.RUNNING, started_at=now())
    job = Job.objects.create(
        kind="monitoring.validate", subject_type="run", subject_id=str(run.pk), arguments={}, actor_id="user:1",
        team_id=run.version.model.team_id, state=JobState.RUNNING, created_at=now(),
    )  # fmt: skip
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
    entered(client, run.version, Role.VIEWER)
    assert "Cancel the run" not in shown(client, run.get_absolute_url())
    assert client.post(reverse("job_cancel", args=[job.pk])).status_code == 403


def test_a_job_of_no_run_leads_home(client: Client) -> None:
    team = TeamFactory.create()
    user = person_with(Role.DEVELOPER, team=team)
    job = Job.objects.create(
        kind="registry.inspect_version", subject_type="version", subject_id="1", arguments={}, team_id=team.pk,
        actor_id=user.actor_id, state=JobState.RUNNING, created_at=now(),
    )  # fmt: skip
    client.force_login(user)
    assert client.post(reverse("job_cancel", args=[job.pk])).headers["Location"] == reverse("home")


def test_the_stage_of_a_version_is_its_release(client: Client) -> None:
    request = OpenRequestFactory.create(version=ready_version())
    version = request.release.version
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert f"Release {request.release_id}" in page
    assert "Open review" in page


def test_files_name_their_type_and_size(client: Client) -> None:
    version = SealedVersionFactory.create(blob=stored(b"x" * 1500), file_name="model.skops")
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    assert "application/vnd.skops" in page
    assert 'title="1500 bytes"' in page


def test_a_file_is_downloaded_in_whole_and_in_parts(client: Client) -> None:
    version = SealedVersionFactory.create(blob=stored(b"model bytes"))
    entered(client, version, Role.VIEWER)
    address = reverse("version_file", args=[version.model.slug, version.number, "model.onnx"])
    assert f'href="{address}" download' in shown(client, version.get_absolute_url())
    response = client.get(address)
    assert (response.status_code, response.getvalue()) == (200, b"model bytes")
    assert response["Content-Disposition"] == 'attachment; filename="model.onnx"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert client.get(address, headers={"Range": "bytes=6-"}).getvalue() == b"bytes"
    assert client.get(address[:-1]).status_code == 404


def test_a_file_of_another_team_is_not_there(client: Client) -> None:
    version = SealedVersionFactory.create(blob=stored(b"model bytes"))
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    address = reverse("version_file", args=[version.model.slug, version.number, "model.onnx"])
    assert client.get(address).status_code == 404


def test_what_inspection_refused_leaves_under_a_name_that_nothing_opens(client: Client) -> None:
    version = in_state(VersionState.QUARANTINED, "A pickle.", blob=stored(b"pickled"))
    entered(client, version)
    response = client.get(reverse("version_file", args=[version.model.slug, version.number, "model.onnx"]))
    assert response["Content-Disposition"] == 'attachment; filename="model.onnx.quarantined"'
    assert response["Content-Type"] == "application/octet-stream"


def test_a_pickle_that_is_kept_says_what_was_done_with_it_and_what_not(client: Client) -> None:
    one = {
        "name": "the file", "compressed": "gzip", "protocol": 4, "opcodes": 1234, "calls": 5, "complete": False,
        "names": ["<b>evil</b>", "os.system"], "alarming": ["os.system"],
    }  # fmt: skip
    version = in_state(
        VersionState.FAILED, name="model.pkl", media_type="application/vnd.python.pickle",
        inspection={"details": {"container": "mlflow", "count": 21, "pickles": [one]}, "notes": []},
    )  # fmt: skip
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    told = page[page.index('id="pickle"') :]
    assert "nothing in it was imported, called, built or scored" in told
    assert "unless the model is handed in as skops or ONNX" in told
    assert "MLflow model folder with 21 pickles, of which the first 1 are listed" in told
    assert "Names what no model needs" in told
    assert "This is an opinion about names" in told
    assert "Not listed to its end" in told
    assert "&lt;b&gt;evil&lt;/b&gt;" in told


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (
            {"result": "verified", "signer": "Vendor", "key_id": "ab" * 32, "uncovered": ["lock.txt"]},
            "signed with the key of",
        ),
        ({"result": "unknown_key", "hint": "cd" * 32}, "says nothing of who signed"),
        ({"result": "does_not_match", "reason": "Other bytes."}, "Other bytes."),
        ({}, "sent in the role"),
    ],
)
def test_who_signed_the_files_stands_on_the_page(client: Client, judged: dict[str, Any], words: str) -> None:
    version = in_state(
        VersionState.QUARANTINED, role="signature", name="model.sig", inspection={"details": judged}, media_type="x/y"
    )
    entered(client, version)
    page = shown(client, version.get_absolute_url())
    told = page[page.index('id="signing"') :]
    assert words in told
    assert ("Not covered by it: lock.txt." in told) is bool(judged.get("uncovered"))


def test_a_sealed_version_offers_the_portals_signature(client: Client) -> None:
    version = SealedVersionFactory.create()
    entered(client, version, Role.VIEWER)
    address = reverse("version_signature", args=[version.model.slug, version.number])
    assert f'href="{address}" download' in shown(client, version.get_absolute_url())
    response = client.get(address)
    assert response["Content-Disposition"] == 'attachment; filename="model.sig"'
    assert json.loads(response.content)["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
