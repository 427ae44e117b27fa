from datetime import date, timedelta
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from registry.errors import NotUsable
from registry.models import RegisteredModel, Release
from registry.selectors import champion_of
from registry.services.declarations import declare_release, end_declared_release
from registry.services.governed import activate_release
from registry.services.models import retire_model
from tests.factories.accounts import actor_with
from tests.factories.registry import (
    ActiveReleaseFactory,
    DeclaredReleaseFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    VersionFactory,
)
from tests.portal.ledger.replay import replayed

DEADLINE = now().date() + timedelta(days=90)
SAID: dict[str, Any] = {
    "environment": "production", "in_use_since": date(2021, 3, 1), "deadline": DEADLINE, "description": " Version 4. ",
}  # fmt: skip


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(team=team)
    return made


@pytest.fixture
def validator(team: Team) -> Actor:
    return actor_with(Role.VALIDATOR, team=team)


def told() -> None:
    """Require the ledger to say what the table says."""
    assert replayed("release") == {str(row.pk): row.public_state() for row in Release.objects.all()}


def test_what_was_in_use_before_is_declared_and_decides_without_being_a_champion(
    developer: Actor, model: RegisteredModel
) -> None:
    release = declare_release(actor=developer, model=model, **SAID)
    assert (release.state, release.version, release.description) == ("declared", None, "Version 4.")
    assert str(release) == f"{model.slug} in production"
    assert champion_of(model) is None
    assert list(Release.objects.in_use_in("production")) == [release]
    with pytest.raises(LookupError):
        _ = release.released
    told()


def test_it_may_name_a_sealed_version_of_the_model(developer: Actor, model: RegisteredModel) -> None:
    version = SealedVersionFactory.create(model=model)
    assert (
        declare_release(actor=developer, model=model, version=version, **{**SAID, "description": ""}).released
        == version
    )
    with pytest.raises(NotUsable, match="Only a sealed version"):
        declare_release(actor=developer, model=model, version=VersionFactory.create(model=model), **SAID)
    with pytest.raises(Invalid) as refused:
        declare_release(actor=developer, model=model, version=SealedVersionFactory.create(), **SAID)
    assert set(refused.value.fields) == {"version"}


def test_saying_the_same_again_is_no_event_and_saying_another_thing_takes_its_place(
    developer: Actor, model: RegisteredModel
) -> None:
    first = declare_release(actor=developer, model=model, **SAID)
    assert declare_release(actor=developer, model=model, **SAID) == first
    second = declare_release(actor=developer, model=model, **{**SAID, "description": "Version 5."})
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "declared")
    assert first.ended_at is not None
    told()


def test_a_later_deadline_is_set_by_the_second_line_alone(
    developer: Actor, validator: Actor, model: RegisteredModel
) -> None:
    first = declare_release(actor=developer, model=model, **SAID)
    later = {**SAID, "deadline": DEADLINE + timedelta(days=1)}
    with pytest.raises(Invalid, match="see the fields"):
        declare_release(actor=developer, model=model, **later)
    end_declared_release(actor=developer, release=first, reason="To begin anew.")
    with pytest.raises(Invalid) as refused:
        declare_release(actor=developer, model=model, **later)
    assert set(refused.value.fields) == {"deadline"}, "ending it first is no way around"
    assert declare_release(actor=validator, model=model, **later).deadline == later["deadline"]
    told()


def test_an_approved_release_takes_the_place_of_what_was_declared_for_good(
    developer: Actor, model: RegisteredModel
) -> None:
    declared = declare_release(actor=developer, model=model, **SAID)
    elsewhere = declare_release(actor=developer, model=model, **{**SAID, "environment": "staging"})
    planned = ReleaseFactory.create(version=SealedVersionFactory.create(model=model))
    active = activate_release(actor=developer, release=planned)
    for row in (declared, elsewhere):
        row.refresh_from_db()
    assert (declared.state, declared.ended_at) == ("superseded", active.activated_at)
    assert elsewhere.state == "declared"
    assert champion_of(model) == planned.version
    with pytest.raises(NotUsable, match="was approved there"):
        declare_release(actor=developer, model=model, **SAID)


def test_what_is_active_there_is_not_declared(developer: Actor, model: RegisteredModel) -> None:
    ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=model))
    with pytest.raises(NotUsable, match="was approved there"):
        declare_release(actor=developer, model=model, **SAID)


def test_what_came_into_use_after_the_model_was_registered_is_no_legacy(developer: Actor, team: Team) -> None:
    model = RegisteredModelFactory.create(team=team, created_at=now() - timedelta(days=9))
    with pytest.raises(Invalid) as refused:
        declare_release(actor=developer, model=model, **{**SAID, "in_use_since": now().date() - timedelta(days=8)})
    assert "needs an approval" in refused.value.fields["in_use_since"][0]


def test_what_is_not_in_use_any_more_is_ended_with_a_reason(developer: Actor, model: RegisteredModel) -> None:
    release = declare_release(actor=developer, model=model, **SAID)
    with pytest.raises(Invalid):
        end_declared_release(actor=developer, release=release, reason=" ")
    ended = end_declared_release(actor=developer, release=release, reason=" Switched off. ")
    assert (ended.state, ended.reason) == ("retired", "Switched off.")
    told()
    for other in (ended, ReleaseFactory.create(version=SealedVersionFactory.create(model=model))):
        with pytest.raises(NotUsable, match="only a declared one"):
            end_declared_release(actor=developer, release=other, reason="Over.")


def test_a_model_is_retired_once_nothing_is_declared(developer: Actor, model: RegisteredModel) -> None:
    release = declare_release(actor=developer, model=model, **SAID)
    with pytest.raises(NotUsable, match="declared as in use in production"):
        retire_model(actor=developer, model=model, reason="Over.")
    end_declared_release(actor=developer, release=release, reason="Switched off.")
    retire_model(actor=developer, model=model, reason="Over.")
    with pytest.raises(NotUsable, match="retired"):
        declare_release(actor=developer, model=model, **SAID)


def test_others_neither_declare_nor_end(viewer: Actor, stranger: Actor, model: RegisteredModel) -> None:
    release = DeclaredReleaseFactory.create(model=RegisteredModelFactory.create(team=model.team))
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            declare_release(actor=actor, model=model, **SAID)
        with pytest.raises(Forbidden):
            end_declared_release(actor=actor, release=release, reason="Over.")
