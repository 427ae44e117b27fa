"""Every address of the portal, and one call of each by which it can be tried."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.core.clock import now
from portal.ledger.models import Entry
from registry.choices import Level
from registry.selectors import questionnaire
from tests.factories.accounts import PASSWORD
from tests.factories.lineage import openlineage_event
from tests.factories.registry import answers_at
from tests.factories.signatures import signer_pem
from tests.factories.world import DOCUMENT, Portfolio
from tests.portal.api.callers import digest_header

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
IN_A_MONTH = now() + timedelta(days=30)
NEW_PASSWORD = "an entirely new pass phrase"
NEW_RUN = "0197e0a1-4c3b-7f00-8000-000000000001"
UPLOAD = b"day,x\n2026-01-01,1\n"


@dataclass(frozen=True)
class Sent:
    """What goes with a call: a form or a JSON body, bytes, a query."""

    values: Mapping[str, Any] | None = None
    data: bytes | None = None
    query: str = ""


Arguments = Callable[[Portfolio], Mapping[str, Any]]


def url_names(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    """Yield the name of every address; one without a name is told by its route."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from url_names(pattern.url_patterns)
        else:
            yield pattern.name or str(pattern.pattern)


def address_of(method: str, name: str, team: Portfolio) -> str:
    """Return where the call goes: to a thing of this team to which it can be done."""
    arguments = ARGUMENTS.get(f"{method} {name}") or ARGUMENTS.get(name)
    return reverse(name, kwargs=dict(arguments(team)) if arguments else None)


def sent(method: str, name: str, team: Portfolio) -> Sent:
    """Return what goes with the call, naming things of this team."""
    make = BODIES.get(f"{method} {name}")
    return make(team) if make else Sent()


def send(client: Client, method: str, address: str, what: Sent) -> HttpResponseBase:
    """Make the call as a browser would; below /api/ as a program would."""
    address += what.query
    if what.data is not None:
        headers = {"Content-Digest": digest_header(what.data)}
        return client.generic(method, address, what.data, content_type="application/octet-stream", headers=headers)
    if address.startswith("/api/") and method != "GET":
        return client.generic(method, address, json.dumps(what.values or {}), content_type="application/json")
    if method == "POST":
        return client.post(address, what.values or {})
    return client.generic(method, address)


def _model(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug}


def _proposal(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.proposal.slug}


def _version(name: str) -> Arguments:
    return lambda team: {"slug": team.model.slug, "number": getattr(team, name).number}


def _row(name: str) -> Arguments:
    return lambda team: {"pk": getattr(team, name).pk}


def _planned_version(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.planned.released.number}


def _draft(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.draft.number}


def _stage(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "stage": "training"}


def _proposed_tier(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.proposed_tier.number}


def _finding(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.finding.number}


def _document(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.document.number}


def _awaited(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.model.slug, "number": team.awaited.number}


def _finding_move(team: Portfolio) -> Mapping[str, Any]:
    return {**_finding(team), "deed": "change-severity"}


def _pack_file(team: Portfolio) -> Mapping[str, Any]:
    return {"pk": team.pack.pk, "kind": "pdf"}


def _snapshot(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.dataset.slug, "number": team.snapshot.number}


def _profiled(team: Portfolio) -> Mapping[str, Any]:
    return {"slug": team.dataset.slug, "number": team.profiled.number}


def _column(team: Portfolio) -> Mapping[str, Any]:
    return {**_profiled(team), "position": 2}


def _policy(team: Portfolio) -> Mapping[str, Any]:
    policy = team.request.policy_version
    return {"slug": policy.policy.slug, "number": policy.number}


def _entry(team: Portfolio) -> Mapping[str, Any]:
    return {"index": Entry.objects.filter(team_id=team.team.pk).values_list("index", flat=True)[0]}


def _person(team: Portfolio) -> Mapping[str, Any]:
    return {"pk": team.author.pk}


def _session(team: Portfolio) -> Mapping[str, Any]:
    return {"handle": team.session.handle}


ARGUMENTS: dict[str, Arguments] = {
    "own_session_end": _session,
    "password_link": lambda team: {"secret": team.link},
    "service_tokens": _row("account"),
    "admin_person": _person,
    "admin_person_password": _person,
    "admin_person_email": _person,
    "admin_person_deactivate": _person,
    "admin_person_reactivate": _row("closed"),
    "admin_grant_give": _person,
    "admin_grant_confirm": _row("waiting_grant"),
    "admin_grant_revoke": _row("waiting_grant"),
    "admin_change_confirm": _row("waiting_change"),
    "admin_change_withdraw": _row("waiting_change"),
    "admin_team": lambda team: {"slug": team.team.slug},
    "admin_team_pickles": lambda team: {"slug": team.team.slug},
    "admin_team_pickles_end": lambda team: {"slug": team.team.slug},
    "admin_team_signers": lambda team: {"slug": team.team.slug},
    "admin_signer_withdraw": _row("signer"),
    "api_signers": lambda team: {"slug": team.team.slug},
    "api_signer_withdraw": _row("signer"),
    "api_team_pickles": lambda team: {"slug": team.team.slug},
    "admin_token_revoke": _row("token"),
    "use_case": lambda team: {"slug": team.use_case.slug},
    "use_case_change": _proposal,
    "use_case_approve": _proposal,
    "use_case_reject": _proposal,
    "use_case_not_a_model": _proposal,
    "use_case_retire": lambda team: {"slug": team.idle_use_case.slug},
    "model_use_case": _model,
    "model_change": _model,
    "model_declare": lambda team: {"slug": team.idle_model.slug},
    "models_imported": _row("import_job"),
    "release_end": _row("declared"),
    "api_declared_releases": lambda team: {"slug": team.idle_model.slug},
    "api_release_end": _row("declared"),
    "model_retire": lambda team: {"slug": team.idle_model.slug},
    "model": _model,
    "tier": _model,
    "tier_assess": _model,
    "tier_withdraw": _proposed_tier,
    "card": _model,
    "card_publish": _draft,
    "stage": _stage,
    "documents": _model,
    "document_add": _model,
    "document_file": _document,
    "document_withdraw": _document,
    "guide": lambda _: {"slug": "scikit-learn"},
    "guide_file": lambda _: {"name": "portal_client.py"},
    "finding": _finding,
    "finding_comments": _finding,
    "model_comments": _model,
    "version_comments": _version("busy"),
    **dict.fromkeys(("comment", "comment_edit", "comment_withdraw"), _row("comment")),
    "finding_raise": _model,
    "finding_move": _finding_move,
    "version": _version("candidate"),
    "version_file": lambda team: {**_version("receiving")(team), "name": "model.onnx"},
    "version_signature": _version("candidate"),
    "version_run": _version("busy"),
    "version_release": _planned_version,
    "validation_run": _row("run"),
    "validation_run_progress": _row("queued_run"),
    "job_cancel": _row("job"),
    "review": _row("request"),
    "review_sign": _row("request"),
    "review_withdraw": _row("request"),
    "release": _row("active"),
    "release_evidence": _row("active"),
    "release_packs": _row("active"),
    "evidence": _pack_file,
    "policy": _policy,
    "dataset": lambda team: {"slug": team.dataset.slug},
    "snapshot": _snapshot,
    "snapshot_profile": _snapshot,
    **dict.fromkeys(("snapshot_erase", "api_snapshot_file"), _snapshot),
    "snapshot_profile_csv": _profiled,
    "snapshot_column": _column,
    "api_profile": _profiled,
    "POST api_profile": _snapshot,
    "api_profile_columns": _profiled,
    "api_profile_column": _column,
    **dict.fromkeys(("datasheet", "datasheet_write", "api_datasheets"), lambda team: {"slug": team.dataset.slug}),
    "api_datasheet": lambda team: {"slug": team.dataset.slug, "number": team.datasheet.number},
    "entry": _entry,
    "entry_proof": _entry,
    "token_revoke": _row("token"),
    "problem_type": lambda _: {"code": "not_found"},
    "view_delete": _row("view"),
    "api_model": _model,
    "api_use_case": lambda team: {"slug": team.use_case.slug},
    "PATCH api_use_case": _proposal,
    "api_use_case_decision": _proposal,
    "api_use_case_retire": lambda team: {"slug": team.idle_use_case.slug},
    "api_model_use_case": _model,
    "api_model_retire": lambda team: {"slug": team.idle_model.slug},
    "api_dataset": lambda team: {"slug": team.dataset.slug},
    "api_snapshots": lambda team: {"slug": team.dataset.slug},
    "api_snapshot": _snapshot,
    "api_snapshot_references": lambda team: {"slug": team.dataset.slug},
    "api_pipeline": lambda team: {"slug": team.pipeline.slug},
    "api_pipeline_version": lambda team: {"slug": team.pipeline.slug, "number": team.pipeline_version.number},
    "api_pipeline_versions": lambda team: {"slug": team.pipeline.slug},
    "api_versions": _model,
    "api_version": _version("candidate"),
    "GET api_artifact": lambda team: {**_version("receiving")(team), "name": "model.onnx"},
    "api_artifact": lambda team: {**_version("receiving")(team), "name": "notes.txt"},
    "api_version_signature": _version("candidate"),
    "api_version_submit": _version("receiving"),
    "api_comparison": _version("candidate"),
    "api_sbom": _version("candidate"),
    "api_runs": _version("candidate"),
    "POST api_runs": _version("busy"),
    "api_run": _row("run"),
    "api_plans": _model,
    "api_plan": lambda team: {"slug": team.model.slug, "number": team.plan.number},
    "api_assessments": _model,
    "api_assessment": _proposed_tier,
    "api_assessment_withdraw": _proposed_tier,
    "compare": lambda _: {},  # the versions stand in the query
    **dict.fromkeys(("lineage", "lineage_csv", "api_lineage_dependents"), lambda _: {}),  # so does the thing
    "lineage_run": _row("lineage_run"),
    "api_lineage_run": lambda team: {"run_id": team.lineage_run.run_id},
    "api_stages": _model,
    "api_stage": _stage,
    "api_documents": _model,
    "api_document": _document,
    "api_document_file": _document,
    "PUT api_document_file": _awaited,
    "api_document_withdraw": _document,
    "api_findings": _model,
    "api_finding": _finding,
    "api_finding_moves": _finding,
    "api_finding_comments": _finding,
    "api_model_comments": _model,
    "api_version_comments": _version("busy"),
    **dict.fromkeys(("api_comment", "api_comment_withdraw"), _row("comment")),
    "api_cards": _model,
    "api_card": _draft,
    "api_card_publish": _draft,
    "api_releases": _model,
    "api_release": _row("planned"),
    "api_request_open": _row("planned"),
    "api_request": _row("request"),
    "api_packs": _row("active"),
    "api_pack": _row("pack"),
    "api_pack_file": _pack_file,
    "api_job": _row("job"),
    "api_job_cancel": _row("job"),
}

_CARD = Sent({"intended_use": "Ranks.", "limitations": "Few.", "out_of_scope_use": "Prices."})
_TIER = {"shown_digest": questionnaire().digest, "rationale": "So."}
_DOCUMENT = {"kind": "minutes", "title": "Meeting"}
_REASON = {"reason": "Wrong file."}
_FINDING = {"title": "Too high", "description": "See the run.", "severity": "high", "stage": "training"}
_HEAVIER = {"severity": "high", "comment": "It costs more."}
_SLUG = {"slug": "new-thing", "name": "New thing"}
_RELEASE = {"environment": "production", "fallback": "A person decides."}
_DECLARED = {
    "environment": "production", "in_use_since": "2021-03-01", "deadline": str(now().date() + timedelta(days=30)),
    "description": "Version 4.",
}  # fmt: skip


class ChosenFile(SimpleUploadedFile):
    """A file that is read from its beginning each time the same form is sent."""

    def read(self, *args: Any) -> bytes:
        self.seek(0)
        return bytes(super().read(*args))


REPORT = ChosenFile("report.pdf", DOCUMENT)


def models_file(team: Portfolio) -> bytes:
    """Return a file with a new model of the team."""
    head = "slug,name,purpose,team,owner,tier,task,implementation"
    return f"{head}\nnew-thing,New thing,Decides.,{team.team.slug},{team.author.email},2,binary,onnx\n".encode()


def _tried_file(team: Portfolio) -> Sent:
    content = models_file(team)
    return Sent({"content": base64.b64encode(content).decode(), "sha256": hashlib.sha256(content).hexdigest()})


def _named(team: Portfolio, **more: Any) -> Sent:
    return Sent({**_SLUG, "team": team.team.slug, **more})


def _use_case(team: Portfolio) -> dict[str, Any]:
    texts = {"purpose": "Calls.", "affected_persons": "Customers.", "decision": "Whom to call."}
    return {**texts, "owner": team.author.email, "sponsor": team.author.email}


def _verdict(team: Portfolio) -> Sent:
    return Sent({"rationale": "Spelled out.", "shown_digest": team.proposal.digest()})


def _compared(team: Portfolio) -> Sent:
    slug = team.model.slug
    return Sent(query=f"?a={slug}:{team.active.released.number}&b={slug}:{team.candidate.number}")


def _asked_for(team: Portfolio) -> Sent:
    return Sent(query=f"?of=version:{team.model.slug}:{team.active.released.number}")


def _dependency(team: Portfolio) -> Sent:
    name = f"version:{team.model.slug}"
    return Sent({"upstream": f"{name}:{team.candidate.number}", "downstream": f"{name}:{team.busy.number}"})


def _lineage_event(team: Portfolio) -> Sent:
    named = {"namespace": "countersign", "name": f"snapshot:{team.dataset.slug}:{team.snapshot.number}"}
    return Sent(openlineage_event(NEW_RUN, inputs=[named]), query=f"?team={team.team.slug}")


def _signature(team: Portfolio) -> Sent:
    return Sent(
        {
            "verdict": "approve", "meaning": "approval", "rationale": "Better.", "password": PASSWORD,
            "shown_digest": team.request.bundle_digest,
        }
    )  # fmt: skip


def _new_version(team: Portfolio) -> Sent:
    snapshot = {"dataset": team.dataset.slug, "number": team.snapshot.number}
    run = {
        "repository": "https://git.example.org/m", "commit": "b" * 40, "commit_authors": [team.author.email],
        "environment_lock_sha256": "c" * 64, "training_snapshot": snapshot,
    }  # fmt: skip
    pipeline = {"pipeline": team.pipeline.slug, "number": team.pipeline_version.number}
    return Sent({"training_run": run, "feature_pipeline_version": pipeline})


def _new_plan(team: Portfolio) -> Sent:
    held_out = {"dataset": team.dataset.slug, "number": team.plan.held_out.number}
    return Sent({"held_out": held_out, "specification": {"label_column": "label", "resamples": 500}})


