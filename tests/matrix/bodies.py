"""What goes with one call of each address of the portal, by which it can be tried."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client

from portal.core.clock import now
from registry.choices import Level
from registry.selectors import questionnaire
from tests.factories.accounts import PASSWORD
from tests.factories.ci import ISSUER, jwks
from tests.factories.lineage import openlineage_event
from tests.factories.registry import answers_at
from tests.factories.signatures import signer_pem
from tests.factories.world import DOCUMENT, Portfolio
from tests.portal.api.callers import digest_header

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
    "POST admin_team_ci_issuers": lambda _: Sent({**ISSUER, "jwks": json.dumps(jwks("new"))}),
    "POST api_ci_issuers": lambda _: Sent({**ISSUER, "jwks": jwks("new")}),
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
