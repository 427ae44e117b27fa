"""Issuers of identity tokens of CI jobs, with the keys that check them."""

from typing import Any

from django.db import models

from portal.accounts.models import Team, User
from portal.core.querysets import ScopedQuerySet
from registry.rules.ci_identity import KnownIssuer


class CiIssuerQuerySet(ScopedQuerySet["CiIssuer"]):
    """CI issuers, by team."""

    def trusted(self) -> list[KnownIssuer]:
        """Return those that were not withdrawn, as the rules that read tokens take them."""
        return [
            KnownIssuer(row.pk, row.provider, row.issuer, row.audience, row.host, row.keys)
            for row in self.filter(withdrawn_at=None)
        ]


class CiIssuer(models.Model):
    """An issuer with the keys of one time: other keys are another row, which takes this one's place."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="ci_issuers")
    provider = models.CharField(max_length=12, choices=[("github", "GitHub"), ("gitlab", "GitLab")])
    issuer = models.CharField(max_length=300, help_text="The claim iss of its tokens.")
    audience = models.CharField(max_length=300, help_text="The claim aud that jobs ask for.")
    host = models.CharField(max_length=300, help_text="Where its repositories are, such as github.com.")
    keys = models.JSONField(help_text="Public keys as of a JWKS.")
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, help_text="Null: it holds.")

    objects = CiIssuerQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "issuer", "audience"],
                condition=models.Q(withdrawn_at=None),
                name="ci_issuer_holds_once",
            ),
            models.CheckConstraint(
                condition=models.Q(provider__in=["github", "gitlab"]), name="ci_issuer_provider_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="ci_issuer_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} ({self.audience})"

    @property
    def state(self) -> str:
        """Whether its tokens count ("active") or not any more ("withdrawn")."""
        return "withdrawn" if self.withdrawn_at else "active"

    @property
    def key_ids(self) -> str:
        """The ids of its keys."""
        return ", ".join(one["kid"] for one in self.keys)

    @property
    def withdrawing(self) -> str:
        """What the button that withdraws it is called for those who hear it."""
        return f"Withdraw the issuer {self.issuer}"

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        return {
            "ci_issuer": self.pk,
            "team": self.team_id,
            "provider": self.provider,
            "issuer": self.issuer,
            "audience": self.audience,
            "host": self.host,
            "keys": self.keys,
            "registered_by": f"user:{self.registered_by_id}",
            "withdrawn_by": f"user:{self.withdrawn_by_id}" if self.withdrawn_by_id else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }
