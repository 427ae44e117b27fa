from datetime import datetime
from typing import Any

from django.db import models

from portal.keys.choices import Purpose


class PublicKeyQuerySet(models.QuerySet["PublicKey"]):
    """Public keys; every signed-in person may read them."""

    def current(self, purpose: Purpose) -> "PublicKeyQuerySet":
        """Keep the key that signs now for the purpose, if there is one."""
        return self.filter(purpose=purpose, valid_until=None)


class PublicKey(models.Model):
    """The public part of one of the installation's keys, and the span in which it signed.

    Rows are insert-only but for `valid_until`, which is set once (invariant 1).
    """

    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    key_id = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the DER public key.")
    pem = models.TextField()
    valid_from = models.DateTimeField(null=True, help_text="Null: the first of its purpose, valid from the beginning.")
    valid_until = models.DateTimeField(null=True, help_text="Null: it signs now.")

    objects = PublicKeyQuerySet.as_manager()

    class Meta:
        ordering = ["purpose", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose"], condition=models.Q(valid_until=None), name="one_current_key_per_purpose"
            ),
            models.CheckConstraint(condition=models.Q(key_id__regex=r"^[0-9a-f]{64}$"), name="key_id_is_hex"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.key_id[:12]}"

    @property
    def state(self) -> str:
        """Whether the key signs now ("active") or only verifies ("retired")."""
        return "retired" if self.valid_until else "active"

    def covers(self, instant: datetime) -> bool:
        """Whether the key signed at this instant."""
        began = self.valid_from is None or self.valid_from <= instant
        return began and (self.valid_until is None or instant <= self.valid_until)

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "purpose": self.purpose,
            "key_id": self.key_id,
            "pem": self.pem,
            "from": self.valid_from.isoformat() if self.valid_from else None,
            "until": self.valid_until.isoformat() if self.valid_until else None,
        }
