"""Governance's enumerations."""

from django.db.models import TextChoices


class PolicyState(TextChoices):
    """The life of a policy version."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"


class Outcome(TextChoices):
    """What a check or a gate came to; everything but `passed` and `waived` stops."""

    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    STALE = "stale", "Stale"
    NO_DATA = "no_data", "No data"


class RequestState(TextChoices):
    """The life of an approval request. `expired` and `lapsed` are computed, never stored."""

    OPEN = "open", "Open"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    WITHDRAWN = "withdrawn", "Withdrawn"
    VOIDED = "voided", "Voided"


class Verdict(TextChoices):
    """What a person decides."""

    APPROVE = "approve", "Approve"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Reject"


class Meaning(TextChoices):
    """The meaning of a signature (21 CFR 11.50)."""

    REVIEW = "review", "Review"
    APPROVAL = "approval", "Approval"
    RESPONSIBILITY = "responsibility", "Responsibility"
