"""Enumerations of accounts."""

from django.db.models import TextChoices


class UserKind(TextChoices):
    """A person, or a machine that has a human owner."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class Line(TextChoices):
    """The team's line of defence."""

    FIRST = "first", "First line"
    SECOND = "second", "Second line"
    THIRD = "third", "Third line"


class Role(TextChoices):
    """What a person is trusted with; what each may do stands in roles.py."""

    VIEWER = "viewer", "Viewer"
    DEVELOPER = "developer", "Developer"
    VALIDATOR = "validator", "Validator"
    APPROVER = "approver", "Approver"
    OPERATOR = "operator", "Operator"
    POLICY_STEWARD = "policy_steward", "Policy steward"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"


class CredentialKind(TextChoices):
    """What changes about how somebody gets in."""

    PASSWORD = "password", "New password"
    EMAIL = "email", "Another e-mail address"
    REACTIVATION = "reactivation", "Account opened again"
