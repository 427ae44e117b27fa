"""Tier assessments: how much rests on a model, as answers to a versioned questionnaire."""

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from portal.accounts.models import User
from portal.core.querysets import ScopedQuerySet
from registry.choices import AssessmentState, Level
from registry.models.models import RegisteredModel


class TierAssessmentQuerySet(ScopedQuerySet["TierAssessment"]):
    """Assessments, by their model's team."""

    team_path = "model__team_id"

    def in_force(self) -> Self:
        """Keep what models' tiers rest on now."""
        return self.filter(state=AssessmentState.IN_FORCE)

    def with_names(self) -> Self:
        """Join model and people."""
        return self.select_related("model", "assessed_by", "ended_by")


class TierAssessment(models.Model):
    """What somebody answered about a model, the tier that it came to, and whether it holds; only its end changes."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="tier_assessments")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=AssessmentState.choices)
    questionnaire = models.CharField(max_length=80)
    questionnaire_version = models.PositiveIntegerField()
    questionnaire_digest = models.CharField(max_length=64)
    answers = models.JSONField(help_text="Question -> answer, by key.")
    exposure = models.CharField(max_length=6, choices=Level.choices)
    purpose = models.CharField(max_length=6, choices=Level.choices)
    complexity = models.CharField(max_length=6, choices=Level.choices)
    computed_tier = models.PositiveSmallIntegerField(help_text="What the answers come to.")
    tier = models.PositiveSmallIntegerField(help_text="The computed tier, or a higher one (towards 1) given by hand.")
    tier_before = models.PositiveSmallIntegerField(help_text="The model's tier when it was assessed.")
    rationale = models.TextField(help_text="Why it was answered so.")
    independent = models.BooleanField(help_text="Somebody of the second line without a hand in the model answered.")
    assessed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="When it was superseded or taken back.")

    objects = TierAssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="assessment_number_once"),
            models.UniqueConstraint(fields=["model"], condition=Q(state="in_force"), name="one_assessment_in_force"),
            models.UniqueConstraint(fields=["model"], condition=Q(state="proposed"), name="one_proposed_tier"),
            models.CheckConstraint(
                condition=Q(tier__range=(1, 3), computed_tier__range=(1, 3), tier_before__range=(1, 3)),
                name="assessed_tiers_1_to_3",
            ),
            models.CheckConstraint(condition=Q(tier__lte=F("computed_tier")), name="tier_never_below_the_answers"),
            models.CheckConstraint(
                condition=~Q(state="proposed") | Q(tier__gt=F("tier_before")), name="only_a_lower_tier_is_proposed"
            ),
            models.CheckConstraint(condition=~Q(rationale=""), name="assessment_says_why"),
            models.CheckConstraint(
                condition=Q(state__in=("in_force", "proposed"), ended_by=None, ended_at=None)
                | Q(state__in=("superseded", "withdrawn"), ended_by__isnull=False, ended_at__isnull=False),
                name="assessment_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"tier assessment {self.number} of {self.model.slug}"

    def get_absolute_url(self) -> str:
        """Return the page of the model's tier, which shows it."""
        return f"{reverse('tier', args=[self.model.slug])}#assessment-{self.number}"

    @property
    def by_hand(self) -> bool:
        """Whether somebody gave a higher tier than the answers come to."""
        return self.tier != self.computed_tier

    def public_state(self) -> dict[str, Any]:
        """Return what the ledger says of this row; the rationale is private."""
        return {
            "tier_assessment": self.pk,
            "model": self.model_id,
            "number": self.number,
            "state": self.state,
            "questionnaire": self.questionnaire,
            "questionnaire_version": self.questionnaire_version,
            "questionnaire_digest": self.questionnaire_digest,
            "answers": dict(self.answers),
            "exposure": self.exposure,
            "purpose": self.purpose,
            "complexity": self.complexity,
            "computed_tier": self.computed_tier,
            "tier": self.tier,
            "tier_before": self.tier_before,
            "independent": self.independent,
            "assessed_by": f"user:{self.assessed_by_id}",
            "assessed_at": self.assessed_at.isoformat(),
            "ended_by": f"user:{self.ended_by_id}" if self.ended_by_id else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }
