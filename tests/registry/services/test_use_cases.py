import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.errors import NotUsable, OwnUseCase, SlugTaken
from registry.models import UseCase
from registry.services.use_cases import change_use_case, propose_use_case, retire_use_case
from registry.services.use_cases import decide_use_case as decide_what_was_shown
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, UserFactory, actor_with, person_with
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory, UseCaseFactory
from tests.portal.ledger.replay import replayed

TEXTS: dict[str, Any] = {
    "name": "First calls",
    "purpose": "Call those first who need it.",
    "affected_persons": "Customers in arrears.",
    "decision": "Whom to call first.",
}


@pytest.fixture
def validator(team: Team) -> Actor:
    return actor_with(Role.VALIDATOR)


@pytest.fixture
def people(db: None) -> dict[str, Any]:
    return {"owner": UserFactory.create(), "sponsor": UserFactory.create()}


@pytest.fixture
def proposed(developer: Actor, team: Team, people: dict[str, Any]) -> UseCase:
    return propose_use_case(actor=developer, slug="first-calls", team=team, **TEXTS, **people)


def decide_use_case(*, use_case: UseCase, **values: Any) -> UseCase:
    """Decide about the use case as it is now."""
    use_case.refresh_from_db()
    return decide_what_was_shown(use_case=use_case, shown_digest=use_case.digest(), **values)


def told(use_case: UseCase) -> Any:
    return replayed("use_case")[str(use_case.pk)]


def newest_entry() -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(bytes(PendingEntry.objects.order_by("-order")[0].payload))
    return entry


def test_a_use_case_is_proposed_and_its_texts_stay_private(proposed: UseCase, people: dict[str, Any]) -> None:
    assert proposed.state == "proposed"
    assert told(proposed) == proposed.public_state()
    entry = newest_entry()
    assert set(entry["commitments"]) == set(TEXTS)
    assert "arrears" not in json.dumps(entry)
    assert entry["topics"] == [f"use_case:{proposed.pk}"]
    assert proposed.involved == sorted({proposed.proposed_by_id, *(user.pk for user in people.values())})


def test_a_slug_is_taken_once(developer: Actor, proposed: UseCase, people: dict[str, Any]) -> None:
    with pytest.raises(SlugTaken):
        propose_use_case(actor=developer, slug=proposed.slug, team=proposed.team, **TEXTS, **people)


def test_what_is_wrong_is_told_by_field(developer: Actor, team: Team) -> None:
    closed, machine = UserFactory.create(is_active=False), ServiceAccountFactory.create()
    with pytest.raises(Invalid) as refused:
        propose_use_case(
            actor=developer, slug="a b", team=team, **dict.fromkeys(TEXTS, " "), owner=closed, sponsor=machine
        )
    assert set(refused.value.fields) == {"slug", *TEXTS, "owner", "sponsor"}


def test_only_developers_of_the_team_propose_change_and_retire(
    viewer: Actor, stranger: Actor, proposed: UseCase, people: dict[str, Any]
) -> None:
    approved = UseCaseFactory.create(team=proposed.team, approved=True)
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            propose_use_case(actor=actor, slug="other", team=proposed.team, **TEXTS, **people)
        with pytest.raises(Forbidden):
            change_use_case(actor=actor, use_case=proposed, **TEXTS, **people)
        with pytest.raises(Forbidden):
            retire_use_case(actor=actor, use_case=approved, reason="Over.")


def test_a_proposal_is_changed_and_who_changes_it_is_involved(
    proposed: UseCase, team: Team, people: dict[str, Any]
) -> None:
    writer, sponsor = actor_with(Role.DEVELOPER, team=team), UserFactory.create()
    values = TEXTS | {"decision": "Whom to write to."}
    changed = change_use_case(actor=writer, use_case=proposed, **values, owner=people["owner"], sponsor=sponsor)
    assert (changed.decision, changed.sponsor) == ("Whom to write to.", sponsor)
    assert set(changed.involved) == {*proposed.involved, writer.user_id, sponsor.pk}
    changed.refresh_from_db()
    assert told(changed) == changed.public_state()
    with pytest.raises(Invalid) as refused:
        change_use_case(actor=writer, use_case=proposed, **TEXTS | {"purpose": ""}, **people)
    assert set(refused.value.fields) == {"purpose"}


def test_what_was_decided_is_not_changed(developer: Actor, team: Team, people: dict[str, Any]) -> None:
    approved = UseCaseFactory.create(team=team, approved=True)
    with pytest.raises(NotUsable, match="approved for development"):
        change_use_case(actor=developer, use_case=approved, **TEXTS, **people)


@pytest.mark.parametrize(
    ("verdict", "state", "event"),
    [
        ("approve", "approved_for_development", "registry.use_case.approved"),
        ("reject", "rejected", "registry.use_case.rejected"),
        ("not_a_model", "rejected", "registry.use_case.found_not_a_model"),
    ],
)
def test_the_second_line_decides_and_its_rationale_stays_private(
    proposed: UseCase, validator: Actor, verdict: str, state: str, event: str
) -> None:
    decided = decide_use_case(actor=validator, use_case=proposed, verdict=verdict, rationale="Spelled out. ")
    decided.refresh_from_db()
    assert (decided.state, decided.decided_by_id, decided.rationale) == (state, validator.user_id, "Spelled out.")
    assert decided.decided_at is not None
    assert decided.not_a_model == (verdict == "not_a_model")
    entry = newest_entry()
    assert (entry["event"], set(entry["commitments"])) == (event, {"rationale"})
    assert told(decided) == decided.public_state()
    with pytest.raises(NotUsable, match="already"):
        decide_use_case(actor=validator, use_case=proposed, verdict=verdict, rationale="Again.")


@pytest.mark.parametrize("verdict", ["reject", "not_a_model"])
def test_a_rejection_says_why(proposed: UseCase, validator: Actor, verdict: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide_use_case(actor=validator, use_case=proposed, verdict=verdict)
    assert set(refused.value.fields) == {"rationale"}
    proposed.refresh_from_db()
    assert proposed.state == "proposed"


def test_who_has_a_hand_in_it_does_not_approve_it(
    developer: Actor, proposed: UseCase, people: dict[str, Any], team: Team
) -> None:
    writer = person_with(Role.DEVELOPER, team=team)
    change_use_case(
        actor=actor_for_user(writer, interactive=True), use_case=proposed, **TEXTS | people | {"owner": writer}
    )
    for user in (*people.values(), writer, User.objects.get(pk=developer.user_id or 0)):
        RoleGrantFactory.create(user=user, role=Role.VALIDATOR)
        for verdict in ("approve", "not_a_model"):
            with pytest.raises(OwnUseCase):
                decide_use_case(
                    actor=actor_for_user(user, interactive=True), use_case=proposed, verdict=verdict, rationale="Fine."
                )


def test_a_machine_decides_nothing_and_its_owner_not_about_what_it_proposed(
    team: Team, people: dict[str, Any], validator: Actor
) -> None:
    owner = person_with(Role.VALIDATOR)
    machine = ServiceAccountFactory.create(owner=owner)
    RoleGrantFactory.create(user=machine, role=Role.DEVELOPER, team=team)
    RoleGrantFactory.create(user=machine, role=Role.VALIDATOR)
    program = actor_for_user(machine, interactive=False)
    use_case = propose_use_case(actor=program, slug="first-calls", team=team, **TEXTS, **people)
    with pytest.raises(Forbidden) as refused:
        decide_use_case(actor=program, use_case=use_case, verdict="reject", rationale="No.")
    assert refused.value.code == "person_required"
    with pytest.raises(OwnUseCase):
        decide_use_case(actor=actor_for_user(owner, interactive=True), use_case=use_case, verdict="approve")
    assert decide_use_case(actor=validator, use_case=use_case, verdict="approve").state == "approved_for_development"


def test_only_the_second_line_decides(developer: Actor, viewer: Actor, proposed: UseCase) -> None:
    for actor in (developer, viewer, actor_with(Role.APPROVER, team=proposed.team)):
        with pytest.raises(Forbidden):
            decide_use_case(actor=actor, use_case=proposed, verdict="approve")


def test_what_has_a_model_is_not_said_to_need_none(proposed: UseCase, validator: Actor) -> None:
    RegisteredModelFactory.create(slug="calls", team=proposed.team, use_case=proposed)
    with pytest.raises(NotUsable, match="It has models: calls"):
        decide_use_case(actor=validator, use_case=proposed, verdict="not_a_model", rationale="A rule does it.")


def test_a_use_case_is_retired_once_no_model_of_it_is_in_production(developer: Actor, team: Team) -> None:
    use_case = UseCaseFactory.create(team=team, approved=True)
    release = ActiveReleaseFactory.create(version__model__team=team, version__model__use_case=use_case)
    with pytest.raises(NotUsable, match="live decisions"):
        retire_use_case(actor=developer, use_case=use_case, reason="Over.")
    release.state = "superseded"
    release.save()
    with pytest.raises(Invalid):
        retire_use_case(actor=developer, use_case=use_case, reason=" ")
    retired = retire_use_case(actor=developer, use_case=use_case, reason="Over.")
    retired.refresh_from_db()
    assert (retired.state, retired.retired_by_id, retired.reason) == ("retired", developer.user_id, "Over.")
    assert told(retired) == retired.public_state()
    with pytest.raises(NotUsable, match="It is retired"):
        retire_use_case(actor=developer, use_case=use_case, reason="Over.")


def test_what_changed_since_it_was_read_is_not_decided(developer: Actor, validator: Actor, proposed: UseCase) -> None:
    shown = proposed.digest()
    change_use_case(actor=developer, use_case=proposed, decision="Whom to write to.")
    with pytest.raises(Conflict, match="has changed since"):
        decide_what_was_shown(actor=validator, use_case=proposed, verdict="approve", shown_digest=shown)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.purpose) == ("proposed", TEXTS["purpose"])
