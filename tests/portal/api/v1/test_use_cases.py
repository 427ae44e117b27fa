"""Use cases over REST."""

from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory, UseCaseFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

CASES, CASE = "/use-cases", "/use-cases/first-calls"
BODY = {
    "slug": "first-calls",
    "name": "First calls",
    "team": "lending",
    "sponsor": "sponsor@example.org",
    "purpose": "Call those first who need it.",
    "affected_persons": "Customers in arrears.",
    "decision": "Whom to call first.",
}


@pytest.fixture(autouse=True)
def sponsor(team: Team) -> User:
    return person_with(Role.VIEWER, team=team, email=BODY["sponsor"])


@pytest.fixture
def validator(team: Team) -> Caller:
    return caller(Role.VALIDATOR, team=None)


def proposed(developer: Caller) -> Any:
    made = developer.post(CASES, BODY)
    assert made.status_code == 201
    return made.json()


def decided(caller: Caller, verdict: str, **more: str) -> Any:
    return caller.post(
        f"{CASE}/decision", {"verdict": verdict, "shown_digest": caller.get(CASE).json()["digest"]} | more
    )


def test_a_proposed_use_case_is_shown_as_it_was_sent(developer: Caller) -> None:
    made = developer.post(CASES, BODY)
    assert made.headers["Location"].endswith("/api/v1/use-cases/first-calls")
    shown = made.json()
    assert shown == shown | BODY | {"owner": developer.user.email, "state": "proposed", "not_a_model": False}
    assert shown["models"] == []
    assert developer.get(CASE).json() == shown
    assert developer.get(CASES).json()["results"] == [shown]


def test_who_answers_for_it_is_known_and_no_field_is_missing(developer: Caller) -> None:
    person_with(Role.VIEWER, team=TeamFactory.create(), email="olga@example.org")
    for name in ("owner", "sponsor"):
        for address in ("olga@example.org", "nobody@example.org"):
            assert fields_of(developer.post(CASES, BODY | {name: address}), 400, "invalid") == {name}
    assert fields_of(developer.post(CASES, {}), 400, "invalid") == set(BODY)
    assert fields_of(developer.post(CASES, BODY | {"team": "pricing"}), 422, "invalid") == {"team"}
    proposed(developer)
    assert fields_of(developer.post(CASES, BODY), 422, "slug_taken") == {"slug"}


def test_a_proposal_changes_in_what_is_sent_and_in_no_more(developer: Caller) -> None:
    before = proposed(developer)
    changed = developer.patch(CASE, {"decision": "Whom to write to.", "owner": BODY["sponsor"]})
    assert changed.status_code == 200
    expected = before | {"decision": "Whom to write to.", "owner": BODY["sponsor"], "digest": changed.json()["digest"]}
    assert changed.json() == expected
    assert changed.json()["digest"] != before["digest"]
    assert fields_of(developer.patch(CASE, {"state": "in_use"}), 400, "invalid") == {"state"}
    assert fields_of(developer.patch(CASE, {"purpose": " "}), 400, "invalid") == {"purpose"}


def test_the_second_line_approves_what_it_read(developer: Caller, validator: Caller) -> None:
    shown = proposed(developer)
    developer.patch(CASE, {"decision": "Whom to write to."})
    old = {"verdict": "approve", "shown_digest": shown["digest"]}
    problem_of(validator.post(f"{CASE}/decision", old), 409, "conflict")
    approved = decided(validator, "approve").json()
    assert (approved["state"], approved["decided_by"]) == ("approved_for_development", validator.user.email)
    problem_of(decided(validator, "reject", rationale="After all."), 409, "not_usable")
    problem_of(developer.patch(CASE, {"name": "Other"}), 409, "not_usable")


def test_a_rejection_says_why_and_what_is_not_a_model_is_marked(developer: Caller, validator: Caller) -> None:
    proposed(developer)
    assert fields_of(decided(validator, "not_a_model"), 422, "invalid") == {"rationale"}
    shown = decided(validator, "not_a_model", rationale="A rule of two lines.").json()
    assert (shown["state"], shown["not_a_model"], shown["rationale"]) == ("rejected", True, "A rule of two lines.")
    assert [row["slug"] for row in validator.get(CASES, not_a_model="true").json()["results"]] == ["first-calls"]
    assert validator.get(CASES, not_a_model="false").json()["results"] == []


def test_nobody_approves_their_own(team: Team) -> None:
    both = caller(Role.DEVELOPER, Role.VALIDATOR, team=team)
    proposed(both)
    problem_of(decided(both, "approve"), 403, "conflict_of_duty")
    assert decided(both, "reject", rationale="Not needed.").json()["state"] == "rejected"


def test_only_the_second_line_decides_and_only_developers_propose(
    developer: Caller, viewer: Caller, validator: Caller, stranger: Caller
) -> None:
    problem_of(viewer.post(CASES, BODY), 403, "missing_capability")
    proposed(developer)
    problem_of(decided(developer, "approve"), 403, "missing_capability")
    problem_of(validator.patch(CASE, {"name": "Other"}), 403, "missing_capability")
    assert stranger.get(CASES).json()["results"] == []
    for answer in (stranger.get(CASE), stranger.patch(CASE, {}), stranger.post(f"{CASE}/retire", {"reason": "Over."})):
        problem_of(answer, 404, "not_found")


def test_use_cases_are_listed_by_their_state_now(viewer: Caller, team: Team) -> None:
    UseCaseFactory.create(team=team, slug="idle", approved=True)
    live = UseCaseFactory.create(team=team, slug="live", approved=True)
    ActiveReleaseFactory.create(version__model__team=team, version__model__slug="calls", version__model__use_case=live)
    [row] = viewer.get(CASES, state="in_use").json()["results"]
    assert (row["slug"], row["models"]) == ("live", ["calls"])
    rows = viewer.get(CASES, state="approved_for_development").json()["results"]
    assert [row["slug"] for row in rows] == ["idle"]
    assert fields_of(viewer.get(CASES, state="gone"), 400, "invalid") == {"state"}


def test_a_use_case_is_retired_with_a_reason(developer: Caller, team: Team) -> None:
    UseCaseFactory.create(team=team, slug="first-calls", approved=True)
    assert fields_of(developer.post(f"{CASE}/retire"), 400, "invalid") == {"reason"}
    retired = developer.post(f"{CASE}/retire", {"reason": "Nobody calls any more."}).json()
    assert (retired["state"], retired["reason"]) == ("retired", "Nobody calls any more.")


def test_a_model_names_its_use_case(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create(team=team, slug="calls")
    proposed(developer)
    path = "/models/calls/use-case"
    assert developer.post(path, {"use_case": "first-calls"}).json()["use_case"] == "first-calls"
    assert developer.get(CASE).json()["models"] == ["calls"]
    assert developer.post(path, {"use_case": None}).json()["use_case"] is None
    problem_of(developer.post(path, {"use_case": None}), 409, "not_usable")
    UseCaseFactory.create(slug="theirs")
    answers = [developer.post(path, {"use_case": slug}) for slug in ("theirs", "nothing")]
    assert [fields_of(answer, 400, "invalid") for answer in answers] == [{"use_case"}, {"use_case"}]
