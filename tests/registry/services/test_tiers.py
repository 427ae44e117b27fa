import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.choices import AssessmentState, Level, TierStanding
from registry.errors import NotUsable
from registry.models import RegisteredModel, TierAssessment
from registry.selectors import assessment_in_force, questionnaire, tier_standing
from registry.services.tiers import assess_tier, withdraw_assessment
from tests.factories.accounts import actor_with
from tests.factories.registry import RegisteredModelFactory, SealedVersionFactory, answers_at
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team, tier=2)
    return made


@pytest.fixture
def validator() -> Actor:
    return actor_with(Role.VALIDATOR)


def assessed(actor: Actor, model: RegisteredModel, level: Level, **values: Any) -> TierAssessment:
    given = {"answers": answers_at(level), "rationale": "So.", "shown_digest": questionnaire().digest}
    return assess_tier(actor=actor, model=model, **given | values)


def tier_of(model: RegisteredModel) -> int:
    return RegisteredModel.objects.get(pk=model.pk).tier


def events() -> list[str]:
    payloads = PendingEntry.objects.order_by("order").values_list("payload", flat=True)
    return [json.loads(bytes(payload))["event"].removeprefix("registry.") for payload in payloads]


def states(model: RegisteredModel) -> dict[int, str]:
    return dict(model.tier_assessments.values_list("number", "state"))


def standing(model: RegisteredModel) -> str:
    rows = RegisteredModel.objects.annotate(standing=tier_standing()).filter(pk=model.pk)
    found: str = rows.values_list("standing", flat=True)[0]
    return found


def test_a_raised_tier_is_the_models_at_once_and_both_are_told(developer: Actor, model: RegisteredModel) -> None:
    row = assessed(developer, model, Level.HIGH)
    row.refresh_from_db()
    assert (row.number, row.state, row.tier, row.computed_tier, row.tier_before) == (1, "in_force", 1, 1, 2)
    assert (row.exposure, row.purpose, row.complexity) == ("high", "high", "high")
    asked = questionnaire()
    assert (row.questionnaire, row.questionnaire_version, row.questionnaire_digest) == (
        asked.slug, asked.version, asked.digest,
    )  # fmt: skip
    assert tier_of(model) == 1
    assert events() == ["tier.assessed", "model.tier_raised"]
    assert replayed("tier_assessment") == {str(row.pk): row.public_state()}
    assert replayed("model")[str(model.pk)]["tier"] == 1
    assert "So." not in json.dumps(row.public_state())


def test_the_same_tier_comes_into_force_without_a_change_of_the_model(developer: Actor, model: RegisteredModel) -> None:
    assert standing(model) == TierStanding.NOT_ASSESSED
    assert assessed(developer, model, Level.MEDIUM).state == AssessmentState.IN_FORCE
    assert events() == ["tier.assessed"]
    assert standing(model) == TierStanding.FIRST_LINE


def test_a_lower_tier_stays_a_proposal_whoever_answers(
    developer: Actor, validator: Actor, model: RegisteredModel
) -> None:
    in_force = assessed(developer, model, Level.MEDIUM)
    for number, actor in enumerate((developer, validator), start=2):
        row = assessed(actor, model, Level.LOW)
        assert (row.number, row.state, row.tier) == (number, AssessmentState.PROPOSED, 3)
        assert tier_of(model) == 2
        assert assessment_in_force(model) == in_force
    assert states(model) == {1: "in_force", 2: "superseded", 3: "proposed"}
    assert events() == ["tier.assessed", "tier.proposed", "tier.superseded", "tier.proposed"]


def test_a_later_assessment_supersedes_what_is_in_force_and_what_was_proposed(
    developer: Actor, model: RegisteredModel
) -> None:
    for level in (Level.MEDIUM, Level.LOW, Level.HIGH):
        assessed(developer, model, level)
    assert states(model) == {1: "superseded", 2: "superseded", 3: "in_force"}
    former = model.tier_assessments.get(number=2)
    assert (former.ended_by_id, former.ended_at is not None) == (developer.user_id, True)
    kept = {str(row.pk): row.public_state() for row in model.tier_assessments.all()}
    assert replayed("tier_assessment") == kept


def test_a_higher_tier_can_be_given_by_hand_and_a_lower_one_never(developer: Actor, model: RegisteredModel) -> None:
    with pytest.raises(Invalid) as refused:
        assessed(developer, model, Level.MEDIUM, tier=3)
    assert refused.value.fields == {
        "tier": ["The answers come to tier 2. A tier given by hand can only be higher, towards 1."]
    }
    row = assessed(developer, model, Level.LOW, tier=1)
    assert (row.computed_tier, row.tier, row.by_hand, row.state) == (3, 1, True, "in_force")
    assert tier_of(model) == 1


