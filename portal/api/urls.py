"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from portal.api.v1 import cards, data, jobs, keys, models, packs, pipelines, releases, validation, versions

_VERSION = "v1/models/<slug:slug>/versions/<int:number>"

urlpatterns = [
    path("v1/schema", SpectacularAPIView.as_view(metadata_class=None), name="api_schema"),
    path("v1/models", models.ModelList.as_view(), name="api_models"),
    path("v1/models/<slug:slug>", models.ModelDetail.as_view(), name="api_model"),
    path("v1/datasets", data.DatasetList.as_view(), name="api_datasets"),
    path("v1/datasets/<slug:slug>/snapshots", data.SnapshotList.as_view(), name="api_snapshots"),
    path("v1/datasets/<slug:slug>/snapshots/<int:number>", data.SnapshotDetail.as_view(), name="api_snapshot"),
    path("v1/feature-pipelines", pipelines.PipelineList.as_view(), name="api_pipelines"),
    path(
        "v1/feature-pipelines/<slug:slug>/versions",
        pipelines.PipelineVersionList.as_view(),
        name="api_pipeline_versions",
    ),
    path("v1/models/<slug:slug>/versions", versions.VersionList.as_view(), name="api_versions"),
    path(_VERSION, versions.VersionDetail.as_view(), name="api_version"),
    path(f"{_VERSION}/artifacts/<str:name>", versions.ArtifactUpload.as_view(), name="api_artifact"),
    path(f"{_VERSION}/submit", versions.VersionSubmit.as_view(), name="api_version_submit"),
    path(f"{_VERSION}/validation-runs", validation.RunList.as_view(), name="api_runs"),
    path("v1/validation-runs/<int:pk>", validation.RunDetail.as_view(), name="api_run"),
    path("v1/models/<slug:slug>/validation-plans", validation.PlanList.as_view(), name="api_plans"),
    path("v1/models/<slug:slug>/card-revisions", cards.CardList.as_view(), name="api_cards"),
    path(
        "v1/models/<slug:slug>/card-revisions/<int:number>/publish",
        cards.CardPublish.as_view(),
        name="api_card_publish",
    ),
    path("v1/models/<slug:slug>/releases", releases.ReleaseList.as_view(), name="api_releases"),
    path("v1/releases/<int:pk>/approval-requests", releases.RequestOpen.as_view(), name="api_request_open"),
    path("v1/approval-requests/<int:pk>", releases.RequestDetail.as_view(), name="api_request"),
    path("v1/releases/<int:pk>/evidence-packs", packs.PackRequest.as_view(), name="api_pack_request"),
    path("v1/evidence-packs/<int:pk>", packs.PackDetail.as_view(), name="api_pack"),
    path("v1/evidence-packs/<int:pk>/<str:kind>", packs.PackFile.as_view(), name="api_pack_file"),
    path("v1/keys", keys.PublicKeyList.as_view(), name="api_keys"),
    path("v1/jobs/<int:pk>", jobs.JobDetail.as_view(), name="api_job"),
    path("v1/jobs/<int:pk>/cancel", jobs.JobCancel.as_view(), name="api_job_cancel"),
]