BODIES: dict[str, Callable[[Portfolio], Sent]] = {
    "POST account_login": lambda team: Sent({"login": team.author.email, "password": PASSWORD}),
    "POST account_reauthenticate": lambda _: Sent({"password": PASSWORD}),
    "POST use_case_propose": lambda team: _named(team, **_use_case(team)),
    "POST use_case_change": lambda team: Sent({**_use_case(team), "name": "Other"}),
    "POST use_case_approve": _verdict,
    "POST use_case_reject": _verdict,
    "POST use_case_not_a_model": _verdict,
    "POST use_case_retire": lambda _: Sent({"reason": "Over."}),
    "POST model_change": lambda team: Sent({"name": "Other", "purpose": "Calls.", "owner": f"user:{team.author.pk}"}),
    "POST model_declare": lambda _: Sent(_DECLARED),
    "POST models_import": lambda team: Sent({"file": ChosenFile("models.csv", models_file(team))}),
    "POST models_import_start": _tried_file,
    "POST release_end": lambda _: Sent({"reason": "Over."}),
    "POST api_declared_releases": lambda _: Sent(_DECLARED),
    "POST api_release_end": lambda _: Sent({"reason": "Over."}),
    "POST api_model_imports": lambda team: Sent(data=models_file(team), query="?existing=refuse"),
    "POST model_retire": lambda _: Sent({"reason": "Over."}),
    "POST model_use_case": lambda team: Sent({"use_case": team.idle_use_case.slug}),
    "POST tier_assess": lambda _: Sent({**_TIER, **answers_at(Level.HIGH)}),
    "POST card": lambda _: _CARD,
    "POST stage": lambda team: Sent({"owner": f"user:{team.author.pk}", "response_hours": "4"}),
    "POST document_add": lambda _: Sent({**_DOCUMENT, "valid_from": "2026-01-01", "file": REPORT}),
    "POST document_withdraw": lambda _: Sent(_REASON),
    "POST finding_raise": lambda _: Sent(_FINDING),
    "POST finding_move": lambda _: Sent(_HEAVIER),
    **dict.fromkeys(
        (
            "POST model_comments",
            "POST version_comments",
            "POST finding_comments",
            "POST comment_edit",
            "POST api_model_comments",
            "POST api_version_comments",
            "POST api_finding_comments",
            "PATCH api_comment",
        ),
        lambda _: Sent({"text": "See run 3."}),
    ),
    "GET compare": _compared,
    **dict.fromkeys(("GET lineage", "GET lineage_csv", "GET api_lineage_dependents"), _asked_for),
    "POST api_lineage": _lineage_event,
    "POST api_lineage_dependencies": _dependency,
    "POST version_release": lambda _: Sent({**_RELEASE, "summary": "More months."}),
    "POST review_sign": _signature,
    "POST view_save": lambda _: Sent({"page": "models", "query": "tier=2", "name": "Second tier"}),
    "POST tokens": lambda _: Sent({"name": "laptop", "scopes": ["read"], "days": "30"}),
    "POST own_password": lambda _: Sent({"current": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}),
    "POST password_link": lambda _: Sent({"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}),
    "POST service_tokens": lambda _: Sent({"name": "ci", "scopes": ["read"], "days": "30"}),
    "POST admin_person_new": lambda _: Sent({"name": "Nora", "email": "nora@example.org"}),
    "POST admin_person_email": lambda _: Sent({"email": "new@example.org"}),
    "POST admin_grant_give": lambda team: Sent({"role": "viewer", "team": str(team.team.pk)}),
    "POST admin_grant_confirm": lambda _: Sent({"password": PASSWORD}),
    "POST admin_change_confirm": lambda _: Sent({"password": PASSWORD}),
    "POST admin_teams": lambda _: Sent({"name": "New", "slug": "new-team", "line": "first"}),
    "POST admin_team": lambda _: Sent({"name": "New"}),
    "POST admin_team_pickles": lambda _: Sent({"last_day": IN_A_MONTH.date().isoformat(), "reason": "No other."}),
    "PUT api_team_pickles": lambda _: Sent({"until": IN_A_MONTH.isoformat(), "reason": "No other."}),
    "POST admin_team_signers": lambda _: Sent({"name": "Vendor", "pem": signer_pem("new")}),
    "POST api_signers": lambda _: Sent({"name": "Vendor", "pem": signer_pem("new")}),
    "POST admin_service_accounts": lambda team: Sent(
        {"name": "CI", "email": "ci@example.org", "owner": str(team.author.pk)}
    ),
    "POST csp_report": lambda _: Sent(data=b'{"csp-report": {"document-uri": "/"}}'),
    "POST api_models": lambda team: _named(
        team, purpose="Decides.", tier=2, task="binary", implementation="onnx", owner=team.author.email
    ),
    "POST api_use_cases": lambda team: _named(team, **_use_case(team)),
    "PATCH api_use_case": lambda team: Sent(_use_case(team)),
    "POST api_use_case_decision": lambda team: Sent({**(_verdict(team).values or {}), "verdict": "not_a_model"}),
    "POST api_use_case_retire": lambda _: Sent({"reason": "Over."}),
    "PATCH api_model": lambda team: Sent({"name": "Other", "owner": team.author.email}),
    "POST api_model_retire": lambda _: Sent({"reason": "Over."}),
    "POST api_model_use_case": lambda team: Sent({"use_case": team.idle_use_case.slug}),
    "POST api_datasets": _named,
    "POST api_snapshot_references": lambda _: Sent({"location": "s3://lake/rows", "sha256": "e" * 64}),
    "POST datasheet_write": lambda _: Sent({"origin": "Elsewhere.", "sensitive": "income"}),
    "POST api_datasheets": lambda _: Sent({"origin": "Elsewhere.", "sensitive": ["income"]}),
    "POST api_pipelines": _named,
    "POST api_snapshots": lambda _: Sent(data=UPLOAD, query="?time_column=day"),
    "POST api_pipeline_versions": lambda _: Sent(
        {"repository": "https://git.example.org/f", "commit": "d" * 40, "columns": ["x"]}
    ),
    "POST api_versions": _new_version,
    "PUT api_stage": lambda team: Sent({"owner": team.author.email, "response_hours": 4}),
    "PUT api_artifact": lambda _: Sent(data=UPLOAD, query="?role=other"),
    "POST api_plans": _new_plan,
    "POST api_assessments": lambda _: Sent({**_TIER, "answers": answers_at(Level.HIGH)}),
    "POST api_documents": lambda team: Sent({**_DOCUMENT, "sha256": team.awaited.sha256}),
    "PUT api_document_file": lambda _: Sent(data=DOCUMENT),
    "POST api_document_withdraw": lambda _: Sent(_REASON),
    "POST api_findings": lambda _: Sent(_FINDING),
    "POST api_finding_moves": lambda _: Sent({"move": "change_severity", **_HEAVIER}),
    "POST api_cards": lambda _: _CARD,
    "POST api_releases": lambda team: Sent({**_RELEASE, "version": team.busy.number}),
    "POST api_request_open": lambda _: Sent({"summary": "More months."}),
}
