"""Models over REST."""

from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import RegisteredModel
from tests.factories.accounts import ServiceAccountFactory, TeamFactory, UserFactory, person_with
from tests.factories.registry import PipelineStageFactory, RegisteredModelFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of

BODY = {
    "slug": "limits", "name": "Credit limits", "purpose": "Sets limits.", "team": "lending", "tier": 1,
    "task": "binary", "implementation": "onnx",
}  # fmt: skip


def test_registered_model_is_shown_as_it_was_sent(developer: Caller) -> None:
    made = developer.post("/models", BODY)
    assert made.status_code == 201
    assert made.json() == BODY | {
        "owner": developer.user.email,
        "backup": None,
        "mlflow_name": None,
        "origin": "own",
        "tags": [],
        "links": [],
        "contacts": [],
        "tier_standing": "not_assessed",
        "retired_at": None,
        "retirement": "",
        "declared": [],
        "use_case": None,
        "created_at": made.json()["created_at"],
    }
    assert developer.get("/models/limits").json() == made.json()
    assert developer.get("/models").json()["results"] == [made.json()]


def test_owner_is_a_person_named_by_address(developer: Caller) -> None:
    owner = person_with(Role.VIEWER, team=Team.objects.get(slug=BODY["team"]), email="olga@example.org")
    assert developer.post("/models", BODY | {"owner": "Olga@Example.org"}).status_code == 201
    assert RegisteredModel.objects.get().owner == owner


def test_a_person_of_other_teams_is_as_unknown_as_nobody(developer: Caller) -> None:
    person_with(Role.VIEWER, team=TeamFactory.create(), email="olga@example.org")
    answers = [developer.post("/models", BODY | {"owner": f"{name}@example.org"}) for name in ("olga", "nobody")]
    assert [answer.status_code for answer in answers] == [400, 400]
    bodies = [{**answer.json(), "instance": ""} for answer in answers]  # that names the request
    assert bodies[0] == bodies[1]


def test_owner_must_be_somebody_who_may_sign_in(developer: Caller) -> None:
    UserFactory.create(email="gone@example.org", is_active=False)
    ServiceAccountFactory.create(email="ci@example.org")
    for address in ("gone@example.org", "ci@example.org", "nobody@example.org"):
        assert fields_of(developer.post("/models", BODY | {"owner": address}), 400, "invalid") == {"owner"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "two words"}, "slug"),
        ({"slug": "x" * 81}, "slug"),
        ({"name": "  "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"purpose": "\ud800"}, "purpose"),
        ({"tier": 0}, "tier"),
        ({"tier": 10**30}, "tier"),
        ({"tier": None}, "tier"),
        ({"task": "magic"}, "task"),
        ({"implementation": ["onnx"]}, "implementation"),
        ({"owner": "nobody"}, "owner"),
    ],
)
def test_value_that_breaks_a_rule_is_named(developer: Caller, change: dict[str, Any], field: str) -> None:
    assert fields_of(developer.post("/models", BODY | change), 400, "invalid") == {field}


def test_slug_is_taken_once_whoever_has_it(developer: Caller) -> None:
    RegisteredModelFactory.create(slug="limits")
    assert fields_of(developer.post("/models", BODY), 422, "slug_taken") == {"slug"}


def test_another_team_is_like_none(developer: Caller, stranger: Caller) -> None:
    answers = [developer.post("/models", BODY | {"team": team}) for team in ("pricing", "nowhere")]
    assert [fields_of(answer, 422, "invalid") for answer in answers] == [{"team"}, {"team"}]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.VALIDATOR, Role.APPROVER, Role.OPERATOR, Role.AUDITOR])
def test_only_developers_register(team: Team, role: Role) -> None:
    assert problem_of(caller(role, team=team).post("/models", BODY), 403, "missing_capability")


def test_list_is_filtered_by_what_stands_in_the_address(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create(team=team, slug="one", tier=1)
    RegisteredModelFactory.create(team=team, slug="two", tier=2, task="regression")
    assert [row["slug"] for row in developer.get("/models", tier=1).json()["results"]] == ["one"]
    assert [row["slug"] for row in developer.get("/models", task="regression").json()["results"]] == ["two"]
    assert developer.get("/models", team="pricing").json()["results"] == []
    assert fields_of(developer.get("/models", task="magic"), 400, "invalid") == {"task"}
    assert fields_of(developer.get("/models", tier="one"), 400, "invalid") == {"tier"}
    assert fields_of(developer.get("/models", unowned="some"), 400, "invalid") == {"unowned"}


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("q", "whom one", ["one"]),
        ("q", "decide", ["two", "one"]),
        ("owner", "olga", ["one"]),
        ("owner", "olga@example.org", ["one"]),
        ("serving", "true", []),
        ("serving", "false", ["two", "one"]),
        ("unowned", "training", ["two"]),
        ("use_case", "none", ["two", "one"]),
        ("implementation", "onnx", ["two", "one"]),
    ],
)
def test_programs_narrow_the_list_as_people_do(
    developer: Caller, team: Team, name: str, value: str, left: list[str]
) -> None:
    olga = UserFactory.create(name="Olga Berg", email="olga@example.org")
    one = RegisteredModelFactory.create(team=team, slug="one", owner=olga)
    PipelineStageFactory.create(model=one, stage="training", owner_user=olga)
    RegisteredModelFactory.create(team=team, slug="two")
    RegisteredModelFactory.create(slug="one-of-others", owner=olga)
    assert [row["slug"] for row in developer.get("/models", **{name: value}).json()["results"]] == left


