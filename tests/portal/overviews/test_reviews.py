from typing import Any

import pytest

from governance.models import ApprovalRequest
from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.overviews.changes import part_changes, production_beside
from portal.overviews.reviews import review_overview, reviews_table
from registry.choices import CardState
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.governance import (
    ApprovedRequestFactory,
    DecisionFactory,
    OpenRequestFactory,
    next_version,
    ready_version,
)
from tests.factories.registry import CardRevisionFactory
from tests.portal.opened import opened

pytestmark = pytest.mark.django_db


def beside_production() -> tuple[ApprovalRequest, ApprovalRequest]:
    """An approved request, and an open one for the next version of the same model."""
    former = ApprovedRequestFactory.create()
    version = next_version(model=former.release.model, champion=former.release.released)
    return former, OpenRequestFactory.create(version=version)


def test_what_differs_from_production_stands_before_what_does_not() -> None:
    former, request = beside_production()
    parts = part_changes(request, production_beside(request))
    assert {part.name: part.differs for part in parts} == {
        "Trained on": True,
        "Training code": True,
        "Hyperparameters": False,
        "Model inputs": False,
        "Feature pipeline": False,
        "Card": False,
        "Policy": False,
        "Fallback": False,
    }
    assert [part.differs for part in parts] == sorted((part.differs for part in parts), reverse=True)
    trained = parts[0]
    assert trained.before == f"{former.release.released.training_run.training_snapshot}, 1,000 rows"
    assert trained.digest == request.release.released.training_run.training_snapshot.sha256


def test_a_card_published_since_the_last_approval_is_a_change() -> None:
    former = ApprovedRequestFactory.create()
    model = former.release.model
    model.card_revisions.update(state=CardState.SUPERSEDED)
    CardRevisionFactory.create(model=model, author=model.owner, limitations="Knows two countries.")
    request = OpenRequestFactory.create(version=next_version(model=model, champion=former.release.released))
    card = next(part for part in part_changes(request, production_beside(request)) if part.name == "Card")
    assert (card.before, card.after) == ("revision 1", "revision 2")


def test_a_first_release_changes_everything_and_is_compared_with_nothing() -> None:
    request = OpenRequestFactory.create()
    assert production_beside(request) is None
    found = review_overview(actor_with(Role.AUDITOR), request)
    assert all(part.before == "" for part in found.parts)
    assert [line.compared.name for line in found.judged] == ["auc", "average_precision", "log_loss", "brier"]
    assert not any(part.changed for part in found.bundle)


def test_after_activation_the_page_keeps_what_was_superseded() -> None:
    former, request = beside_production()
    DecisionFactory.create(request=request)
    request = ApprovalRequest.objects.with_parts().get(pk=request.pk)
    newer = next_version(model=former.release.model, champion=request.release.released)
    ApprovedRequestFactory.create(version=newer)
    found = production_beside(request)
    assert found is not None
    assert found.release.pk == former.release_id
    first = ApprovalRequest.objects.with_parts().get(pk=former.pk)
    assert production_beside(first) is None


def test_covered_parts_that_differ_from_what_was_allowed_are_marked() -> None:
    _, request = beside_production()
    found = review_overview(actor_with(Role.AUDITOR), request)
    marked = {part.name for part in found.bundle if part.changed}
    assert {"version", "training", "results", "gate", "production"} == marked
    assert [part.digest for part in found.bundle] == list(request.bundle.values())


def test_the_reader_learns_why_not_and_who_may() -> None:
    request = OpenRequestFactory.create()
    team = request.release.model.team
    approver = actor_with(Role.APPROVER, team=team)
    assert review_overview(approver, request).refusal == ""
    assert review_overview(approver, request).seat_for_reader == request.seats.get()
    opener = review_overview(actor_for_user(request.opened_by, interactive=True), request)
    assert opener.refusal == "Because you opened the approval request."
    assert opener.seat_for_reader is None
    assert "approver's role" in review_overview(actor_with(Role.AUDITOR), request).refusal
    token = actor_with(Role.APPROVER, team=team, interactive=False)
    assert review_overview(token, request).refusal == "Only a person in a browser session signs."


def test_only_its_opener_may_withdraw_and_only_while_it_is_open() -> None:
    request = OpenRequestFactory.create()
    opener = actor_for_user(request.opened_by, interactive=True)
    assert review_overview(opener, request).may_withdraw
    assert not review_overview(actor_with(Role.DEVELOPER, team=request.release.model.team), request).may_withdraw
    DecisionFactory.create(request=request)
    assert not review_overview(opener, ApprovalRequest.objects.with_parts().get(pk=request.pk)).may_withdraw


def test_hints_say_what_follows_from_each_decision() -> None:
    request = OpenRequestFactory.create()
    hints = review_overview(actor_with(Role.APPROVER), request).hints
    assert hints["approve"] == f"{request.release.released} takes live decisions in production at once."
    assert request.opened_by.name in hints["request_changes"]
    assert "outweighs" in hints["reject"]


def test_the_table_starts_with_what_can_be_signed_and_is_scoped() -> None:
    team = TeamFactory.create()
    first = OpenRequestFactory.create(version=ready_version(team=team))
    with opened(days_ago=10):
        urgent = OpenRequestFactory.create(version=ready_version(team=team))
    with opened(days_ago=15):
        expired = OpenRequestFactory.create(version=ready_version(team=team))
    approved = ApprovedRequestFactory.create(version=ready_version(team=team))
    rows: list[Any] = list(reviews_table(actor_with(Role.VIEWER, team=team), ""))
    assert rows == [urgent, first, approved, expired]
    assert [row.state_shown for row in rows] == ["open", "open", "approved", "expired"]
    assert [(row.signed, row.seat_count) for row in rows] == [(0, 1), (0, 1), (1, 1), (0, 1)]
    assert list(reviews_table(actor_with(Role.VIEWER, team=team), "expired")) == [expired]
    assert not reviews_table(actor_with(Role.VIEWER, team=TeamFactory.create()), "").exists()
