"""Enumerations of the reports app."""

from django.db.models import TextChoices

from portal.jobs.kinds import declare_kind


class PackState(TextChoices):
    """The life of an evidence pack."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    ERRORED = "errored", "Errored"
    CANCELLED = "cancelled", "Cancelled"


MAKE_PACK = declare_kind("reports.make_pack", queue="reports")