def test_another_teams_model_is_a_404(stranger: Caller, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team)
    assert problem_of(stranger.get(f"/models/{model.slug}"), 404, "not_found")
    assert stranger.get("/models").json()["results"] == []


def test_a_record_is_changed_and_what_is_left_out_stays(developer: Caller, viewer: Caller) -> None:
    developer.post("/models", BODY)
    sent = {"backup": viewer.user.email, "mlflow_name": "credit-limits", "name": "Limits"}
    changed = developer.patch("/models/limits", sent)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in (*sent, "purpose")} == sent | {"purpose": BODY["purpose"]}
    assert developer.get("/models", mlflow_name="credit-limits").json()["results"][0]["slug"] == "limits"
    cleared = developer.patch("/models/limits", {"backup": None, "mlflow_name": None}).json()
    assert (cleared["backup"], cleared["mlflow_name"], cleared["name"]) == (None, None, "Limits")
    assert developer.patch("/models/limits", {"owner": viewer.user.email}).json()["owner"] == viewer.user.email


def test_what_of_a_record_is_wrong_is_told_by_field(developer: Caller, viewer: Caller) -> None:
    developer.post("/models", BODY | {"mlflow_name": "limits"})
    RegisteredModelFactory.create(mlflow_name="taken")
    assert fields_of(developer.patch("/models/limits", {"mlflow_name": "taken"}), 422, "name_taken") == {"mlflow_name"}
    assert fields_of(developer.patch("/models/limits", {"mlflow_name": "a/b"}), 422, "invalid") == {"mlflow_name"}
    assert fields_of(developer.patch("/models/limits", {"backup": developer.user.email}), 422, "invalid") == {"backup"}
    assert fields_of(developer.patch("/models/limits", {"owner": None}), 400, "invalid") == {"owner"}
    assert fields_of(developer.patch("/models/limits", {"tier": 3}), 400, "invalid") == {"tier"}
    assert problem_of(viewer.patch("/models/limits", {"name": "Other"}), 403, "missing_capability")


def test_a_vendors_black_box_takes_no_versions(developer: Caller) -> None:
    box = BODY | {"implementation": "vendor", "origin": "vendor"}
    assert developer.post("/models", box).json()["origin"] == "vendor"
    assert [row["slug"] for row in developer.get("/models", origin="vendor").json()["results"]] == ["limits"]
    assert fields_of(developer.post("/models", box | {"slug": "b", "origin": "own"}), 422, "invalid") == {"origin"}


def test_a_retired_model_is_shown_as_such_and_changes_no_more(developer: Caller) -> None:
    developer.post("/models", BODY)
    assert fields_of(developer.post("/models/limits/retire", {}), 400, "invalid") == {"reason"}
    retired = developer.post("/models/limits/retire", {"reason": "A rule took its place."}).json()
    assert (retired["retirement"], retired["retired_at"] is not None) == ("A rule took its place.", True)
    assert problem_of(developer.patch("/models/limits", {"name": "Other"}), 409, "not_usable")
    assert [row["slug"] for row in developer.get("/models", retired="true").json()["results"]] == ["limits"]
    assert developer.get("/models", retired="false").json()["results"] == []


def test_tags_are_sent_shown_changed_and_narrow_the_list(developer: Caller, team: Team) -> None:
    body = {
        "slug": "one", "name": "One", "purpose": "Calls.", "team": team.slug, "tier": 2, "task": "binary",
        "implementation": "onnx", "tags": ["Pilot", "credit risk"],
    }  # fmt: skip
    assert developer.post("/models", body).json()["tags"] == ["credit-risk", "pilot"]
    RegisteredModelFactory.create(team=team, slug="two")
    assert [row["slug"] for row in developer.get("/models", tag="Credit risk").json()["results"]] == ["one"]
    assert developer.patch("/models/one", {"name": "Uno"}).json()["tags"] == ["credit-risk", "pilot"]
    assert developer.patch("/models/one", {"tags": []}).json()["tags"] == []
    assert fields_of(developer.patch("/models/one", {"tags": ["<b>"]}), 422, "invalid") == {"tags"}
    assert fields_of(developer.patch("/models/one", {"tags": "pilot"}), 400, "invalid") == {"tags"}


def test_contacts_and_links_are_sent_shown_and_changed_as_a_whole(developer: Caller, team: Team) -> None:
    RegisteredModelFactory.create(team=team, slug="one")
    links = [{"title": "Handbook", "url": "https://a.example/"}]
    vera = {"name": "Vera Vendor", "role": "support", "address": "vera@vendor.example"}
    made = developer.patch("/models/one", {"links": links, "contacts": [vera, {"name": "Desk"}]}).json()
    assert made["links"] == links
    assert made["contacts"] == [vera, {"name": "Desk", "role": "", "address": ""}]
    assert developer.patch("/models/one", {"contacts": []}).json()["links"] == links
    wrong = {"links": [{"title": "x", "url": "http://a.example"}]}
    assert fields_of(developer.patch("/models/one", wrong), 422, "invalid") == {"links"}
    assert developer.patch("/models/one", {"contacts": [{"name": "Desk", "phone": "1"}]}).status_code == 400
