"""The life of approval requests of one model, driven at random: invariants 3 to 8, 12 and 14 after every step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from governance.choices import RequestState, Verdict
from governance.models import ApprovalRequest, Decision, GateEvaluation, PolicyVersion
from governance.rules.bundles import bundle_digest
from governance.selectors.bundles import what_changed
from governance.selectors.requests import state_now
from governance.selectors.signers import excluded_people, signable_by, standings
from governance.services.requests import request_release, withdraw_request
from governance.services.signing import sign
from monitoring.services.runs import begin_run, finish_run, request_run
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core import clock
from portal.core.actors import SYSTEM
from portal.core.errors import Conflict, DomainError, Forbidden, Invalid
from registry.choices import ReleaseState, VersionState
from registry.errors import NotUsable
from registry.models import ModelVersion, Release
from registry.services.cards import draft_card, publish_card
from registry.services.versions import withdraw_version
from tests.factories.accounts import PASSWORD, person_with
from tests.factories.governance import next_version, ready_version
from tests.factories.monitoring import simulated
from tests.portal.ledger.replay import replayed

PEOPLE = ("author", "opener", "first", "second", "viewer")


class Clock:
    """A clock that can be moved: stands in for `datetime` in portal.core.clock, so every caller hears it."""

    ahead = timedelta()

    def now(self, _zone: object) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251  (a clock for the test)


class Life(RuleBasedStateMachine):
    """One model with two versions; people who took part and people who did not; time that passes."""

    time = Clock()

    def __init__(self) -> None:
        super().__init__()
        self.time.ahead = timedelta()
        self.example = transaction.atomic()
        vars(self.example)["_from_testcase"] = True  # as TestCase does, so that durable blocks may lie inside
        self.example.__enter__()
        author = self.person("author")
        first = ready_version(author=author)
        self.versions = [first, next_version(model=first.model)]
        self.people = {"author": author, "opener": self.person("opener"), "viewer": person_with(Role.VIEWER)}
        self.people |= {name: self.person(name) for name in ("first", "second")}
        self.notes = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def person(self, name: str) -> User:
        hashed = make_password(PASSWORD)
        return person_with(Role.DEVELOPER, Role.APPROVER, name=name, password=hashed)

    def newest(self) -> ApprovalRequest:
        return ApprovalRequest.objects.with_parts()[0]

    @contextmanager
    def refused(self, *kinds: type[DomainError]) -> Iterator[None]:
        """A refusal changes no request, no decision and no release."""
        before = self.told()
        with pytest.raises(kinds):
            yield
        assert self.told() == before

    def told(self) -> list[dict[str, Any]]:
        rows: list[Any] = [*ApprovalRequest.objects.with_parts(), *Decision.objects.all(), *Release.objects.all()]
        return [row.public_state() for row in rows]

    @initialize()
    def ask_first(self) -> None:
        self.ask(0, "production")

    @rule(which=st.integers(0, 1), environment=st.sampled_from(["production", "production", "staging"]))
    def ask(self, which: int, environment: str) -> None:
        version = ModelVersion.objects.get(pk=self.versions[which].pk)
        actor = actor_for_user(self.people["opener"], interactive=True)
        made = GateEvaluation.objects.count()
        before = self.told()
        try:
            request = request_release(
                actor=actor, version=version, environment=environment, fallback="A person.", summary="Better."
            )
        except DomainError:
            assert self.told() == before
            return
        assert GateEvaluation.objects.count() == made + 1
        assert request.evaluation.outcome == "passed"
        assert not ApprovalRequest.objects.filter(
            release__version=version, release__environment=environment, state="open", expires_at__gt=clock.now()
        ).exclude(pk=request.pk)

    @rule(name=st.sampled_from(["first", "second"]))
    def approve(self, name: str) -> None:
        self.decide(name, Verdict.APPROVE)

    @rule(name=st.sampled_from(["first", "second"]), slip=st.sampled_from(["password", "digest"]))
    def slip(self, name: str, slip: str) -> None:
        self.decide(name, Verdict.APPROVE, slip=slip)

    @rule(name=st.sampled_from(PEOPLE), verdict=st.sampled_from(Verdict))
    def decide(self, name: str, verdict: Verdict, *, slip: str = "") -> None:
        request = self.newest()
        was_open = state_now(request) == RequestState.OPEN
        may = was_open and not slip and name in {"first", "second"}
        values: dict[str, Any] = {
            "actor": actor_for_user(self.people[name], interactive=True),
            "request": request,
            "verdict": verdict,
            "meaning": "approval",
            "rationale": "Considered.",
            "shown_digest": "0" * 64 if slip == "digest" else request.bundle_digest,
            "password": "wrong" if slip == "password" else PASSWORD,
        }
        if not may:
            with self.refused(Forbidden, Conflict, Invalid):
                sign(**values)
            return
        decision = sign(**values)
        request.refresh_from_db()
        closed = {"approve": "approved", "reject": "rejected", "request_changes": "changes_requested"}
        assert request.state == closed[decision.verdict]
        active = Release.objects.get(pk=request.release_id).state == ReleaseState.ACTIVE
        assert active is (decision.verdict == Verdict.APPROVE)

    @rule(name=st.sampled_from(["opener", "first"]))
    def withdraw(self, name: str) -> None:
        request = self.newest()
        actor = actor_for_user(self.people[name], interactive=True)
        if name != "opener" or state_now(request) != RequestState.OPEN:
            with self.refused(Forbidden, Conflict):
                withdraw_request(actor=actor, request=request)
            return
        assert withdraw_request(actor=actor, request=request).state == RequestState.WITHDRAWN

    @rule(changed=st.sampled_from([False, False, True]))
    def publish_a_card(self, *, changed: bool) -> None:
        self.notes += changed
        actor = actor_for_user(self.people["author"], interactive=True)
        card = draft_card(
            actor=actor,
            model=self.versions[0].model,
            intended_use="Ranks calls.",
            limitations=f"Knows {self.notes} countries.",
            out_of_scope_use="Never for prices.",
        )
        publish_card(actor=actor, revision=card)

    @rule(which=st.integers(0, 1), changed=st.sampled_from([False, False, True]))
    def measure(self, which: int, *, changed: bool) -> None:
        version = ModelVersion.objects.get(pk=self.versions[which].pk)
        if version.state != VersionState.SEALED:
            return
        self.notes += changed
        run = request_run(actor=SYSTEM, version=version)
        begin_run(run_id=run.pk)
        result = simulated(has_champion=run.champion_id is not None)
        results = {**(result.results or {}), "claims": [], "notes": [str(self.notes)]}
        finish_run(run_id=run.pk, result=replace(result, results=results))

    @rule()
    def withdraw_the_second_version(self) -> None:
        version = ModelVersion.objects.get(pk=self.versions[1].pk)
        if version.state == VersionState.SEALED:
            actor = actor_for_user(self.people["author"], interactive=True)
            try:
                withdraw_version(actor=actor, version=version, reason="A bug.")
            except NotUsable:
                assert version.releases.filter(state=ReleaseState.ACTIVE).exists()

    @rule(days=st.sampled_from([1, 8]))
    def time_passes(self, days: int) -> None:
        self.time.ahead += timedelta(days=days)

    @invariant()
    def what_is_open_covers_what_is_true(self) -> None:
        for request in ApprovalRequest.objects.with_parts():
            assert bundle_digest(request.bundle) == request.bundle_digest
            if state_now(request) == RequestState.OPEN:
                assert what_changed(request) == []
            if request.state == RequestState.VOIDED:
                assert request.void_cause is not None
                assert request.void_cause["parts"]

    @invariant()
    def decisions_are_of_people_who_took_no_part_over_the_bundle(self) -> None:
        for decision in Decision.objects.select_related("request__release__model"):
            request = decision.request
            assert decision.bundle_digest == request.bundle_digest
            assert decision.signer_id not in {one.user.pk for one in excluded_people(request)}
            assert request.opened_at <= decision.signed_at < request.expires_at
            if decision.verdict != Verdict.APPROVE:
                assert request.state not in {RequestState.APPROVED, RequestState.OPEN}

    @invariant()
    def people_are_offered_what_they_are_eligible_for(self) -> None:
        asked = list(ApprovalRequest.objects.with_parts())
        standing = standings(asked)
        for person in User.objects.all():
            eligible = {pk for pk, one in standing.items() if person in one.eligible}
            assert signable_by(actor_for_user(person, interactive=True), asked) == eligible

    @invariant()
    def nothing_is_active_without_an_approved_request_and_at_most_one_in_each_environment(self) -> None:
        active = Release.objects.filter(state=ReleaseState.ACTIVE).select_related("approval_request__evaluation")
        places = [release.environment for release in active]
        assert len(places) == len(set(places))
        for release in Release.objects.exclude(state=ReleaseState.PLANNED):
            request = release.approval_request
            assert request.state == RequestState.APPROVED
            assert request.evaluation.outcome == "passed"
            assert request.decisions.filter(verdict="approve").count() == request.seats.count()
        for request in ApprovalRequest.objects.filter(state=RequestState.APPROVED).select_related("release"):
            assert request.release.state != ReleaseState.PLANNED

    @invariant()
    def the_ledger_says_what_the_tables_say(self) -> None:
        tables: dict[str, list[Any]] = {
            "request": list(ApprovalRequest.objects.with_parts()),
            "decision": list(Decision.objects.select_related("request__release", "seat")),
            "gate_evaluation": list(GateEvaluation.objects.select_related("version")),
            "policy_version": list(PolicyVersion.objects.select_related("policy")),
            "release": list(Release.objects.all()),
        }
        for subject, rows in tables.items():
            assert replayed(subject) == {str(row.pk): row.public_state() for row in rows}


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_life_of_requests_keeps_the_invariants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "datetime", Life.time)
    run_state_machine_as_test(Life, settings=QUICK)


QUICK = settings(
    max_examples=8,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
