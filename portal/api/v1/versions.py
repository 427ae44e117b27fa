"""Model versions, their files, and handing them in."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.bodies import Body
from portal.api.conditions import require_match
from portal.api.uploads import declared_sha256, stored_upload
from portal.api.v1.data import CONTENT_DIGEST, SnapshotReference, referenced_snapshot
from portal.api.v1.models import model_named
from portal.api.views import Door, Listing, accepted, actor_of, created
from portal.blobs.downloads import answer
from portal.core.querysets import visible
from registry.choices import ArtifactRole
from registry.models import Artifact, FeaturePipelineVersion, LineageRun, ModelVersion, TrainingRun
from registry.rules.ci_identity import LARGEST_TOKEN
from registry.rules.commit_signing import LARGEST_COMMIT
from registry.rules.model_signing import DOES_NOT_MATCH
from registry.rules.signer_keys import UNKNOWN_KEY, VERIFIED
from registry.selectors import file_of
from registry.services import versions as services

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="ETag of the version as it was read; another state is a 412."
)


class ListedPickleSerializer(serializers.Serializer[dict[str, Any]]):
    """What the opcodes of one pickle say; nothing in it was opened."""

    name = serializers.CharField()
    compressed = serializers.CharField(help_text="By what; empty: by nothing.")
    protocol = serializers.IntegerField()
    opcodes = serializers.IntegerField()
    calls = serializers.IntegerField(help_text="Opcodes that call or fill something.")
    names = serializers.ListField(child=serializers.CharField(), help_text="What it would import.")
    alarming = serializers.ListField(child=serializers.CharField(), help_text="Names no model needs: an opinion.")
    complete = serializers.BooleanField(help_text="False: what follows was not listed.")


class PickleSerializer(serializers.Serializer[dict[str, Any]]):
    """A model that is kept as a pickle: of how many, and what the first of them say."""

    container = serializers.ChoiceField(choices=["", "zip", "mlflow"])
    count = serializers.IntegerField()
    pickles = ListedPickleSerializer(many=True)


class VerificationSerializer(serializers.Serializer[dict[str, Any]]):
    """What a supplied signature came to; only `verified` says who signed."""

    result = serializers.ChoiceField(choices=[VERIFIED, UNKNOWN_KEY, DOES_NOT_MATCH])
    reason = serializers.CharField(help_text="Why it does not match; else empty.")
    key_id = serializers.CharField(help_text="The registered key that made it; empty: none did.")
    signer = serializers.CharField(help_text="Whose key that is.")
    hint = serializers.CharField(help_text="How the signature names its key: SHA-256 of the PEM.")
    covered = serializers.ListField(child=serializers.CharField(), help_text="Files that it lists.")
    uncovered = serializers.ListField(child=serializers.CharField(), help_text="Files of the version that it doesn't.")


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    """A file of a version as the API shows it; what is never opened is kept, and neither read nor scored."""

    never_opened = serializers.BooleanField(source="is_never_opened", read_only=True)
    notes = serializers.SerializerMethodField(help_text="What inspection says of it, in sentences.")
    pickle = PickleSerializer(source="pickle_listing", read_only=True, allow_null=True)
    verification = VerificationSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Artifact
        fields = [
            "role",
            "name",
            "sha256",
            "size",
            "media_type",
            "never_opened",
            "notes",
            "pickle",
            "verification",
            "created_at",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_notes(self, artifact: Artifact) -> list[str]:
        """Return the notes."""
        return list(artifact.inspection.get("notes", []))


class ClaimSerializer(Body):
    """A metric that the submitter claims; without snapshot or n it is not comparable."""

    metric = serializers.CharField(max_length=60)
    value = serializers.FloatField()
    n = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    snapshot_sha256 = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)


class VersionReference(Body):
    """A version named by model and number."""

    model = serializers.SlugField()
    number = serializers.IntegerField(min_value=1)


class TrainingRunSerializer(Body):
    """How the version was trained."""

    repository = serializers.CharField(max_length=400)
    commit = serializers.CharField(max_length=64)
    commit_authors = serializers.ListField(child=serializers.EmailField(), allow_empty=False)
    hyperparameters = serializers.DictField(required=False, default=dict)
    environment_lock_sha256 = serializers.CharField(max_length=64)
    seed = serializers.IntegerField(required=False, allow_null=True, default=None)
    training_snapshot = SnapshotReference()
    hardware = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="What it ran on, in words."
    )
    continues = VersionReference(
        required=False, allow_null=True, default=None, help_text="The version whose training this one went on from."
    )
    lineage_run = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The run that OpenLineage events told of."
    )
    signed_commit = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        max_length=LARGEST_COMMIT,
        help_text="The commit itself, as `git cat-file commit` prints it: its SSH signature is verified.",
    )
    ci_identity_token = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LARGEST_TOKEN,
        help_text="The identity token (OIDC) of the CI job; it is verified and never kept.",
    )


class PipelineReference(Body):
    """A feature pipeline version named by pipeline and number."""

    pipeline = serializers.SlugField()
    number = serializers.IntegerField(min_value=1)


class RegisterVersionSerializer(Body):
    """What registering a version needs; no feature pipeline version means that it is inside the artifact."""

    description = serializers.CharField(required=False, default="", allow_blank=True)
    training_run = TrainingRunSerializer()
    feature_pipeline_version = PipelineReference(required=False, allow_null=True, default=None)
    claims = ClaimSerializer(many=True, required=False, default=list)


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A version as the API shows it."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    artifacts = ArtifactSerializer(many=True, read_only=True)
    claims = serializers.ListField(child=serializers.DictField(), read_only=True)
    signature = serializers.DictField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = [
            "model", "number", "state", "reason", "description", "digest", "claims", "signature", "artifacts",
            "created_at", "submitted_at", "sealed_at",
        ]  # fmt: skip


class VersionList(Listing):
    """List and register the versions of a model."""

    serializer_class = VersionSerializer
    queryset = ModelVersion.objects.none()
    filterset_fields = ["state"]

    def get_queryset(self) -> Any:
        """Return the model's versions."""
        model = model_named(self.request, self.kwargs["slug"])
        return model.versions.select_related("model").prefetch_related("artifacts")

    @extend_schema(request=RegisterVersionSerializer, responses={201: VersionSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Register a version; then add its files and submit it."""
        model = model_named(request, slug)
        form = RegisterVersionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        run = dict(values["training_run"])
        run["training_snapshot"] = referenced_snapshot(
            request, run["training_snapshot"], "training_run.training_snapshot"
        )
        run["parent"] = _continued(request, run.pop("continues"))
        run["lineage_run"] = _lineage_run(request, run["lineage_run"])
        version = services.register_version(
            actor=self.actor,
            model=model,
            description=values["description"],
            training_run=services.TrainingRunInput(**run),
            feature_pipeline_version=_pipeline_version(request, values["feature_pipeline_version"]),
            claims=[services.Claim(**claim) for claim in values["claims"]],
        )
        return created(VersionSerializer(version).data, "api_version", request, slug=slug, number=version.number)


class VersionDetail(Door, generics.RetrieveAPIView[ModelVersion]):
    """One version."""

    serializer_class = VersionSerializer
    queryset = ModelVersion.objects.none()

    def get_object(self) -> ModelVersion:
        """Return the version."""
        return version_named(self.request, self.kwargs["slug"], self.kwargs["number"])


class ArtifactFile(Door):
    """A file of a version: sent while it is being received, fetched at any time."""

    serializer_class = ArtifactSerializer
    queryset = ModelVersion.objects.none()
    query_parameters: ClassVar[Mapping[str, frozenset[str]]] = {"PUT": frozenset({"role"})}
    streamed = True
    ranged = True

    @extend_schema(
        operation_id="models_versions_artifacts_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, slug: str, number: int, name: str) -> HttpResponseBase:
        """Download one file, in whole or one range of bytes; the ETag is its SHA-256, so that parts can be joined.

        A file of a quarantined or failed version has that word behind its name.
        """
        found = file_of(visible(ModelVersion.objects.all(), self.actor, model__slug=slug, number=number), name)
        if found is None:
            raise Http404
        return answer(request, found)

    @extend_schema(
        parameters=[CONTENT_DIGEST, OpenApiParameter("role", str, enum=ArtifactRole.values, required=True)],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: ArtifactSerializer, 201: ArtifactSerializer},
    )
    def put(self, request: Request, slug: str, number: int, name: str) -> Response:
        """Upload one file under a name; its bytes must have the declared digest. Sent twice, it is there once: 200."""
        version, role = version_named(request, slug, number), request.query_params.get("role", "")
        services.require_receiving(actor=self.actor, version=version)
        sha256 = declared_sha256(request)
        known = next((row for row in version.artifacts.all() if (row.name, row.role) == (name, role)), None)
        if known is not None and known.sha256 == sha256:
            return Response(ArtifactSerializer(known).data)
        blob = stored_upload(request, self.actor, sha256=sha256)
        artifact = services.add_artifact(
            actor=self.actor, version=version, role=role, name=name, blob=blob, declared_sha256=sha256
        )
        return Response(ArtifactSerializer(artifact).data, status=201)


class VersionSubmit(Door):
    """Hand a version to inspection."""

    serializer_class = VersionSerializer
    queryset = ModelVersion.objects.none()

    @extend_schema(parameters=[IF_MATCH], request=None, responses={202: VersionSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Submit the version; it is sealed or quarantined after inspection."""
        version = version_named(request, slug, number)
        with transaction.atomic():
            services.lock_version(version.pk)
            require_match(request, VersionSerializer(version_named(request, slug, number)).data)
            version = services.submit_version(actor=self.actor, version=version)
        return accepted(VersionSerializer(version).data, "api_version", request, slug=slug, number=number)


def version_named(request: Request, slug: str, number: int) -> ModelVersion:
    """Return a model's version, if the caller may see it."""
    return visible(ModelVersion.objects.with_parts(), actor_of(request), model__slug=slug, number=number)


def _continued(request: Request, value: dict[str, Any] | None) -> TrainingRun | None:
    if value is None:
        return None
    rows = TrainingRun.objects.visible_to(actor_of(request))
    found = rows.filter(version__model__slug=value["model"], version__number=value["number"]).first()
    if found is None:
        message = f"There is no version {value['model']} {value['number']}."
        raise serializers.ValidationError({"training_run.continues": [message]})
    return found


def _lineage_run(request: Request, run_id: UUID | None) -> LineageRun | None:
    if run_id is None:
        return None
    found = LineageRun.objects.visible_to(actor_of(request)).filter(run_id=run_id).first()
    if found is None:
        raise serializers.ValidationError({"training_run.lineage_run": [f"No event told of a run {run_id}."]})
    return found


def _pipeline_version(request: Request, value: dict[str, Any] | None) -> FeaturePipelineVersion | None:
    if value is None:
        return None
    rows = FeaturePipelineVersion.objects.visible_to(actor_of(request))
    found = rows.filter(pipeline__slug=value["pipeline"], number=value["number"]).first()
    if found is None:
        message = f"There is no feature pipeline version {value['pipeline']} {value['number']}."
        raise serializers.ValidationError({"feature_pipeline_version": [message]})
    return found
