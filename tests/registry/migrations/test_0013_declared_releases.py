"""What the database refuses of a declared release, whoever asks."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from tests.factories.registry import ActiveReleaseFactory, DeclaredReleaseFactory, ReleaseFactory, SealedVersionFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize(
    "changes",
    [
        {"deadline": date(2030, 1, 1)}, {"in_use_since": date(2020, 1, 1)}, {"description": "Another one."},
        {"state": "active"}, {"state": "planned"},
    ],
)  # fmt: skip
def test_what_is_declared_stays_as_it_was_said_and_is_never_active(changes: dict[str, Any]) -> None:
    assert refused(DeclaredReleaseFactory.create(), **changes)


def test_it_gives_way_or_ends_and_then_changes_no_more() -> None:
    stands = DeclaredReleaseFactory.create()
    assert not refused(stands, state="superseded", ended_at=now())
    assert not refused(stands, state="retired", ended_at=now(), reason="Switched off.")
    gone = DeclaredReleaseFactory.create(state="superseded", ended_at=now())
    ended = DeclaredReleaseFactory.create(state="retired", ended_at=now(), reason="Switched off.")
    assert refused(gone, state="declared")
    assert refused(ended, reason="Other.")


@pytest.mark.parametrize("state", ["planned", "active", "superseded"])
def test_no_other_release_becomes_declared(state: str) -> None:
    dates = {} if state == "planned" else {"activated_at": now()}
    release = ReleaseFactory.create(state=state, **dates)
    assert refused(release, state="declared", in_use_since=date(2021, 1, 1), deadline=date(2027, 1, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"in_use_since": None}, {"deadline": None}, {"description": ""}, {"activated_at": now()},
        {"reason": "Over."},
    ],
)  # fmt: skip
def test_half_a_declaration_is_no_row(changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DeclaredReleaseFactory.create(**changes)


@pytest.mark.parametrize("changes", [{"version": None}, {"deadline": date(2027, 1, 1)}, {"reason": "Over."}])
def test_a_planned_release_declares_nothing(changes: dict[str, Any]) -> None:
    version = SealedVersionFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReleaseFactory.create(**{"version": version, "model": version.model, "feature_pipeline_version": None, **changes})


def test_one_thing_is_in_use_in_an_environment() -> None:
    declared = DeclaredReleaseFactory.create()
    for make in (
        lambda: DeclaredReleaseFactory.create(model=declared.model),
        lambda: ActiveReleaseFactory.create(version=SealedVersionFactory.create(model=declared.model)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make()
    DeclaredReleaseFactory.create(model=declared.model, environment="staging")
