"""Addresses of the pages."""

from django.urls import path

from portal.pages import (
    audit,
    data,
    home,
    inventory,
    keys,
    operations,
    policies,
    releases,
    reviews,
    style,
    tokens,
    versions,
)

_VERSION = "models/<slug:slug>/versions/<int:number>"

urlpatterns = [
    path("", home.home, name="home"),
    path("quick-start", home.quick_start, name="quick_start"),
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
    path("style", style.style, name="style"),
    path("livez", operations.livez, name="livez"),
    path("readyz", operations.readyz, name="readyz"),
    path("csp-report", operations.csp_report, name="csp_report"),
]
