"""Assessing the tier of a model.

Who may: developers of the model's team, because they know the facts, and validators, because who does the work should
not fix how strictly it is judged. Both answer the same questions, and a table turns the answers into the tier; by hand
it can only be higher. What lowers the tier stays a proposal until an approval lets it into force, whoever answered.
Each assessment says whether it is the second line's, by somebody without a hand in the model; policies can ask for that
(`tier.independent`). docs/adr/0006-tiers.md says why.
"""

from collections.abc import Mapping

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import AssessmentState
from registry.errors import NotUsable
from registry.events import MODEL_TIER_RAISED, TIER_ASSESSED, TIER_PROPOSED, TIER_SUPERSEDED, TIER_WITHDRAWN
from registry.models import RegisteredModel, TierAssessment
from registry.rules.states import TIER, after
from registry.rules.tiers import assess, is_independent, lowers, problems
from registry.selectors import hands_in, questionnaire
from registry.services.rows import author_of, lock_model, next_number, require_in_service


@transaction.atomic
def assess_tier(
    *, actor: Actor, model: RegisteredModel, answers: Mapping[str, str], rationale: str, shown_digest: str,
    tier: int | None = None,
) -> TierAssessment:  # fmt: skip
    """Assess the tier: raised, it is the model's at once; lowered, it is proposed; what stood before is superseded.

    A tier given by hand can only be higher than what the answers come to. Raises Forbidden, Invalid, NotUsable for a
    retired model, and Conflict where the questionnaire is another one than what was shown.
    """
    actor.require("assess_tier", model.team_id)
    asked = questionnaire()
    if shown_digest != asked.digest:
        raise Conflict("The questionnaire has changed since you looked. Read it again, then answer.")
    if found := problems(asked, answers=answers, rationale=rationale, tier=tier):
        raise Invalid("The tier can't be assessed; see the fields.", fields=found)
    model = lock_model(model.pk)
    require_in_service(model)
    assessed = assess(asked, answers)
    wanted = assessed.tier if tier is None else tier
    proposed = lowers(now=model.tier, wanted=wanted)
    _supersede(model, actor=actor, only_proposals=proposed)
    made = TierAssessment.objects.create(
        model=model, number=next_number(model.tier_assessments.all()),
        state=AssessmentState.PROPOSED if proposed else AssessmentState.IN_FORCE,
        questionnaire=asked.slug, questionnaire_version=asked.version, questionnaire_digest=asked.digest,
        answers=dict(answers), **assessed.levels, computed_tier=assessed.tier, tier=wanted, tier_before=model.tier,
        rationale=rationale.strip(), independent=_is_independent(actor, model), assessed_by_id=author_of(actor),
        assessed_at=now(),
    )  # fmt: skip
    event = TIER_PROPOSED if proposed else TIER_ASSESSED
    _record(made, actor=actor, event=event, private={"rationale": made.rationale})
    if not proposed:
        _raise(model, wanted, actor=actor)
    return made


@transaction.atomic
def withdraw_assessment(*, actor: Actor, assessment: TierAssessment) -> TierAssessment:
    """Take back the proposal of a lower tier, as who made it. Raises Forbidden and NotUsable."""
    model = lock_model(assessment.model_id)
    row = TierAssessment.objects.select_for_update(of=("self",)).with_names().get(pk=assessment.pk)
    row.model = model
    actor.require("assess_tier", model.team_id)
    if actor.user_id != row.assessed_by_id:
        raise Forbidden(f"Only {row.assessed_by.name}, who made the proposal, takes it back. Anybody may assess anew.")
    if after(TIER, "withdraw", row.state) is None:
        raise NotUsable(f"It is {row.get_state_display().lower()}; only a proposal can be taken back.")
    _end(row, "withdraw", actor=actor, event=TIER_WITHDRAWN)
    return row


def _raise(model: RegisteredModel, wanted: int, *, actor: Actor) -> None:
    """Let the model have a higher tier; whoever hears of it voids what covered the former one."""
    if model.tier == wanted:
        return
    model.tier = wanted
    model.save(update_fields=["tier"])
    append(
        actor=actor,
        event=MODEL_TIER_RAISED,
        subject=Subject("model", str(model.pk), model.slug, model.team_id),
        data=model.public_state(),
        topics=(f"model:{model.pk}",),
    )


def _supersede(model: RegisteredModel, *, actor: Actor, only_proposals: bool) -> None:
    """End what a later assessment takes the place of: a proposal leaves what is in force."""
    states = [AssessmentState.PROPOSED] if only_proposals else [AssessmentState.PROPOSED, AssessmentState.IN_FORCE]
    for former in model.tier_assessments.select_for_update().filter(state__in=states):
        former.model = model
        _end(former, "supersede", actor=actor, event=TIER_SUPERSEDED)


def _end(row: TierAssessment, verb: str, *, actor: Actor, event: EventType) -> None:
    row.state, row.ended_by_id, row.ended_at = str(after(TIER, verb, row.state)), author_of(actor), now()
    row.save(update_fields=["state", "ended_by", "ended_at"])
    _record(row, actor=actor, event=event)


def _is_independent(actor: Actor, model: RegisteredModel) -> bool:
    return is_independent(
        may_challenge=actor.may("challenge_tier", model.team_id),
        is_person=actor.kind == "user",
        assessor=author_of(actor),
        hands=hands_in(model),
    )


def _record(row: TierAssessment, *, actor: Actor, event: EventType, private: Mapping[str, str] | None = None) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("tier_assessment", str(row.pk), str(row), row.model.team_id),
        data=row.public_state(),
        private=dict(private) if private else None,
        topics=(f"model:{row.model_id}", f"tier_assessment:{row.pk}"),
    )
