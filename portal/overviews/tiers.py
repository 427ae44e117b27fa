"""What a model's tier rests on: the answers now and before, what waits, and what a raised tier makes incomplete."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q

from governance.choices import Outcome, RequestState
from governance.models import ApprovalRequest, PolicyCheck
from governance.rules.gates import CheckVerdict
from governance.selectors.gates import Evidence, judged, readings_of
from portal.core.actors import Actor
from portal.core.clock import now
from registry.choices import AssessmentState, Environment, Level, TierStanding, VersionState
from registry.events import MODEL_TIER_RAISED
from registry.models import ModelVersion, RegisteredModel, TierAssessment
from registry.rules.tiers import Questionnaire
from registry.selectors import questionnaire

SHOWN = 20
HELD = (AssessmentState.IN_FORCE, AssessmentState.PROPOSED)
"""At most one of each: they may be older than what the history shows."""


@dataclass(frozen=True)
class AxisLine:
    """One axis of an assessment: its level, and what was answered, in words."""

    title: str
    level: Level
    answers: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class AssessmentLine:
    """An assessment with its answers in words."""

    assessment: TierAssessment
    axes: Sequence[AxisLine]

    @property
    def state(self) -> str:
        """Return the state as it is shown."""
        return str(self.assessment.state)


@dataclass(frozen=True)
class Lacking:
    """What a version lacks at the higher tier, which it did not have to have before."""

    version: ModelVersion
    title: str
    remedy: str


@dataclass(frozen=True)
class Raised:
    """What raising the tier did: requests that are void now, and what versions lack."""

    requests: Sequence[ApprovalRequest]
    lacking: Sequence[Lacking]


@dataclass(frozen=True)
class Shortfall:
    """What versions lack since the tier was raised, for the pages on which one would not look for it."""

    assessment: TierAssessment
    lacking: Sequence[Lacking]

    @property
    def heading(self) -> str:
        """Return since when which tier asks for more, as a sentence."""
        one = self.assessment
        return f"Since the tier rose from {one.tier_before} to {one.tier}, this is incomplete."


@dataclass(frozen=True)
class TierOverview:
    """The page of a model's tier."""

    model: RegisteredModel
    standing: str
    in_force: AssessmentLine | None
    proposal: AssessmentLine | None
    history: Sequence[AssessmentLine]
    raised: Raised | None
    may_withdraw: bool

    @property
    def standing_words(self) -> str:
        """Return what the tier rests on, in words."""
        return str(TierStanding(self.standing).label)


def tier_overview(actor: Actor, model: RegisteredModel) -> TierOverview:
    """Return what the page of a model's tier shows, newest first."""
    newest = Q(pk__in=model.tier_assessments.values("pk")[:SHOWN])
    rows = list(model.tier_assessments.with_names().filter(newest | Q(state__in=HELD)))
    held = {str(row.state): assessment_line(row) for row in rows if row.state in HELD}
    in_force, proposal = (held.get(state) for state in HELD)
    own = proposal is not None and proposal.assessment.assessed_by_id == actor.user_id
    return TierOverview(
        model=model,
        standing=standing_of(in_force.assessment if in_force else None),
        in_force=in_force,
        proposal=proposal,
        history=[assessment_line(row) for row in rows[:SHOWN]],
        raised=raised_by(in_force.assessment) if in_force else None,
        may_withdraw=own and actor.may("assess_tier", model.team_id),
    )


def standing_of(in_force: TierAssessment | None) -> str:
    """Return what a tier rests on, given the assessment in force."""
    if in_force is None:
        return str(TierStanding.NOT_ASSESSED)
    return str(TierStanding.SECOND_LINE if in_force.independent else TierStanding.FIRST_LINE)


def assessment_line(assessment: TierAssessment) -> AssessmentLine:
    """Return an assessment with its answers in the words of the questionnaire that was asked then."""
    asked = questionnaire(assessment.questionnaire_version)
    axes = [
        AxisLine(axis.title, Level(getattr(assessment, axis.key)), _in_words(asked, axis.key, assessment.answers))
        for axis in asked.axes
    ]
    return AssessmentLine(assessment, axes)


def raised_by(assessment: TierAssessment) -> Raised | None:
    """Return what the assessment made incomplete by raising the tier; None for one that did not."""
    if not _raises(assessment):
        return None
    voided = ApprovalRequest.objects.filter(
        release__model=assessment.model,
        state=RequestState.VOIDED,
        void_cause__event=MODEL_TIER_RAISED.name,
        closed_at__gte=assessment.assessed_at,
    )
    lacking = _lacking(assessment.model, assessment)
    return Raised(list(voided.select_related("release__version").order_by("pk")), lacking)


def shortfall_of(
    model: RegisteredModel, assessment: TierAssessment | None, evidence: Evidence | None = None
) -> Shortfall | None:
    """Return what the present tier asks for, the former did not, and versions lack; None where that is nothing.

    Of the version in production and of the newest sealed one; of the evidence's alone, if it is one of these two.
    """
    if assessment is None or model.retired_at is not None or not _raises(assessment):
        return None
    found = _lacking(model, assessment, evidence)
    return Shortfall(assessment, found) if found else None


def _raises(assessment: TierAssessment) -> bool:
    return assessment.state == AssessmentState.IN_FORCE and assessment.tier < assessment.tier_before


def _in_words(asked: Questionnaire, axis: str, answers: dict[str, str]) -> list[tuple[str, str]]:
    questions = next(one for one in asked.axes if one.key == axis).questions
    found = ((question.text, question.chosen(answers[question.key])) for question in questions)
    return [(text, answer.text) for text, answer in found if answer is not None]


def _lacking(model: RegisteredModel, assessment: TierAssessment, evidence: Evidence | None = None) -> list[Lacking]:
    """Return what the version in production and the newest sealed one lack: those of which somebody wants to know."""
    readings = evidence.readings if evidence is not None else readings_of(model, now())
    champion = readings.champion
    sealed = ModelVersion.objects.with_parts().filter(model=model, state=VersionState.SEALED)
    if champion is not None and champion.state == VersionState.SEALED:
        sealed = sealed.filter(number__gt=champion.number)
    versions = [one for one in (champion, sealed.order_by("-number").first()) if one is not None]
    if evidence is not None:
        return list(_lacking_of(evidence, assessment)) if evidence.version in versions else []
    return [one for version in versions for one in _lacking_of(Evidence(version, readings=readings), assessment)]


def _lacking_of(evidence: Evidence, assessment: TierAssessment) -> Iterator[Lacking]:
    """Yield the checks of production's policy that the version passes at the former tier and not at the present one."""
    version, run, published = evidence.version, evidence.run, evidence.readings.published

    def stopped_at(tier: int) -> list[tuple[PolicyCheck, CheckVerdict]] | None:
        started = run.started_at if run else None
        policy = published.judging(environment=Environment.PRODUCTION, tier=tier, at=started)
        if policy is None:
            return None
        found = judged(policy, evidence, evidence.inputs | {"model.tier": tier})
        return [(row, verdict) for row, verdict in found if verdict.outcome != Outcome.PASSED]

    now_stopped, before = stopped_at(assessment.tier), stopped_at(assessment.tier_before)
    if now_stopped is None:
        remedy = "A policy steward publishes one; until then no approval can be asked for."
        yield Lacking(version, f"No policy is published for tier {assessment.tier} in production", remedy)
        return
    known = {row.key for row, _ in before or ()}
    for row, verdict in now_stopped:
        if row.key not in known:
            yield Lacking(version, row.title, f"{verdict.message} {row.message}".strip())
