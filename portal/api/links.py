"""What an answer leads to: the table behind OpenAPI's links."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SLUG = {"slug": "$response.body#/slug"}
_OWN = {"slug": "$request.path.slug"}
_ID = {"id": "$response.body#/id"}
_NUMBER = {**_OWN, "number": "$response.body#/number"}
_HERE = {**_OWN, "number": "$request.path.number"}
_JOB = {"id": "$response.body#/job"}


@dataclass(frozen=True)
class Link:
    """After one operation another one can be called, with parameters out of request and answer."""

    after: str
    then: str
    parameters: Mapping[str, Any]


LINKS = tuple(
    Link(after, then, parameters)
    for after, then, parameters in (
        ("use_cases_create", "use_cases_retrieve", _SLUG),
        ("use_cases_create", "use_cases_decision_create", _SLUG),
        ("models_create", "models_retrieve", _SLUG),
        ("models_create", "models_versions_create", _SLUG),
        ("models_create", "models_card_revisions_create", _SLUG),
        ("models_create", "models_stages_retrieve", _SLUG),
        ("models_create", "models_validation_plans_create", _SLUG),
        ("models_create", "models_releases_list", _SLUG),
        ("datasets_create", "datasets_retrieve", _SLUG),
        ("datasets_create", "datasets_snapshots_create", _SLUG),
        ("datasets_create", "datasets_snapshots_list", _SLUG),
        ("datasets_snapshots_create", "datasets_snapshots_retrieve", _NUMBER),
        ("feature_pipelines_create", "feature_pipelines_retrieve", _SLUG),
        ("feature_pipelines_create", "feature_pipelines_versions_create", _SLUG),
        ("feature_pipelines_versions_create", "feature_pipelines_versions_retrieve", _NUMBER),
        ("models_card_revisions_create", "models_card_revisions_retrieve", _NUMBER),
        ("models_card_revisions_create", "models_card_revisions_publish_create", _NUMBER),
        ("models_validation_plans_create", "models_validation_plans_retrieve", _NUMBER),
        ("models_versions_create", "models_versions_retrieve", _NUMBER),
        ("models_versions_create", "models_versions_artifacts_update", _NUMBER),
        ("models_versions_create", "models_versions_submit_create", _NUMBER),
        ("models_versions_submit_create", "models_versions_retrieve", _HERE),
        ("models_versions_submit_create", "models_versions_validation_runs_list", _HERE),
        ("models_versions_validation_runs_create", "validation_runs_retrieve", _ID),
        ("models_versions_validation_runs_create", "jobs_retrieve", _JOB),
        ("models_documents_create", "models_documents_retrieve", _NUMBER),
        ("models_documents_create", "models_documents_file_update", _NUMBER),
        ("models_documents_create", "models_documents_withdraw_create", _NUMBER),
        ("models_findings_create", "models_findings_retrieve", _NUMBER),
        ("models_findings_create", "models_findings_moves_create", _NUMBER),
        *(
            (f"{about}_comments_create", then, _ID)
            for about in ("models", "models_versions", "models_findings")
            for then in ("comments_retrieve", "comments_partial_update", "comments_withdraw_create")
        ),
        ("models_releases_create", "releases_retrieve", _ID),
        ("models_releases_create", "releases_approval_requests_create", _ID),
        ("releases_approval_requests_create", "approval_requests_retrieve", _ID),
        ("releases_evidence_packs_create", "evidence_packs_retrieve", _ID),
        ("releases_evidence_packs_create", "jobs_retrieve", _JOB),
        ("jobs_cancel_create", "jobs_retrieve", _ID),
    )
)
