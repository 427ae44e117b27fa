import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.overviews.findings import (
    FindingOverview,
    FindingsWaiting,
    finding_overview,
    findings_waiting,
    open_findings,
)
from registry.models import Finding
from tests.factories.accounts import actor_with, person_with
from tests.factories.registry import FindingFactory, PipelineStageFactory, RegisteredModelFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db


def seen(actor: Actor, finding: Finding) -> FindingOverview:
    return finding_overview(actor, Finding.objects.with_names().get(pk=finding.pk))


def names(overview: FindingOverview) -> dict[str, bool]:
    return {one.slug: not one.why_not for one in overview.actions}


def test_a_page_names_what_can_be_done_now_and_whether_its_reader_may() -> None:
    holder = person_with(Role.DEVELOPER)
    found = FindingFactory.create(holder=holder)
    assert names(seen(actor_for_user(holder, interactive=True), found)) == {
        "hand-over": True, "start": True, "change-severity": True,
    }  # fmt: skip
    assert names(seen(actor_with(Role.VALIDATOR), found)) == {
        "hand-over": True, "start": False, "change-severity": True,
    }  # fmt: skip
    assert set(names(seen(actor_with(Role.AUDITOR), found)).values()) == {False}


def test_the_worst_is_shown_first_and_all_is_counted_in_as_many_queries() -> None:
    model = RegisteredModelFactory.create()
    actor = actor_with(Role.VALIDATOR)
    FindingFactory.create_batch(2, model=model, severity="low")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            open_findings(actor, model)
        return len(captured)

    few = queries()
    FindingFactory.create_batch(10, model=model, severity="medium")
    high = FindingFactory.create(model=model, severity="high", version=SealedVersionFactory.create(model=model))
    FindingFactory.create(model=model, state="closed", severity="high")
    assert queries() == few
    summary = open_findings(actor, model)
    assert (summary.rows[0], len(summary.rows), summary.count, summary.may_raise) == (high, 10, 13, True)
    other = open_findings(actor, SealedVersionFactory.create(model=model))
    assert other.count == 12


def test_only_the_very_line_judges_and_never_who_has_a_hand_in_the_model() -> None:
    validator = person_with(Role.VALIDATOR)
    own = RegisteredModelFactory.create(owner=validator)
    holder = person_with(Role.DEVELOPER)
    judged = FindingFactory.create(state="ready_to_verify", remediator=holder)
    FindingFactory.create(model=own, state="ready_to_verify", remediator=holder)
    FindingFactory.create(state="ready_to_verify", line="first", remediator=holder)
    waiting = findings_waiting(actor_for_user(validator, interactive=True))
    assert (list(waiting.to_verify), list(waiting.held), waiting.count) == ([judged], [], 1)
    assert findings_waiting(actor_with(Role.AUDITOR)).count == 0


def test_what_nobody_holds_waits_for_who_may_hand_it_out_and_is_told_to_who_answers_for_it() -> None:
    validator, owner, keeper = (person_with(role) for role in (Role.VALIDATOR, Role.DEVELOPER, Role.VIEWER))
    model = RegisteredModelFactory.create(owner=owner)
    PipelineStageFactory.create(model=model, stage="training", owner_user=keeper)
    gone = person_with(Role.DEVELOPER)
    left = FindingFactory.create(model=model, severity="low", stage="features", holder=gone)
    high = FindingFactory.create(model=model, severity="high", stage="training")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    FindingFactory.create(model=model, holder=person_with(Role.DEVELOPER))

    def waiting(user: User) -> FindingsWaiting:
        return findings_waiting(actor_for_user(user, interactive=True))

    second = waiting(validator)
    assert (list(second.unheld), list(second.awaited), second.count) == ([high, left], [], 2)
    mine = waiting(owner)
    assert (list(mine.unheld), list(mine.awaited), mine.count) == ([], [high, left], 0)
    assert list(waiting(keeper).awaited) == [high]
    own = FindingFactory.create(model=model, line="first", severity="high")
    assert list(waiting(owner).unheld) == [own]
    stranger = waiting(person_with(Role.VIEWER))
    assert (list(stranger.unheld), list(stranger.awaited)) == ([], [])
