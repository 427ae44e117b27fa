import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.errors import DomainError, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.choices import FindingState, FindingVerb, Severity
from registry.errors import NotUsable, NotYourFinding
from registry.models import Finding, RegisteredModel
from registry.models.findings import REMEDIATED_BY
from registry.services import findings as services
from tests.factories.accounts import ServiceAccountFactory, TeamFactory, actor_with, person_with
from tests.factories.registry import FindingFactory, RegisteredModelFactory, SealedVersionFactory
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
SAID = {"title": "Too high", "description": "See run 3.", "stage": "training", "severity": "medium"}


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def validator() -> Actor:
    return actor_with(Role.VALIDATOR)


@pytest.fixture
def dana(team: Team) -> User:
    return person_with(Role.DEVELOPER, team=team, name="Dana")


def acting(user: User) -> Actor:
    return actor_for_user(user, interactive=True)


def raised(actor: Actor, model: RegisteredModel, **values: Any) -> Finding:
    return services.raise_finding(actor=actor, model=model, **SAID | values)


def handed_in(actor: Actor, model: RegisteredModel, holder: User, **values: Any) -> Finding:
    found = raised(actor, model, holder=holder, **values)
    services.start_remediation(actor=acting(holder), finding=found)
    return services.hand_in_remediation(actor=acting(holder), finding=found, comment="Recalibrated.")


def events() -> list[str]:
    payloads = PendingEntry.objects.order_by("order").values_list("payload", flat=True)
    return [json.loads(bytes(payload))["event"].removeprefix("registry.finding.") for payload in payloads]


def verbs(finding: Finding) -> list[str]:
    return list(finding.moves.values_list("verb", flat=True))


def test_a_finding_goes_from_raised_to_closed_and_every_step_is_told(
    validator: Actor, model: RegisteredModel, dana: User
) -> None:
    due = now() + timedelta(days=7)
    found = raised(validator, model, version=SealedVersionFactory.create(model=model), holder=dana, due=due)
    assert (found.number, found.line, found.state, found.held_since) == (1, "second", "open", found.raised_at)
    services.start_remediation(actor=acting(dana), finding=found)
    services.hand_in_remediation(actor=acting(dana), finding=found, comment="Weights taken back.")
    services.send_back(actor=validator, finding=found, comment="Still too high in May.")
    services.hand_in_remediation(actor=acting(dana), finding=found, comment="Recalibrated.")
    closed = services.close_finding(actor=validator, finding=found, comment="Run 5 passes.")
    assert (closed.state, closed.holder, closed.due) == (FindingState.CLOSED, None, None)
    opened = services.reopen_finding(actor=acting(dana), finding=found, comment="June fails.")
    services.change_severity(actor=acting(dana), finding=opened, severity="high", comment="It costs more.")
    steps = ["raised", "started", "handed_in", "sent_back", "handed_in", "closed", "reopened", "severity_changed"]
    assert events() == steps
    assert verbs(found) == [
        "raise", "start", "hand_in", "send_back", "hand_in", "close", "reopen", "change_severity",
    ]  # fmt: skip
    found.refresh_from_db()
    assert replayed("finding") == {str(found.pk): found.public_state()}
    states = list(found.moves.values_list("state_before", "state"))
    assert all(before == earlier for (before, _), (_, earlier) in zip(states[1:], states[:-1], strict=True))


def test_opening_again_gives_only_the_raising_line_more_time(
    validator: Actor, model: RegisteredModel, dana: User
) -> None:
    due = now() + timedelta(days=7)
    found = raised(validator, model, holder=dana, due=due)
    for opener, later, expected in ((acting(dana), None, due), (validator, due + timedelta(days=9), None)):
        services.start_remediation(actor=acting(dana), finding=found)
        services.hand_in_remediation(actor=acting(dana), finding=found, comment="Recalibrated.")
        services.close_finding(actor=validator, finding=found, comment="Run 5 passes.")
        if opener is not validator:
            with pytest.raises(Invalid, match=r"see the fields"):
                services.reopen_finding(
                    actor=opener, finding=found, comment="x", holder=dana, due=due + timedelta(days=900)
                )
        opened = services.reopen_finding(actor=opener, finding=found, comment="June fails.", holder=dana, due=later)
        assert opened.due == (expected or later)


