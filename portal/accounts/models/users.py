"""Users: people, and service accounts with a human owner."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from portal.accounts.choices import UserKind


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail address whatever its case; users are made by `create_user` in services."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of this address; raises User.DoesNotExist."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """Somebody who acts; never deleted, only deactivated. What one may do comes from grants alone."""

    email = models.EmailField(max_length=254, unique=True, help_text="Lower case.")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=UserKind.choices, default=UserKind.PERSON)
    owner = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="service_accounts", help_text="Of a service account."
    )
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name.")
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.PERSON, owner=None)
                | models.Q(kind=UserKind.SERVICE, owner__isnull=False),
                name="user_service_has_an_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor_id(self) -> str:
        """The stable name of this user as an actor: "user:12" or "service:12"."""
        return f"{'service' if self.kind == UserKind.SERVICE else 'user'}:{self.pk}"

    @property
    def may_enter(self) -> bool:
        """Whether the account works; a service account stops with its human owner."""
        return self.is_active and (self.owner is None or self.owner.is_active)

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; name and address are private."""
        return {
            "user": self.pk,
            "kind": self.kind,
            "owner": f"user:{self.owner_id}" if self.owner_id else None,
            "is_active": self.is_active,
            "time_zone": self.time_zone,
        }
