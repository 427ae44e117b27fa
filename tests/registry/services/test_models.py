import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.errors import NameTaken, NotUsable, SlugTaken
from registry.models import RegisteredModel
from registry.rules.links import Contact, Link
from registry.services.cards import draft_card
from registry.services.models import change_model, link_model, register_model, retire_model
from registry.services.versions import TrainingRunInput, register_version
from tests.factories.accounts import ServiceAccountFactory, UserFactory, person_with
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory, SnapshotFactory, UseCaseFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def values(team: Team) -> dict[str, Any]:
    owner: User = UserFactory.create()
    return {
        "slug": "flight-delay",
        "name": "Flight delay",
        "purpose": "Decides whom to call.",
        "team": team,
        "owner": owner,
        "tier": 1,
        "task": "binary",
        "implementation": "scikit-learn",
    }


def test_a_model_is_registered_and_its_texts_stay_private(developer: Actor, values: dict[str, Any]) -> None:
    model = register_model(actor=developer, **values)
    assert replayed("model") == {str(model.pk): model.public_state()}
    entry = json.loads(bytes(PendingEntry.objects.get().payload))
    assert set(entry["commitments"]) == {"name", "purpose"}
    assert "whom to call" not in json.dumps(entry)
    assert entry["topics"] == [f"model:{model.pk}"]


def test_a_name_is_taken_by_whoever_comes_first(developer: Actor, values: dict[str, Any]) -> None:
    register_model(actor=developer, **values)
    with pytest.raises(SlugTaken, match="flight-delay is taken") as refused:
        register_model(actor=developer, **values)
    assert set(refused.value.fields) == {"slug"}
    assert RegisteredModel.objects.count() == PendingEntry.objects.count() == 1


def test_what_is_wrong_is_told_by_field(developer: Actor, values: dict[str, Any]) -> None:
    values["owner"].is_active = False
    wrong = values | {"slug": "a b", "name": "", "purpose": "\0", "tier": 4, "task": "x", "implementation": "y"}
    with pytest.raises(Invalid) as refused:
        register_model(actor=developer, **wrong)
    assert set(refused.value.fields) == {"slug", "name", "purpose", "tier", "task", "implementation", "owner"}
    assert not PendingEntry.objects.exists()


def test_only_developers_of_the_team_register(viewer: Actor, stranger: Actor, values: dict[str, Any]) -> None:
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            register_model(actor=actor, **values)


def newest_entry() -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(bytes(PendingEntry.objects.order_by("-order")[0].payload))
    return entry


def test_a_model_is_linked_to_a_use_case_moved_and_taken_out_again(developer: Actor, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team)
    first, second = UseCaseFactory.create(team=team), UseCaseFactory.create(team=team, approved=True)
    link_model(actor=developer, model=model, use_case=first)
    assert newest_entry()["data"]["use_case"] == first.pk
    link_model(actor=developer, model=model, use_case=second)
    assert newest_entry()["topics"] == [f"model:{model.pk}", f"use_case:{first.pk}", f"use_case:{second.pk}"]
    linked = link_model(actor=developer, model=model, use_case=None)
    entry = newest_entry()
    assert (entry["event"], "use_case" in entry["data"]) == ("registry.model.unlinked", False)
    assert replayed("model")[str(model.pk)] == linked.public_state()


def test_a_model_is_linked_to_what_its_team_may_still_build_on(developer: Actor, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team)
    for columns in ({"team": team, "rejected": True}, {"team": team, "retired": True}, {"approved": True}):
        with pytest.raises(NotUsable):
            link_model(actor=developer, model=model, use_case=UseCaseFactory.create(**columns))
    with pytest.raises(NotUsable, match="so already"):
        link_model(actor=developer, model=model, use_case=None)
    assert not PendingEntry.objects.exists()


def test_only_developers_of_the_team_link(viewer: Actor, stranger: Actor, team: Team) -> None:
    model, use_case = RegisteredModelFactory.create(team=team), UseCaseFactory.create(team=team)
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            link_model(actor=actor, model=model, use_case=use_case)


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


def test_a_record_is_changed_and_what_is_not_given_stays(developer: Actor, team: Team, model: RegisteredModel) -> None:
    ada, bo = person_with(Role.DEVELOPER, team=team), person_with(Role.VIEWER, team=team)
    changed = change_model(actor=developer, model=model, owner=ada, backup=bo, mlflow_name="late arrival")
    assert (changed.owner, changed.backup, changed.mlflow_name) == (ada, bo, "late arrival")
    assert (changed.name, changed.purpose) == (model.name, model.purpose)
    changed = change_model(actor=developer, model=model, name=" Late ", purpose="Warns.")
    assert (changed.name, changed.purpose, changed.backup) == ("Late", "Warns.", bo)
    assert changed.mlflow_name == "late arrival"
    changed = change_model(actor=developer, model=model, backup=None, mlflow_name=None)
    assert (changed.owner, changed.backup, changed.mlflow_name) == (ada, None, None)
    changed.refresh_from_db()
    assert replayed("model") == {str(model.pk): changed.public_state()}
    assert PendingEntry.objects.count() == 3