def test_what_people_write_is_not_in_the_log(validator: Actor, model: RegisteredModel, dana: User) -> None:
    services.close_finding(actor=validator, finding=handed_in(validator, model, dana), comment="Run 5 passes.")
    payloads = b"".join(bytes(one) for one in PendingEntry.objects.values_list("payload", flat=True))
    for text in (b"Too high", b"See run 3.", b"Recalibrated.", b"Run 5 passes."):
        assert text not in payloads


def test_only_developers_and_validators_raise_findings(model: RegisteredModel, team: Team, stranger: Actor) -> None:
    for role in set(Role) - {Role.DEVELOPER, Role.VALIDATOR}:
        with pytest.raises(Forbidden):
            raised(actor_with(role, team=team), model)
    for actor in (stranger, SYSTEM):
        with pytest.raises(Forbidden):
            raised(actor, model)
    assert raised(actor_with(Role.DEVELOPER, team=team), model).line == "first"


def test_a_validator_with_a_hand_in_the_model_raises_as_its_own_line(model: RegisteredModel) -> None:
    model.owner = person_with(Role.VALIDATOR)
    model.save()
    assert raised(acting(model.owner), model).line == "first"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", {"title": ""}),
        ("severity", {"severity": "dreadful"}),
        ("stage", {"stage": "cooking"}),
        ("due", {"due": now() - timedelta(days=1)}),
    ],
)
def test_what_is_wrong_is_said_by_field(
    developer: Actor, model: RegisteredModel, field: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        raised(developer, model, **values)
    assert list(refused.value.fields) == [field]
    assert not Finding.objects.exists()


def test_a_version_of_another_model_and_a_retired_model_take_no_finding(
    developer: Actor, model: RegisteredModel
) -> None:
    with pytest.raises(Invalid, match="see the fields") as refused:
        raised(developer, model, version=SealedVersionFactory.create())
    assert list(refused.value.fields) == ["version"]
    model.retired_by, model.retired_at, model.retirement = model.owner, now(), "Over."
    model.save()
    with pytest.raises(NotUsable, match="retired"):
        raised(developer, model)


def test_who_holds_it_is_a_person_of_an_open_account_who_may_read_and_answer(
    developer: Actor, model: RegisteredModel, team: Team, dana: User
) -> None:
    machine = ServiceAccountFactory.create(owner=dana)
    unfit = [
        machine,
        person_with(Role.DEVELOPER, team=team, is_active=False),
        person_with(Role.DEVELOPER, team=TeamFactory.create()),
        person_with(Role.AUDITOR),
    ]
    for user in unfit:
        with pytest.raises(Invalid) as refused:
            raised(developer, model, holder=user)
        assert list(refused.value.fields) == ["holder"]
    assert raised(developer, model, holder=person_with(Role.VIEWER, team=team)).holder


def test_it_is_handed_over_by_who_holds_it_or_by_the_line_that_raised_it(
    validator: Actor, developer: Actor, model: RegisteredModel, dana: User, team: Team
) -> None:
    found, other = raised(validator, model), person_with(Role.OPERATOR, team=team)
    with pytest.raises(NotYourFinding, match="second line"):
        services.hand_over(actor=developer, finding=found, holder=dana, due=None)
    services.hand_over(actor=validator, finding=found, holder=dana, due=None)
    services.hand_over(actor=acting(dana), finding=found, holder=other, due=None, comment="Omar knows it.")
    with pytest.raises(NotYourFinding):
        services.hand_over(actor=acting(dana), finding=found, holder=dana, due=None)
    found.refresh_from_db()
    assert found.holder == other
    assert verbs(found) == ["raise", "hand_over", "hand_over"]


def test_saying_the_same_again_changes_nothing(validator: Actor, model: RegisteredModel, dana: User) -> None:
    found = raised(validator, model, holder=dana)
    services.hand_over(actor=validator, finding=found, holder=dana, due=None)
    assert verbs(found) == ["raise"]
    assert events() == ["raised"]


def test_who_only_holds_it_gives_themselves_no_more_time(validator: Actor, model: RegisteredModel, dana: User) -> None:
    week = now() + timedelta(days=7)
    found = raised(validator, model, holder=dana, due=week)
    for later in (week + timedelta(days=1), None):
        with pytest.raises(Invalid, match="see the fields"):
            services.hand_over(actor=acting(dana), finding=found, holder=dana, due=later)
    services.hand_over(actor=acting(dana), finding=found, holder=dana, due=week - timedelta(days=1))
    moved = services.hand_over(actor=validator, finding=found, holder=dana, due=week + timedelta(days=9))
    assert moved.due == week + timedelta(days=9)


def test_only_who_holds_it_remediates_it(
    validator: Actor, developer: Actor, model: RegisteredModel, dana: User
) -> None:
    found = raised(validator, model, holder=dana)
    for actor in (developer, validator):
        with pytest.raises(NotYourFinding):
            services.start_remediation(actor=actor, finding=found)
    services.start_remediation(actor=acting(dana), finding=found)
    with pytest.raises(Invalid):
        services.hand_in_remediation(actor=acting(dana), finding=found, comment=" ")


def test_a_remediator_stays_one_after_the_finding_was_handed_on(model: RegisteredModel, team: Team) -> None:
    first, second, third = (person_with(Role.DEVELOPER, team=team) for _ in range(3))
    found = raised(acting(third), model, holder=first)
    services.start_remediation(actor=acting(first), finding=found)
    services.hand_over(actor=acting(first), finding=found, holder=second, due=None)
    services.hand_in_remediation(actor=acting(second), finding=found, comment="Done.")
    for actor in (acting(first), acting(second)):
        with pytest.raises(NotYourFinding, match="remediated it"):
            services.close_finding(actor=actor, finding=found, comment="Fine.")
        with pytest.raises(NotYourFinding, match="remediated it"):
            services.change_severity(actor=actor, finding=found, severity="low", comment="Fine.")
    assert services.close_finding(actor=acting(third), finding=found, comment="Fine.").state == "closed"


def test_another_line_neither_closes_nor_lowers_it(
    validator: Actor, developer: Actor, model: RegisteredModel, dana: User
) -> None:
    of_second, of_first = handed_in(validator, model, dana), handed_in(developer, model, dana)
    for actor, found in ((developer, of_second), (validator, of_first)):
        with pytest.raises(NotYourFinding, match="line"):
            services.close_finding(actor=actor, finding=found, comment="Fine.")
        with pytest.raises(NotYourFinding, match="line"):
            services.send_back(actor=actor, finding=found, comment="Fine.")
        with pytest.raises(NotYourFinding, match="line"):
            services.change_severity(actor=actor, finding=found, severity="low", comment="Fine.")
        raised_to = services.change_severity(actor=actor, finding=found, severity="high", comment="Worse.")
        assert raised_to.severity == "high"


def test_overdue_is_computed(model: RegisteredModel) -> None:
    late = FindingFactory.create(model=model, due=now() - timedelta(seconds=1))
    soon = FindingFactory.create(model=model, due=now() + timedelta(hours=1))
    never = FindingFactory.create(model=model)
    assert list(Finding.objects.overdue()) == [late]
    assert [one.is_overdue for one in (late, soon, never)] == [True, False, False]


WHO, WHICH = st.integers(0, 3), st.integers(0, 1)


class Life(RuleBasedStateMachine):
    """One finding of each line, and everybody who tries everything with it (invariant 19)."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        team = TeamFactory.create()
        model = RegisteredModelFactory.create(team=team)
        roles = [(Role.DEVELOPER,), (Role.DEVELOPER,), (Role.VALIDATOR,), (Role.DEVELOPER, Role.VALIDATOR)]
        self.people = [person_with(*one, team=team) for one in roles]
        self.findings = [raised(acting(self.people[index]), model, holder=self.people[index]) for index in (0, 2)]
        self.lines = ["first", "first", "second", "second"]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def attempt(self, user: User | None, which: int, verb: FindingVerb, **more: Any) -> None:
        finding = Finding.objects.get(pk=self.findings[which].pk)
        try:
            with transaction.atomic():
                DOES[verb](actor=acting(user or self.people[0]), finding=finding, comment="So.", **more)
        except DomainError:
            return

    def holder(self, which: int) -> User | None:
        return Finding.objects.select_related("holder").get(pk=self.findings[which].pk).holder

    @rule(which=WHICH, whole=st.booleans())
    def its_holder_remediates(self, *, which: int, whole: bool) -> None:
        for verb in REMEDIATED_BY if whole else REMEDIATED_BY[:1]:
            self.attempt(self.holder(which), which, verb)

    @rule(which=WHICH, to=WHO)
    def its_holder_hands_it_on(self, which: int, to: int) -> None:
        self.attempt(self.holder(which), which, FindingVerb.HAND_OVER, holder=self.people[to], due=None)

    @rule(which=WHICH, verb=st.sampled_from([FindingVerb.CLOSE, FindingVerb.SEND_BACK]))
    def everybody_judges_in_turn(self, which: int, verb: FindingVerb) -> None:
        """First those who must not: whoever may ends it."""
        finding = self.findings[which]
        remediators = set(finding.moves.filter(verb__in=REMEDIATED_BY).values_list("by", flat=True))
        own = [line == finding.line for line in self.lines]
        people = sorted(zip(own, self.people, strict=True), key=lambda one: (one[0], one[1].pk not in remediators))
        for _, user in people:
            self.attempt(user, which, verb)

    @rule(which=WHICH, who=WHO, severity=st.sampled_from(Severity.values))
    def somebody_weighs(self, which: int, who: int, severity: str) -> None:
        self.attempt(self.people[who], which, FindingVerb.CHANGE_SEVERITY, severity=severity)

    @rule(which=WHICH, who=WHO, to=WHO)
    def somebody_opens_it_again(self, which: int, who: int, to: int) -> None:
        self.attempt(self.people[who], which, FindingVerb.REOPEN, holder=self.people[to])

    @invariant()
    def nobody_judged_who_may_not(self) -> None:
        weights = {"low": 0, "medium": 1, "high": 2}
        line_of = {user.pk: line for user, line in zip(self.people, self.lines, strict=True)}
        for finding in self.findings:
            remediators: set[int] = set()
            before = ""
            for move in finding.moves.all():
                lowered = before and weights[move.severity] < weights[before]
                if move.verb in (FindingVerb.CLOSE, FindingVerb.SEND_BACK) or lowered:
                    assert move.by_id not in remediators
                    assert line_of[move.by_id] == finding.line
                if move.verb in REMEDIATED_BY:
                    remediators.add(move.by_id)
                before = move.severity


DOES: dict[str, Any] = {
    FindingVerb.HAND_OVER: services.hand_over,
    FindingVerb.START: services.start_remediation,
    FindingVerb.HAND_IN: services.hand_in_remediation,
    FindingVerb.CLOSE: services.close_finding,
    FindingVerb.SEND_BACK: services.send_back,
    FindingVerb.REOPEN: services.reopen_finding,
    FindingVerb.CHANGE_SEVERITY: services.change_severity,
}


def test_no_sequence_of_verbs_lets_a_remediator_or_another_line_judge() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=5, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
