"""The stages of a model's pipeline, and who answers for them."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core.querysets import ScopedQuerySet
from registry.choices import Stage, StageState
from registry.models.models import RegisteredModel


class PipelineStageQuerySet(ScopedQuerySet["PipelineStage"]):
    """Stages, by their model's team."""

    team_path = "model__team_id"

    def owned(self) -> Self:
        """Keep what somebody answers for now: a team, or a person whose account is open."""
        return self.filter(Q(owner_team__isnull=False) | Q(owner_user__is_active=True))

    def with_names(self) -> Self:
        """Join owner and backup."""
        return self.select_related("owner_user", "owner_team", "backup")


class PipelineStage(models.Model):
    """One of the six stages of a model's pipeline: who owns it, who stands in, how soon they answer."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="stages")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    owner_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="owned_stages")
    owner_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    backup = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="backed_up_stages")
    response_hours = models.PositiveSmallIntegerField(null=True, help_text="Within how many hours somebody answers.")
    changed_at = models.DateTimeField(null=True, help_text="Empty: nobody has been named yet.")
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PipelineStageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "stage"], name="stage_once_a_model"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="stage_is_known"),
            models.CheckConstraint(
                condition=Q(owner_user=None) | Q(owner_team=None), name="stage_owned_by_person_or_team"
            ),
            models.CheckConstraint(
                condition=Q(backup=None) | Q(owner_user=None) | ~Q(backup=models.F("owner_user")),
                name="stage_backed_up_by_another",
            ),
            models.CheckConstraint(
                condition=Q(response_hours=None) | Q(response_hours__range=(1, 720)), name="stage_answers_in_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.slug}, {self.get_stage_display().lower()}"

    def get_absolute_url(self) -> str:
        """Return the page on which its owner is named."""
        return reverse("stage", args=[self.model.slug, self.stage])

    @property
    def owner(self) -> User | Team | None:
        """The person or team that was named, whether or not the account is still open."""
        return self.owner_user or self.owner_team

    @property
    def state(self) -> StageState:
        """Whether somebody answers for it now: an owner whose account was closed does not."""
        if self.owner_user is not None and not self.owner_user.is_active:
            return StageState.OWNER_DEACTIVATED
        return StageState.NO_OWNER if self.owner is None else StageState.OWNED

    @property
    def kind(self) -> Stage:
        """Which stage it is, with its gate."""
        return Stage(self.stage)

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row."""
        team = f"team:{self.owner_team_id}" if self.owner_team_id else None
        return {
            "pipeline_stage": self.pk,
            "model": self.model_id,
            "stage": self.stage,
            "owner": f"user:{self.owner_user_id}" if self.owner_user_id else team,
            "backup": f"user:{self.backup_id}" if self.backup_id else None,
            "response_hours": self.response_hours,
            "changed_by": f"user:{self.changed_by_id}" if self.changed_by_id else None,
        }
