"""Enumerations of jobs."""

from django.db.models import TextChoices


class JobState(TextChoices):
    """The life of a job."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    CANCELLED = "cancelled", "Cancelled"
    SKIPPED = "skipped", "Skipped"


OPEN = (JobState.QUEUED, JobState.RUNNING)
"""A job in one of these will still end."""