def test_saying_the_same_again_is_no_event(developer: Actor, model: RegisteredModel) -> None:
    change_model(actor=developer, model=model, name=model.name, owner=model.owner, backup=None)
    assert not PendingEntry.objects.exists()


def test_names_and_purposes_stay_private(developer: Actor, model: RegisteredModel) -> None:
    change_model(actor=developer, model=model, purpose="A secret purpose.")
    entry = json.loads(bytes(PendingEntry.objects.get().payload))
    assert (entry["event"], set(entry["commitments"])) == ("registry.model.changed", {"name", "purpose"})
    assert "secret" not in json.dumps(entry)


def test_who_can_not_answer_for_a_model_is_refused(developer: Actor, team: Team, model: RegisteredModel) -> None:
    robot = ServiceAccountFactory.create(owner=model.owner)
    closed = person_with(Role.DEVELOPER, team=team, is_active=False)
    RegisteredModel.objects.filter(pk=model.pk).update(owner=(owner := person_with(Role.DEVELOPER, team=team)))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"backup": robot}, "backup"),
        ({"backup": closed}, "backup"),
        ({"backup": UserFactory.create()}, "backup"),
        ({"backup": owner}, "backup"),
        ({"owner": closed}, "owner"),
        ({"name": ""}, "name"),
        ({"mlflow_name": "a/b"}, "mlflow_name"),
    ]
    for values, field in wrong:
        with pytest.raises(Invalid) as refused:
            change_model(actor=developer, model=model, **values)
        assert set(refused.value.fields) == {field}
    assert not PendingEntry.objects.exists()


def test_an_owner_does_not_become_the_backup_too(developer: Actor, team: Team, model: RegisteredModel) -> None:
    ada = person_with(Role.DEVELOPER, team=team)
    change_model(actor=developer, model=model, backup=ada)
    with pytest.raises(Invalid) as refused:
        change_model(actor=developer, model=model, owner=ada)
    assert set(refused.value.fields) == {"backup"}


def test_people_whose_accounts_were_closed_stop_no_other_change(
    developer: Actor, team: Team, model: RegisteredModel
) -> None:
    ada = person_with(Role.DEVELOPER, team=team)
    change_model(actor=developer, model=model, backup=ada)
    User.objects.filter(pk__in=[ada.pk, model.owner_id]).update(is_active=False)
    gone = User.objects.get(pk=model.owner_id)
    assert change_model(actor=developer, model=model, name="Other", owner=gone, backup=ada).name == "Other"


def test_a_name_for_mlflow_clients_is_taken_once_in_the_installation(
    developer: Actor, values: dict[str, Any], model: RegisteredModel
) -> None:
    RegisteredModelFactory.create(mlflow_name="slug")
    with pytest.raises(NameTaken, match="Another model has the name slug") as refused:
        change_model(actor=developer, model=model, mlflow_name="slug")
    assert set(refused.value.fields) == {"mlflow_name"}
    with pytest.raises(NameTaken):
        register_model(actor=developer, **values, mlflow_name="slug")
    assert register_model(actor=developer, **values, mlflow_name="Slug").mlflow_name == "Slug"
    with pytest.raises(SlugTaken):
        register_model(actor=developer, **values, mlflow_name="other")
    model.refresh_from_db()
    assert model.mlflow_name is None


def test_a_vendors_black_box_is_registered_as_a_vendors_alone_and_takes_no_versions(
    developer: Actor, values: dict[str, Any]
) -> None:
    box = values | {"implementation": "vendor", "origin": "vendor"}
    model = register_model(actor=developer, **box)
    assert replayed("model")[str(model.pk)]["origin"] == "vendor"
    run = TrainingRunInput(
        repository="https://git.example.org/m", commit="a" * 40, commit_authors=["ada@example.org"],
        environment_lock_sha256="b" * 64, training_snapshot=SnapshotFactory.create(dataset__team=model.team),
    )  # fmt: skip
    with pytest.raises(NotUsable, match="black box has no files"):
        register_version(actor=developer, model=model, training_run=run)
    with pytest.raises(Invalid) as refused:
        register_model(actor=developer, **box | {"slug": "other", "origin": "own"})
    assert set(refused.value.fields) == {"origin"}


def test_a_retired_model_stays_as_it_is(developer: Actor, model: RegisteredModel) -> None:
    with pytest.raises(Invalid):
        retire_model(actor=developer, model=model, reason=" ")
    retired = retire_model(actor=developer, model=model, reason="Replaced by a rule.")
    assert (retired.retired_by_id, retired.retirement) == (developer.user_id, "Replaced by a rule.")
    assert replayed("model") == {str(model.pk): retired.public_state()}
    with pytest.raises(NotUsable, match="is retired"):
        change_model(actor=developer, model=model, name="Other")
    with pytest.raises(NotUsable, match="is retired"):
        link_model(actor=developer, model=model, use_case=UseCaseFactory.create(team=model.team))
    with pytest.raises(NotUsable, match="is retired"):
        draft_card(actor=developer, model=model, intended_use="A.", limitations="B.", out_of_scope_use="C.")
    with pytest.raises(NotUsable, match="retired already"):
        retire_model(actor=developer, model=model, reason="Again.")


def test_a_model_that_decides_is_not_retired(developer: Actor, team: Team) -> None:
    release = ActiveReleaseFactory.create(version__model__team=team)
    with pytest.raises(NotUsable, match="takes live decisions in production"):
        retire_model(actor=developer, model=release.model, reason="Over.")


def test_only_developers_of_the_team_change_and_retire(viewer: Actor, stranger: Actor, model: RegisteredModel) -> None:
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            change_model(actor=actor, model=model, name="Other")
        with pytest.raises(Forbidden):
            retire_model(actor=actor, model=model, reason="Over.")


def test_tags_are_kept_in_one_spelling_and_told_in_the_log(developer: Actor, values: dict[str, Any]) -> None:
    model = register_model(actor=developer, **values, tags=["Pilot", "credit risk", "pilot"])
    assert model.labels == ["credit-risk", "pilot"]
    change_model(actor=developer, model=model, name="Other")
    model.refresh_from_db()
    assert model.labels == ["credit-risk", "pilot"]
    change_model(actor=developer, model=model, tags=["CREDIT risk", "pilot"])
    assert PendingEntry.objects.count() == 2
    model = change_model(actor=developer, model=model, tags=[])
    assert (model.labels, "tags" in model.public_state()) == ([], False)
    assert replayed("model") == {str(model.pk): model.public_state()}


def test_what_is_no_tag_is_refused(developer: Actor, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        register_model(actor=developer, **values, tags=["<b>"])
    assert set(refused.value.fields) == {"tags"}
    model = register_model(actor=developer, **values)
    with pytest.raises(Invalid):
        change_model(actor=developer, model=model, tags=[f"t{number}" for number in range(21)])


def test_models_are_found_by_a_whole_tag(developer: Actor, values: dict[str, Any]) -> None:
    register_model(actor=developer, **values, tags=["credit-risk", "v1.0"])

    def found(tag: str) -> bool:
        return RegisteredModel.objects.tagged(tag).exists()

    assert [found(tag) for tag in ("credit-risk", "v1.0")] == [True, True]
    assert [found(tag) for tag in ("credit", "risk", "v1_0", "v1x0", "credit-risk v1.0 x", "")] == [False] * 6


def test_contacts_and_links_are_kept_and_only_their_commitments_are_told(
    developer: Actor, values: dict[str, Any]
) -> None:
    vera, handbook = Contact("Vera Vendor ", "support", "vera@example.org"), Link("Handbook", "https://a.example/")
    model = register_model(actor=developer, **values, links=[handbook], contacts=[vera, vera])
    assert model.contacts == [{"name": "Vera Vendor", "role": "support", "address": "vera@example.org"}]
    change_model(actor=developer, model=model, contacts=[vera], name=model.name)
    assert PendingEntry.objects.count() == 1
    model = change_model(actor=developer, model=model, contacts=[])
    assert (model.contacts, model.links) == ([], [{"title": "Handbook", "url": "https://a.example/"}])
    told = [json.loads(bytes(entry.payload)) for entry in PendingEntry.objects.order_by("pk")]
    assert [set(one["commitments"]) for one in told] == [
        {"name", "purpose", "links", "contacts"}, {"name", "purpose", "links"},
    ]  # fmt: skip
    assert not any(word in json.dumps(told) for word in ("Vera", "Handbook", "a.example"))
    with pytest.raises(Invalid) as refused:
        change_model(actor=developer, model=model, links=[Link("x", "http://a.example")], contacts=[Contact("")])
    assert set(refused.value.fields) == {"links", "contacts"}
