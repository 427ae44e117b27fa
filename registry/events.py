"""Events of the registry: `data` is the subject's whole public state after the change."""

from portal.ledger.catalogue import declare

MODEL_REGISTERED = declare("registry.model.registered", "registered the model")
DATASET_REGISTERED = declare("registry.dataset.registered", "registered the dataset")
SNAPSHOT_RECEIVED = declare("registry.snapshot.received", "uploaded a snapshot")
SNAPSHOT_READY = declare("registry.snapshot.ready", "read the snapshot's schema and rows")
SNAPSHOT_REFUSED = declare("registry.snapshot.refused", "refused the snapshot")
SNAPSHOT_FAILED = declare("registry.snapshot.failed", "could not inspect the snapshot")
PIPELINE_REGISTERED = declare("registry.feature_pipeline.registered", "registered the feature pipeline")
PIPELINE_VERSION_REGISTERED = declare(
    "registry.feature_pipeline_version.registered", "registered a feature pipeline version"
)
TRAINING_RUN_RECORDED = declare("registry.training_run.recorded", "recorded the training run")
VERSION_REGISTERED = declare("registry.version.registered", "registered the version")
ARTIFACT_ADDED = declare("registry.artifact.added", "added a file to the version")
VERSION_SUBMITTED = declare("registry.version.submitted", "handed the version to inspection")
VERSION_SEALED = declare("registry.version.sealed", "sealed the version")
VERSION_QUARANTINED = declare("registry.version.quarantined", "quarantined the version")
VERSION_FAILED = declare("registry.version.failed", "could not inspect the version")
VERSION_WITHDRAWN = declare("registry.version.withdrawn", "withdrew the version")
CARD_DRAFTED = declare("registry.card.drafted", "drafted a card revision")
CARD_PUBLISHED = declare("registry.card.published", "published a card revision")
CARD_SUPERSEDED = declare("registry.card.superseded", "superseded a card revision")
STAGE_ASSIGNED = declare("registry.stage.assigned", "said who answers for the pipeline stage")
RELEASE_PLANNED = declare("registry.release.planned", "planned the release")
RELEASE_ACTIVATED = declare("registry.release.activated", "activated the release")
RELEASE_SUPERSEDED = declare("registry.release.superseded", "superseded the release")
