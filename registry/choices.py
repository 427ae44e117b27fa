"""The registry's enumerations; words are DOMAIN's."""

from collections.abc import Mapping

from django.db.models import TextChoices

from portal.jobs.kinds import declare_kind


class Task(TextChoices):
    """What a model does; the metrics follow from it."""

    BINARY = "binary", "Binary classification"
    MULTICLASS = "multiclass", "Multiclass classification"
    REGRESSION = "regression", "Regression"
    RANKING = "ranking", "Ranking"
    FORECAST = "forecast", "Forecast"
    SURVIVAL = "survival", "Survival"
    ANOMALY = "anomaly", "Anomaly detection"
    CLUSTERING = "clustering", "Clustering"
    OPTIMISATION = "optimisation", "Optimisation"
    GENERATIVE = "generative", "Generative"


class Implementation(TextChoices):
    """What a model is made of."""

    SCIKIT_LEARN = "scikit-learn", "scikit-learn"
    ONNX = "onnx", "ONNX"
    LIGHTGBM = "lightgbm", "LightGBM"
    XGBOOST = "xgboost", "XGBoost"
    CATBOOST = "catboost", "CatBoost"
    PYTORCH = "pytorch", "PyTorch"
    SPREADSHEET = "spreadsheet", "Spreadsheet"
    VENDOR = "vendor", "Vendor's black box"


class Origin(TextChoices):
    """Who made a model."""

    OWN = "own", "Own"
    VENDOR = "vendor", "Vendor"


class UseCaseState(TextChoices):
    """The life of a use case. `in_use` is computed, never stored."""

    PROPOSED = "proposed", "Proposed"
    TIERED = "tiered", "Tiered"
    APPROVED_FOR_DEVELOPMENT = "approved_for_development", "Approved for development"
    IN_USE = "in_use", "In use"
    RETIRED = "retired", "Retired"
    REJECTED = "rejected", "Rejected"


class UseCaseVerdict(TextChoices):
    """What the second line decides about a proposed use case."""

    APPROVE = "approve", "Approve for development"
    REJECT = "reject", "Reject"
    NOT_A_MODEL = "not_a_model", "Not a model"


class Level(TextChoices):
    """How high exposure, purpose or complexity of a model is, in order."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class AssessmentState(TextChoices):
    """The life of a tier assessment. A proposal to lower the tier waits until an approval lets it into force."""

    IN_FORCE = "in_force", "In force"
    PROPOSED = "proposed", "Proposed"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


class TierStanding(TextChoices):
    """What the tier of a model rests on; computed, never stored."""

    NOT_ASSESSED = "not_assessed", "Not assessed"
    FIRST_LINE = "assessed_by_first_line", "Assessed by the first line"
    SECOND_LINE = "assessed_by_second_line", "Assessed by the second line"


class VersionState(TextChoices):
    """The life of a version; its stage is its Release."""

    RECEIVING = "receiving", "Receiving"
    INSPECTING = "inspecting", "Inspecting"
    SEALED = "sealed", "Sealed"
    QUARANTINED = "quarantined", "Quarantined"
    FAILED = "failed", "Failed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SnapshotState(TextChoices):
    """A snapshot is read only after it was inspected in the cage; one by reference lies elsewhere and never is."""

    INSPECTING = "inspecting", "Inspecting"
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"
    REFERENCED = "referenced", "Referenced"


class LineageRunState(TextChoices):
    """The life of a run elsewhere, as its events tell; `named` only by a run that it started."""

    NAMED = "named", "Named"
    STARTED = "started", "Started"
    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    FAILED = "failed", "Failed"
    ABORTED = "aborted", "Aborted"


class LineageKind(TextChoices):
    """What has lineage."""

    MODEL = "model", "Model"
    VERSION = "version", "Version"
    SNAPSHOT = "snapshot", "Snapshot"
    RUN = "run", "Run"
    PIPELINE = "pipeline", "Feature pipeline version"
    COMMIT = "commit", "Commit"
    RELEASE = "release", "Active release"


class ArtifactRole(TextChoices):
    """What a file is to its version."""

    MODEL = "model", "Model"
    ENVIRONMENT = "environment", "Environment lock"
    SIGNATURE = "signature", "Signature over the files"
    OTHER = "other", "Other, stored and never opened"


class CardState(TextChoices):
    """The life of a card revision."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"


