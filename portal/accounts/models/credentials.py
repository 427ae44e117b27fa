"""Changes to how somebody gets in: each a row that ends by itself, and of some people needs two administrators."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from portal.accounts.choices import CredentialKind
from portal.accounts.models.grants import RoleGrant
from portal.accounts.models.users import User
from portal.core.clock import now


class CredentialChangeQuerySet(models.QuerySet["CredentialChange"]):
    """Changes, by what they still need."""

    def open_at(self, instant: datetime) -> Self:
        """Keep changes that may still take effect."""
        return self.filter(done_at=None, withdrawn_at=None, expires_at__gt=instant)

    def waiting(self, instant: datetime) -> Self:
        """Keep open changes that wait for a second administrator; those from the machine's own shell need none."""
        held = RoleGrant.objects.held_by_two(instant).filter(user=OuterRef("user"))
        return self.open_at(instant).filter(Exists(held), confirmed_by=None, requested_by__isnull=False)

    def with_names(self) -> Self:
        """Join the people."""
        return self.select_related("user", "requested_by", "confirmed_by")


class CredentialChange(models.Model):
    """A new password by a one-time link, another address, or an account opened again; only hashes are kept."""

    kind = models.CharField(max_length=20, choices=CredentialKind.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="credential_changes")
    email = models.EmailField(max_length=254, blank=True, help_text="The new address, of a change of address.")
    secret_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the link's secret.")
    code_sha256 = models.CharField(max_length=64, blank=True, help_text="Of what the second administrator hands over.")
    requested_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the machine's own shell."
    )
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = CredentialChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=Q(done_at=None, withdrawn_at=None), name="credential_one_open_change"
            ),
            models.UniqueConstraint(
                fields=["secret_sha256"], condition=Q(secret_sha256__gt=""), name="credential_link_is_one"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("requested_by")),
                name="credential_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("user")),
                name="credential_not_confirmed_by_its_holder",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(withdrawn_at=None), name="credential_done_or_withdrawn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of user {self.user_id}"

    @property
    def is_open(self) -> bool:
        """Whether it may still take effect."""
        return self.done_at is None and self.withdrawn_at is None and self.expires_at > now()

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; a new address is private, of link and code nothing is told."""
        return {
            "credential": self.pk,
            "kind": self.kind,
            "user": self.user.actor_id,
            "requested_by": f"user:{self.requested_by_id}" if self.requested_by_id else "system",
            "expires_at": self.expires_at.isoformat(),
            "confirmed_by": f"user:{self.confirmed_by_id}" if self.confirmed_by_id else None,
            "done_at": self.done_at.isoformat() if self.done_at else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }
