"""Addresses of the pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from portal.pages import (
    audit,
    credentials,
    data,
    grants,
    home,
    inventory,
    keyboard,
    keys,
    operations,
    own_account,
    people,
    policies,
    problems,
    releases,
    reviews,
    saved,
    search,
    service_accounts,
    style,
    teams,
    tokens,
    versions,
)


class SecretConverter(StringConverter):
    """Exactly what a link's secret can be: base64 for addresses, 43 characters of 32 bytes."""

    regex = "[A-Za-z0-9_-]{43}"


register_converter(SecretConverter, "secret")

_PERSON = "admin/people/<int:pk>"
_VERSION = "models/<slug:slug>/versions/<int:number>"

urlpatterns = [
    path("", home.home, name="home"),
    path("quick-start", home.quick_start, name="quick_start"),
    path("search", search.search, name="search"),
    path("keyboard", keyboard.keyboard, name="keyboard"),
    path("views", saved.view_save, name="view_save"),
    path("views/<int:pk>/delete", saved.view_delete, name="view_delete"),
    path("models", inventory.models, name="models"),
    path("models/<slug:slug>", inventory.model, name="model"),
    path("models/<slug:slug>/card", inventory.card, name="card"),
    path("models/<slug:slug>/card/<int:number>/publish", inventory.card_publish, name="card_publish"),
    path(_VERSION, versions.version, name="version"),
    path(f"{_VERSION}/run", versions.version_run, name="version_run"),
    path(f"{_VERSION}/release", versions.version_release, name="version_release"),
    path("validation-runs/<int:pk>", versions.validation_run, name="validation_run"),
    path("validation-runs/<int:pk>/progress", versions.validation_run_progress, name="validation_run_progress"),
    path("jobs/<int:pk>/cancel", versions.job_cancel, name="job_cancel"),
    path("reviews", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>", reviews.review, name="review"),
    path("reviews/<int:pk>/sign", reviews.review_sign, name="review_sign"),
    path("reviews/<int:pk>/withdraw", reviews.review_withdraw, name="review_withdraw"),
    path("releases", releases.releases, name="releases"),
    path("releases/<int:pk>", releases.release, name="release"),
    path("releases/<int:pk>/evidence", releases.release_evidence, name="release_evidence"),
    path("releases/<int:pk>/packs", releases.release_packs, name="release_packs"),
    path("evidence/<int:pk>/<str:kind>", releases.evidence, name="evidence"),
    path("policies", policies.policies, name="policies"),
    path("policies/<slug:slug>/<int:number>", policies.policy, name="policy"),
    path("data", data.datasets, name="datasets"),
    path("data/<slug:slug>", data.dataset, name="dataset"),
    path("data/<slug:slug>/<int:number>", data.snapshot, name="snapshot"),
    path("audit", audit.audit, name="audit"),
    path("audit/<int:index>", audit.entry, name="entry"),
    path("audit/<int:index>/proof.json", audit.proof, name="entry_proof"),
    path("keys", keys.keys, name="keys"),
    path("tokens", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", tokens.token_revoke, name="token_revoke"),
    path("account", own_account.account, name="own_account"),
    path("account/password", own_account.password, name="own_password"),
    path("account/sessions/<str:handle>/end", own_account.session_end, name="own_session_end"),
    path("set-password/<secret:secret>", credentials.password_link, name="password_link"),
    path("service-accounts/<int:pk>/tokens", service_accounts.service_tokens, name="service_tokens"),
    path("admin", people.overview, name="admin"),
    path("admin/people", people.people, name="admin_people"),
    path("admin/people/new", people.person_new, name="admin_person_new"),
    path(_PERSON, people.person, name="admin_person"),
    path(f"{_PERSON}/password", people.person_password, name="admin_person_password"),
    path(f"{_PERSON}/email", people.person_email, name="admin_person_email"),
    path(f"{_PERSON}/deactivate", people.person_deactivate, name="admin_person_deactivate"),
    path(f"{_PERSON}/reactivate", people.person_reactivate, name="admin_person_reactivate"),
    path(f"{_PERSON}/grants", grants.grant_give, name="admin_grant_give"),
    path("admin/grants/<int:pk>/confirm", grants.grant_confirm, name="admin_grant_confirm"),
    path("admin/grants/<int:pk>/revoke", grants.grant_revoke, name="admin_grant_revoke"),
    path("admin/changes/<int:pk>/confirm", credentials.change_confirm, name="admin_change_confirm"),
    path("admin/changes/<int:pk>/withdraw", credentials.change_withdraw, name="admin_change_withdraw"),
    path("admin/teams", teams.teams, name="admin_teams"),
    path("admin/teams/<slug:slug>", teams.team, name="admin_team"),
    path("admin/service-accounts", service_accounts.service_accounts, name="admin_service_accounts"),
    path("admin/tokens/<int:pk>/revoke", service_accounts.token_end, name="admin_token_revoke"),
    path("problems/", problems.problems, name="problems"),
    path("problems/<slug:code>", problems.problem_type, name="problem_type"),
    path("style", style.style, name="style"),
    path("livez", operations.livez, name="livez"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
    path("csp-report", operations.csp_report, name="csp_report"),
]
