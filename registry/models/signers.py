"""Keys of others, with which a supplied `model.sig` and the commit of a training run are verified."""

from typing import Any

from django.db import models

from portal.accounts.models import Team, User
from portal.core.querysets import ScopedQuerySet
from registry.rules.signer_keys import KnownKey


class SignerKeyQuerySet(ScopedQuerySet["SignerKey"]):
    """Signers' keys, by team."""

    def as_known(self) -> list[KnownKey]:
        """Return the keys as the rules that verify signatures read them."""
        return [KnownKey(row.key_id, row.name, row.pem, row.withdrawn_at) for row in self]


class SignerKey(models.Model):
    """A public key that is not the installation's: what it signed counts for its team until it is withdrawn."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="signer_keys")
    name = models.CharField(max_length=150, help_text="Whose it is, such as a vendor or a build.")
    key_id = models.CharField(max_length=64, help_text="SHA-256 of the DER public key.")
    pem = models.TextField()
    curve = models.CharField(max_length=12)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, help_text="Null: it holds.")

    objects = SignerKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "key_id"], name="signer_key_once_a_team"),
            models.CheckConstraint(condition=models.Q(key_id__regex=r"^[0-9a-f]{64}$"), name="signer_key_id_is_hex"),
            models.CheckConstraint(
                condition=models.Q(curve__in=["secp256r1", "secp384r1", "secp521r1", "ed25519"]),
                name="signer_key_curve_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="signer_key_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id[:12]})"

    @property
    def state(self) -> str:
        """Whether what it signs counts ("active") or not any more ("withdrawn")."""
        return "withdrawn" if self.withdrawn_at else "active"

    @property
    def withdrawing(self) -> str:
        """What the button that withdraws it is called for those who hear it."""
        return f"Withdraw the key of {self.name}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the name is private."""
        return {
            "signer_key": self.pk,
            "team": self.team_id,
            "key_id": self.key_id,
            "pem": self.pem,
            "curve": self.curve,
            "registered_by": f"user:{self.registered_by_id}",
            "withdrawn_by": f"user:{self.withdrawn_by_id}" if self.withdrawn_by_id else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }
