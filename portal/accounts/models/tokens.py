"""API tokens: hashed, scoped, expiring."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.accounts.models.users import User
from portal.core.clock import now

ENDS_SOON = timedelta(days=7)


class ApiToken(models.Model):
    """A secret by which a program acts for a user; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True, help_text="Public part, by which the row is found.")
    secret_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), help_text="Capabilities to which the user's are narrowed.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text="Within a minute.")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"cs_{self.prefix}"

    def works_at(self, instant: datetime) -> bool:
        """Whether the token is neither expired nor revoked; the user is judged apart."""
        return self.revoked_at is None and instant < self.expires_at

    @property
    def state(self) -> str:
        """Return "active", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.works_at(now()) else "expired"

    @property
    def ends_soon(self) -> bool:
        """Whether it works and will end within a week."""
        return self.state == "active" and self.expires_at <= now() + ENDS_SOON

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; never the secret or its hash, the name is private."""
        return {
            "token": self.pk,
            "user": self.user.actor_id,
            "prefix": self.prefix,
            "scopes": sorted(self.scopes),
            "expires_at": self.expires_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }
