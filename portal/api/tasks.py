"""What the API does by the clock."""

from portal.api.idempotency import forget_old_answers
from portal.jobs.decorators import tick


@tick("portal.api.forget_old_answers", every_seconds=600)
def forget() -> None:
    """Remove answers older than a day."""
    forget_old_answers()