def test_what_is_not_answered_or_not_explained_changes_nothing(developer: Actor, model: RegisteredModel) -> None:
    answers = answers_at(Level.HIGH)
    del answers["loss"]
    with pytest.raises(Invalid) as refused:
        assessed(developer, model, Level.HIGH, answers=answers | {"volume": "unknown"}, rationale="")
    assert set(refused.value.fields) == {"loss", "volume", "rationale"}
    with pytest.raises(Conflict, match="questionnaire has changed"):
        assessed(developer, model, Level.HIGH, shown_digest="0" * 64)
    assert (tier_of(model), states(model), events()) == (2, {}, [])


def test_the_second_lines_answers_count_as_such_unless_its_person_worked_on_the_model(
    developer: Actor, validator: Actor, model: RegisteredModel
) -> None:
    assert not assessed(developer, model, Level.MEDIUM).independent
    assert assessed(validator, model, Level.MEDIUM).independent
    assert standing(model) == TierStanding.SECOND_LINE
    SealedVersionFactory.create(model=model, created_by_id=validator.user_id)
    assert not assessed(validator, model, Level.MEDIUM).independent
    other = actor_with(Role.VALIDATOR)
    machine = Actor(id="service:1", kind="service", name="CI", user_id=other.user_id, grants=other.grants)
    assert not assessed(machine, model, Level.MEDIUM).independent
    assert assessed(other, model, Level.MEDIUM).independent
    RegisteredModel.objects.filter(pk=model.pk).update(owner=other.user_id)
    assert not assessed(other, model, Level.MEDIUM).independent


def test_a_proposal_is_taken_back_by_who_made_it(developer: Actor, team: Team, model: RegisteredModel) -> None:
    row = assessed(developer, model, Level.LOW)
    with pytest.raises(Forbidden, match="who made the proposal, takes it back"):
        withdraw_assessment(actor=actor_with(Role.DEVELOPER, team=team), assessment=row)
    done = withdraw_assessment(actor=developer, assessment=row)
    assert (done.state, done.ended_by_id) == (AssessmentState.WITHDRAWN, developer.user_id)
    assert replayed("tier_assessment") == {str(row.pk): done.public_state()}
    assert (tier_of(model), standing(model)) == (2, TierStanding.NOT_ASSESSED)
    with pytest.raises(NotUsable, match="It is withdrawn"):
        withdraw_assessment(actor=developer, assessment=row)
    with pytest.raises(NotUsable, match="It is in force"):
        withdraw_assessment(actor=developer, assessment=assessed(developer, model, Level.HIGH))


def test_who_may_not_assess_is_refused(viewer: Actor, stranger: Actor, team: Team, model: RegisteredModel) -> None:
    for actor in (viewer, stranger, actor_with(Role.APPROVER, team=team), actor_with(Role.AUDITOR)):
        with pytest.raises(Forbidden):
            assessed(actor, model, Level.HIGH)
    with pytest.raises(Forbidden):
        assessed(SYSTEM, model, Level.HIGH)


WHO = st.sampled_from(["developer", "validator", "withdraw"])
MOVES = st.lists(st.tuples(WHO, st.sampled_from(list(Level)), st.sampled_from([None, 1, 2, 3])), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_no_order_of_verbs_lowers_a_tier_and_the_ledger_tells_them_all(
    developer: Actor, validator: Actor, team: Team, moves: list[tuple[str, Level, int | None]]
) -> None:
    model = RegisteredModelFactory.create(team=team, tier=3)
    people, tiers = {"developer": developer, "validator": validator}, [3]
    for who, level, tier in moves:
        open_one = model.tier_assessments.filter(state="proposed").first()
        try:
            if who != "withdraw":
                assessed(people[who], model, level, tier=tier)
            elif open_one is not None:
                withdraw_assessment(actor=developer, assessment=open_one)
        except (Forbidden, Invalid):
            pass
        tiers.append(tier_of(model))
    assert tiers == sorted(tiers, reverse=True)
    in_force = assessment_in_force(model)
    assert in_force is None or in_force.tier == tiers[-1]
    rows = {str(row.pk): row.public_state() for row in model.tier_assessments.all()}
    assert {key: told for key, told in replayed("tier_assessment").items() if told["model"] == model.pk} == rows
