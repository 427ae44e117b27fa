"""Facts that went wrong in the registry."""

from portal.core.errors import Conflict, DomainError, Forbidden, Invalid


class VersionIsSealed(Conflict):
    """A version that is no longer being received can't change."""

    code = "version_sealed"


class NotUsable(Conflict):
    """The thing is not in a state in which this can be done to it."""

    code = "not_usable"


class SlugTaken(Invalid):
    """Another thing has this slug."""

    code = "slug_taken"


class NameTaken(Invalid):
    """Another model has this name for MLflow clients."""

    code = "name_taken"


class ImportRefused(Invalid):
    """A file of models has rows that break a rule; none of it was registered."""

    code = "import_refused"


class DigestMismatch(Invalid):
    """The bytes received are not those declared."""

    code = "digest_mismatch"


class CiIdentityRefused(Invalid):
    """The token of a CI job does not say what the training run declares, or nobody vouches for it."""

    code = "ci_identity_refused"


class SnapshotExists(Conflict):
    """The dataset has a snapshot of these bytes."""

    code = "snapshot_exists"


class PipelineVersionExists(Conflict):
    """The feature pipeline has a version that says the same."""

    code = "pipeline_version_exists"


class OwnUseCase(Forbidden):
    """Who proposed, wrote, owned or sponsored a use case does not decide about it."""

    code = "conflict_of_duty"


class NotYourFinding(Forbidden):
    """Somebody else does this to the finding: who holds it, or the line that raised it without a hand in the remedy."""

    code = "not_your_finding"


class NotYourDocument(Forbidden):
    """Somebody else withdraws the document: who added it, or the second line."""

    code = "not_your_document"


class BytesInUse(Conflict):
    """The bytes are held by something that does not go with them."""

    code = "bytes_in_use"


class Erased(DomainError):
    """The bytes were erased, for good."""

    status = 410
    code = "erased"
