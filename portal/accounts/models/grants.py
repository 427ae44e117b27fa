"""Dated grants: who may do what, in which team, from when, until when, and on whose word."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q

from portal.accounts.choices import Role
from portal.accounts.models.teams import Team
from portal.accounts.models.users import User
from portal.accounts.roles import ADMINISTRATION, CONFIRMED_CAPABILITIES, CONFIRMED_ROLES, HeldGrant, counts
from portal.core.capabilities import named
from portal.core.clock import now

CONFIRMED_WITHIN = timedelta(days=14)
"""How long a grant waits for a second administrator; after that it has lapsed."""

_AT_SET_UP = Q(granted_by=None) & (Q(role=Role.ADMIN) | Q(capability__in=ADMINISTRATION))


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    """Grants, by time and person."""

    def at(self, instant: datetime) -> Self:
        """Keep grants within their dates and not revoked at this instant; confirmation is judged in roles.py."""
        return self.filter(
            Q(granted_until=None) | Q(granted_until__gt=instant),
            Q(revoked_at=None) | Q(revoked_at__gt=instant),
            granted_from__lte=instant,
        )

    def held_by_two(self, instant: datetime) -> Self:
        """Keep grants that take two administrators and give something now, later, or once confirmed."""
        rows = self.filter(
            Q(granted_until=None) | Q(granted_until__gt=instant),
            Q(role__in=CONFIRMED_ROLES) | Q(capability__in=CONFIRMED_CAPABILITIES),
            revoked_at=None,
        )
        return rows.filter(Q(confirmed_by__isnull=False) | _AT_SET_UP | Q(created_at__gt=instant - CONFIRMED_WITHIN))

    def waiting(self, instant: datetime) -> Self:
        """Keep grants that wait for a second administrator."""
        return self.held_by_two(instant).filter(confirmed_by=None).exclude(_AT_SET_UP)

    def with_names(self) -> Self:
        """Join the people and the team."""
        return self.select_related("user", "team", "granted_by", "confirmed_by")


class RoleGrant(models.Model):
    """One role, or one capability, for one user in one team or in all."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    capability = models.CharField(max_length=40, blank=True)
    team = models.ForeignKey(
        Team, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: every team."
    )
    granted_from = models.DateTimeField()
    granted_until = models.DateTimeField(null=True)
    granted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the system, at set-up."
    )
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="", capability__gt="") | Q(role__gt="", capability=""),
                name="grant_of_role_or_capability",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("granted_by")), name="grant_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("user")), name="grant_not_confirmed_by_its_holder"
            ),
            models.CheckConstraint(
                condition=Q(granted_until=None) | Q(granted_until__gt=F("granted_from")),
                name="grant_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role or self.capability} for user {self.user_id}"

    @property
    def held(self) -> HeldGrant:
        """The grant as the rule sees it."""
        return HeldGrant(
            role=self.role,
            capability=self.capability,
            team_id=self.team_id,
            granted_by=self.granted_by_id,
            confirmed_by=self.confirmed_by_id,
        )

    @property
    def confirm_until(self) -> datetime:
        """Until when a second administrator may confirm it."""
        return self.created_at + CONFIRMED_WITHIN

    @property
    def state(self) -> str:
        """Return "revoked", "expired", "waiting" (for a second administrator), "lapsed", "planned" or "active"."""
        at = now()
        if self.revoked_at is not None:
            return "revoked"
        if self.granted_until is not None and self.granted_until <= at:
            return "expired"
        if not counts(self.held):
            return "waiting" if at < self.confirm_until else "lapsed"
        return "planned" if self.granted_from > at else "active"

    @property
    def words(self) -> str:
        """What is granted, as a person reads it."""
        return self.get_role_display() if self.role else named(self.capability)

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "grant": self.pk,
            "user": self.user.actor_id,
            "role": self.role,
            "capability": self.capability,
            "team": self.team_id,
            "granted_from": self.granted_from.isoformat(),
            "granted_until": self.granted_until.isoformat() if self.granted_until else None,
            "granted_by": f"user:{self.granted_by_id}" if self.granted_by_id else "system",
            "confirmed_by": f"user:{self.confirmed_by_id}" if self.confirmed_by_id else None,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }
