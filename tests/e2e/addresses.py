"""Where each page of the permission matrix lies in the demo's data; a page that is in neither table fails the walk."""

from tests.matrix.permissions import rows

MODEL = "/models/late-arrival"
USE_CASE = "/use-cases/late-arrival-warning"
PAGES = {
    "home": "/",
    "quick_start": "/quick-start",
    "guide": "/quick-start/scikit-learn",
    "search": "/search?q=late",
    "keyboard": "/keyboard",
    "use_cases": "/use-cases",
    "use_case": USE_CASE,
    "use_case_propose": "/propose-use-case",
    "use_case_change": f"{USE_CASE}/change",
    "use_case_retire": f"{USE_CASE}/retire",
    "models": "/models?tier=2",
    "model": MODEL,
    "model_change": f"{MODEL}/change",
    "model_retire": f"{MODEL}/retire",
    "model_declare": f"{MODEL}/declare",
    "models_import": "/import-models",
    "model_use_case": f"{MODEL}/use-case",
    "tier": f"{MODEL}/tier",
    "tier_assess": f"{MODEL}/tier/assess",
    "card": f"{MODEL}/card",
    "stage": f"{MODEL}/stages/training",
    "documents": f"{MODEL}/documents",
    "document_add": f"{MODEL}/add-document",
    "document_withdraw": f"{MODEL}/documents/2/withdraw",
    "findings": "/findings",
    "finding": f"{MODEL}/findings/1",
    "finding_comments": f"{MODEL}/findings/1/comments",
    "finding_raise": f"{MODEL}/raise-finding?version=3",
    "finding_move": f"{MODEL}/findings/1/hand-over",
    "model_comments": f"{MODEL}/comments",
    "version_comments": f"{MODEL}/versions/3/comments",
    "version": f"{MODEL}/versions/3",
    "compare": "/compare?a=late-arrival:1&b=late-arrival:2",
    "validation_run": "/validation-runs/2",
    "reviews": "/reviews",
    "review": "/reviews/2",
    "releases": "/releases",
    "release": "/releases/1",
    "policies": "/policies",
    "policy": "/policies/sober-default/1",
    "datasets": "/data",
    "dataset": "/data/nyc-flights-2013",
    "datasheet": "/data/nyc-flights-2013/datasheet",
    "datasheet_write": "/data/nyc-flights-2013/datasheet/write",
    "snapshot": "/data/nyc-flights-2013/3",
    "snapshot_column": "/data/nyc-flights-2013/3/columns/2",
    "lineage": "/lineage?of=snapshot:nyc-flights-2013:2",
    "lineage_runs": "/lineage/runs",
    "audit": "/audit",
    "entry": "/audit/45",
    "keys": "/keys",
    "tokens": "/tokens",
    "own_account": "/account",
    "own_password": "/account/password",
    "problems": "/problems/",
    "problem_type": "/problems/not_found",
    "style": "/style",
    "account_logout": "/accounts/logout/",
    "account_reauthenticate": "/accounts/reauthenticate/",
}
ADMIN_PAGES = {
    "admin": "/admin",
    "admin_people": "/admin/people",
    "admin_person_new": "/admin/people/new",
    "admin_person": "/admin/people/4",
    "admin_grant_give": "/admin/people/4/grants",
    "admin_person_deactivate": "/admin/people/4/deactivate",
    "admin_person_email": "/admin/people/4/email",
    "admin_person_password": "/admin/people/4/password",
    "admin_teams": "/admin/teams",
    "admin_service_accounts": "/admin/service-accounts",
}
# The same pages where they say something else.
ALSO = (
    f"{MODEL}/versions/1",
    "/validation-runs/3",
    "/search?q=nowhere",
    "/reviews?state=voided",
    "/nowhere",
    "/compare",
    "/lineage",
    "/compare?a=late-arrival:1&b=arrival-challenger:1",
)
MAIN = {PAGES[name] for name in ("home", "models", "model", "version", "validation_run", "review", "audit", "style")}
"""Looked at in every scheme, at every width and zoom; the others at the corners."""
# Parts that a page loads, files, what machines read, the sign-in page, which nobody sees who has signed in, and the
# page to try the API, whose marks are Swagger's (test_api_docs looks at it).
NO_PAGES = {
    "account_login", "validation_run_progress", "release_packs", "evidence", "entry_proof", "livez", "metrics",
    "readyz", "review_sign", "try_the_api", "version_release", "models_csv", "findings_csv", "comment",
    "document_file", "guide_file", "version_file", "version_signature",
    "lineage_csv", "snapshot_profile_csv", "documents_csv",
    "models_importable", "models_jsonl",
    "models_template",
}  # fmt: skip
# The demo has nothing of the kind: no closed account, no grant or change that waits, no service account.
NOT_IN_THE_DEMO = {
    "admin_person_reactivate", "admin_grant_confirm", "admin_grant_revoke", "admin_change_confirm",
    "admin_change_withdraw", "admin_team", "admin_token_revoke", "password_link", "service_tokens", "lineage_run",
    "release_end", "models_imported", "comment_edit", "comment_withdraw", "snapshot_erase",
    # The walkers develop and administer; they are not the second line, which decides.
    "use_case_approve", "use_case_reject", "use_case_not_a_model",
}  # fmt: skip


def unknown_pages() -> set[str]:
    """Return the pages of the matrix that the walk would leave out."""
    named = {row.split()[1] for row in rows() if row.startswith("GET ") and " api_" not in row}
    return named ^ (set(PAGES) | set(ADMIN_PAGES) | NO_PAGES | NOT_IN_THE_DEMO)
