"""Monitoring's enumerations."""

from django.db.models import TextChoices

from portal.jobs.kinds import declare_kind


class RunState(TextChoices):
    """The life of a validation run; only `passed` is a pass."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    CANCELLED = "cancelled", "Cancelled"
    TIMED_OUT = "timed_out", "Timed out"


class CheckOutcome(TextChoices):
    """What a check of a run came to."""

    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    NO_DATA = "no_data", "No data"
    SKIPPED = "skipped", "Skipped"


class Measured(TextChoices):
    """Whose number a measurement is."""

    CANDIDATE = "candidate", "Candidate"
    CHAMPION = "champion", "Production"
    DIFFERENCE = "difference", "Difference"
    DATA = "data", "Data"


class ProfileState(TextChoices):
    """The life of a snapshot's profile."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class ColumnKind(TextChoices):
    """How a column is profiled."""

    NUMBER = "number", "Numbers"
    LEVEL = "level", "Levels"
    TIME = "time", "Times"
    OTHER = "other", "Only counted"


VALIDATE = declare_kind("monitoring.validate", queue="validation")
PROFILE = declare_kind("monitoring.profile", queue="monitoring")