class Environment(TextChoices):
    """Where a release runs."""

    STAGING = "staging", "Staging"
    PRODUCTION = "production", "Production"


class ReleaseState(TextChoices):
    """The life of a release. `in_approval` is computed, never stored."""

    PLANNED = "planned", "Planned"
    DECLARED = "declared", "Declared"
    ACTIVE = "active", "Active"
    SUPERSEDED = "superseded", "Superseded"
    ROLLED_BACK = "rolled_back", "Rolled back"
    HALTED = "halted", "Halted"
    RETIRED = "retired", "Retired"


class Stage(TextChoices):
    """What a model's pipeline is made of, in order; each stage stands before a gate."""

    INGESTION = "ingestion", "Ingestion"
    FEATURES = "features", "Features"
    TRAINING = "training", "Training"
    VALIDATION = "validation", "Validation"
    DEPLOYMENT = "deployment", "Deployment"
    MONITORING = "monitoring", "Monitoring"

    @property
    def gate(self) -> str:
        """Return which gate follows the stage."""
        return _GATES[self][0]

    @property
    def closed(self) -> str:
        """Return what it means that the gate is closed."""
        return _GATES[self][1]


class DocumentKind(TextChoices):
    """What a document about a model is."""

    VENDOR_REPORT = "vendor_report", "Vendor's report"
    VERSION_NOTICE = "version_notice", "Version notice"
    EXIT_PLAN = "exit_plan", "Exit plan"
    CONTRACT = "contract", "Contract"
    VALIDATION = "validation", "Validation done elsewhere"
    ASSESSMENT = "assessment", "Assessment of risks or impact"
    MINUTES = "minutes", "Minutes"
    OTHER = "other", "Other"


class DocumentState(TextChoices):
    """Whether a document counts as evidence on a day: computed, never stored; only a valid one does."""

    AWAITED = "awaited", "Awaited"
    UPCOMING = "upcoming", "Upcoming"
    VALID = "valid", "Valid"
    EXPIRED = "expired", "Expired"
    REPLACED = "replaced", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"


class FindingState(TextChoices):
    """The life of a finding. `overdue` is computed, never stored."""

    OPEN = "open", "Open"
    IN_REMEDIATION = "in_remediation", "In remediation"
    READY_TO_VERIFY = "ready_to_verify", "Ready to verify"
    CLOSED = "closed", "Closed"
    REOPENED = "reopened", "Reopened"


class Severity(TextChoices):
    """How much a finding weighs, the heaviest first."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class FindingVerb(TextChoices):
    """What somebody did to a finding."""

    RAISE = "raise", "Raised"
    HAND_OVER = "hand_over", "Handed over"
    START = "start", "Remediation started"
    HAND_IN = "hand_in", "Remediation handed in"
    CLOSE = "close", "Closed"
    SEND_BACK = "send_back", "Sent back"
    REOPEN = "reopen", "Reopened"
    CHANGE_SEVERITY = "change_severity", "Severity changed"


class StageState(TextChoices):
    """Whether somebody answers for a stage; computed, never stored."""

    OWNED = "owned", "Owned"
    NO_OWNER = "no_owner", "No owner"
    OWNER_DEACTIVATED = "owner_deactivated", "Owner deactivated"


_DATA = (
    "data gate",
    "Batches are still stored, and marked; jobs behind them are skipped; no evidence from them counts.",
)
_RELEASE = ("release gate", "No approval, no activation.")
_GATES: Mapping[str, tuple[str, str]] = {
    Stage.INGESTION: _DATA,
    Stage.FEATURES: _DATA,
    Stage.TRAINING: ("training gate", "Training and registration calls that ask get “not passed”."),
    Stage.VALIDATION: _RELEASE,
    Stage.DEPLOYMENT: _RELEASE,
    Stage.MONITORING: ("serving gate", "Permits are not renewed; what serves answers with the fallback."),
}

INSPECT_VERSION = declare_kind("registry.inspect_version", queue="intake")
INSPECT_SNAPSHOT = declare_kind("registry.inspect_snapshot", queue="intake")
IMPORT_MODELS = declare_kind("registry.import_models", queue="intake")
