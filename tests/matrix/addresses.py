"""Every address of the portal, and where one call of each goes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.ledger.models import Entry
from tests.factories.world import Portfolio

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

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
    "admin_team_ci_issuers": lambda team: {"slug": team.team.slug},
    "admin_ci_issuer_withdraw": _row("ci_issuer"),
    "api_ci_issuers": lambda team: {"slug": team.team.slug},
    "api_ci_issuer_withdraw": _row("ci_issuer"),
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
    "documents_csv": _model,
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
    "version_gate": _version("candidate"),
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
