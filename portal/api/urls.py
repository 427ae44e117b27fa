"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from portal.api.docs import docs
from portal.api.v1 import (
    cards,
    comparisons,
    data,
    declarations,
    imports,
    jobs,
    keys,
    models,
    packages,
    packs,
    pipelines,
    releases,
    stages,
    tiers,
    use_cases,
    validation,
    versions,
    whoami,
)

_VERSION = "v1/models/<slug:slug>/versions/<int:number>"

urlpatterns = [
    path("docs", docs, name="try_the_api"),
    path("v1/schema", SpectacularAPIView.as_view(metadata_class=None), name="api_schema"),
    path("v1/whoami", whoami.WhoAmI.as_view(), name="api_whoami"),
    path("v1/use-cases", use_cases.UseCaseList.as_view(), name="api_use_cases"),
    path("v1/use-cases/<slug:slug>", use_cases.UseCaseDetail.as_view(), name="api_use_case"),
    path("v1/use-cases/<slug:slug>/decision", use_cases.UseCaseDecision.as_view(), name="api_use_case_decision"),
    path("v1/use-cases/<slug:slug>/retire", use_cases.UseCaseRetire.as_view(), name="api_use_case_retire"),
    path("v1/models", models.ModelList.as_view(), name="api_models"),
    path("v1/model-imports", imports.ModelImport.as_view(), name="api_model_imports"),
    path("v1/models/<slug:slug>", models.ModelDetail.as_view(), name="api_model"),
    path("v1/models/<slug:slug>/retire", models.ModelRetire.as_view(), name="api_model_retire"),
    path("v1/models/<slug:slug>/use-case", use_cases.ModelUseCase.as_view(), name="api_model_use_case"),
    path("v1/datasets", data.DatasetList.as_view(), name="api_datasets"),
    path("v1/datasets/<slug:slug>", data.DatasetDetail.as_view(), name="api_dataset"),
    path("v1/datasets/<slug:slug>/snapshots", data.SnapshotList.as_view(), name="api_snapshots"),
    path("v1/datasets/<slug:slug>/snapshots/<int:number>", data.SnapshotDetail.as_view(), name="api_snapshot"),
    path("v1/feature-pipelines", pipelines.PipelineList.as_view(), name="api_pipelines"),
    path("v1/feature-pipelines/<slug:slug>", pipelines.PipelineDetail.as_view(), name="api_pipeline"),
    path(
        "v1/feature-pipelines/<slug:slug>/versions",
        pipelines.PipelineVersionList.as_view(),
        name="api_pipeline_versions",
    ),
    path(
        "v1/feature-pipelines/<slug:slug>/versions/<int:number>",
        pipelines.PipelineVersionDetail.as_view(),
        name="api_pipeline_version",
    ),
    path("v1/models/<slug:slug>/versions", versions.VersionList.as_view(), name="api_versions"),
    path(_VERSION, versions.VersionDetail.as_view(), name="api_version"),
    path(f"{_VERSION}/artifacts/<str:name>", versions.ArtifactUpload.as_view(), name="api_artifact"),
    path(f"{_VERSION}/submit", versions.VersionSubmit.as_view(), name="api_version_submit"),
    path(f"{_VERSION}/sbom", packages.VersionBill.as_view(), name="api_sbom"),
    path(f"{_VERSION}/comparison", comparisons.VersionComparisonDetail.as_view(), name="api_comparison"),
    path(f"{_VERSION}/validation-runs", validation.RunList.as_view(), name="api_runs"),
    path("v1/validation-runs/<int:pk>", validation.RunDetail.as_view(), name="api_run"),
    path("v1/models/<slug:slug>/validation-plans", validation.PlanList.as_view(), name="api_plans"),
    path("v1/models/<slug:slug>/validation-plans/<int:number>", validation.PlanDetail.as_view(), name="api_plan"),
    path("v1/models/<slug:slug>/stages", stages.StageList.as_view(), name="api_stages"),
    path("v1/models/<slug:slug>/stages/<slug:stage>", stages.StageDetail.as_view(), name="api_stage"),
    path("v1/tier-questionnaire", tiers.TierQuestionnaire.as_view(), name="api_questionnaire"),
    path("v1/models/<slug:slug>/tier-assessments", tiers.AssessmentList.as_view(), name="api_assessments"),
    path(
        "v1/models/<slug:slug>/tier-assessments/<int:number>", tiers.AssessmentDetail.as_view(), name="api_assessment"
    ),
    path(
        "v1/models/<slug:slug>/tier-assessments/<int:number>/withdraw",
        tiers.AssessmentWithdraw.as_view(),
        name="api_assessment_withdraw",
    ),
    path("v1/models/<slug:slug>/card-revisions", cards.CardList.as_view(), name="api_cards"),
    path("v1/models/<slug:slug>/card-revisions/<int:number>", cards.CardDetail.as_view(), name="api_card"),
    path(
        "v1/models/<slug:slug>/card-revisions/<int:number>/publish",
        cards.CardPublish.as_view(),
        name="api_card_publish",
    ),
    path("v1/models/<slug:slug>/releases", releases.ReleaseList.as_view(), name="api_releases"),
    path(
        "v1/models/<slug:slug>/declared-releases", declarations.DeclareRelease.as_view(), name="api_declared_releases"
    ),
    path("v1/releases/<int:pk>/end", declarations.ReleaseEnd.as_view(), name="api_release_end"),
    path("v1/releases/<int:pk>", releases.ReleaseDetail.as_view(), name="api_release"),
    path("v1/releases/<int:pk>/approval-requests", releases.RequestOpen.as_view(), name="api_request_open"),
    path("v1/approval-requests/<int:pk>", releases.RequestDetail.as_view(), name="api_request"),
    path("v1/releases/<int:pk>/evidence-packs", packs.PackList.as_view(), name="api_packs"),
    path("v1/evidence-packs/<int:pk>", packs.PackDetail.as_view(), name="api_pack"),
    path("v1/evidence-packs/<int:pk>/<str:kind>", packs.PackFile.as_view(), name="api_pack_file"),
    path("v1/keys", keys.PublicKeyList.as_view(), name="api_keys"),
    path("v1/jobs", jobs.JobList.as_view(), name="api_jobs"),
    path("v1/jobs/<int:pk>", jobs.JobDetail.as_view(), name="api_job"),
    path("v1/jobs/<int:pk>/cancel", jobs.JobCancel.as_view(), name="api_job_cancel"),
]
