"""No door shows the values of a sensitive column to anybody without the grant."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from monitoring.models import SnapshotProfile
from monitoring.runners.profiling import ProfileResult
from monitoring.services.profiles import begin_profile, finish_profile, request_profile
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.roles import TOKEN_SCOPES
from portal.core.actors import SYSTEM
from portal.reports.assembly import assemble
from portal.reports.runners.presentation import values_of
from registry.models import DatasetSnapshot
from tests.factories.accounts import RoleGrantFactory, TeamFactory, person_with
from tests.factories.monitoring import profiled
from tests.factories.registry import DatasheetFactory, SnapshotFactory
from tests.factories.reports import PackFactory, approved_release, sequence
from tests.factories.world import World
from tests.matrix.addresses import address_of
from tests.matrix.permissions import rows
from tests.portal.api.callers import Caller

COLUMNS = [{"name": "Income", "type": "double"}, {"name": "town", "type": "string"}, {"name": "open", "type": "date32"}]
DOORS = {
    "datasets": "", "dataset": "s", "datasheet": "s", "snapshot": "sn", "snapshot_column": "snp",
    "snapshot_profile_csv": "sn", "lineage": "", "api_datasets": "", "api_dataset": "s", "api_snapshots": "s",
    "api_snapshot": "sn", "api_datasheets": "s", "api_profile": "sn", "api_profile_columns": "sn",
    "api_profile_column": "snp",
}  # fmt: skip
"""Doors that show something of a snapshot, with what their addresses hold: slug, number, position."""
CLOSED = {"snapshot_erase", "api_snapshot_file"}
"""Open to who holds a grant alone: to erase, or to read sensitive columns."""
ABOUT = ("dataset", "snapshot", "profile", "column")


LEVELS = ("Aeolus", "Boreas", "Umbra")
"""Of the column carrier, by which the plan of the world's runs cuts the rows."""
SHOW_LEVELS = {"validation_run", "review", "api_runs", "api_run"}
"""Doors that show levels of a run's slices to who holds the grant."""


def recorded(snapshot: DatasetSnapshot) -> SnapshotProfile:
    profile = request_profile(actor=SYSTEM, snapshot=snapshot)
    begin_profile(profile_id=profile.pk)
    result = ProfileResult(tuple(profiled(one["type"]) for one in snapshot.columns), 1_000)
    return finish_profile(profile_id=profile.pk, result=result)


@pytest.fixture
def snapshot(db: None) -> DatasetSnapshot:
    made: DatasetSnapshot = SnapshotFactory.create(columns=COLUMNS, rows=1_000)
    recorded(made)
    DatasheetFactory.create(dataset=made.dataset, sensitive=["income ", "TOWN"])
    return made


def said(user: User, snapshot: DatasetSnapshot) -> dict[str, str]:
    """Return what each door says to somebody, by its name and the place of the column."""
    browser, program = Client(), Caller(user, scopes=TOKEN_SCOPES).client
    browser.force_login(user)
    found = {}
    for name, arguments in DOORS.items():
        for position in (1, 2, 3) if "p" in arguments else (1,):
            known = {
                "s": ("slug", snapshot.dataset.slug),
                "n": ("number", snapshot.number),
                "p": ("position", position),
            }
            address = reverse(name, kwargs=dict(known[one] for one in arguments))
            response = (program if name.startswith("api_") else browser).get(address)
            assert response.status_code == 200, address
            body = b"".join(getattr(response, "streaming_content", ())) if response.streaming else response.content
            found[f"{name} {position}"] = body.decode().replace(snapshot.sha256, "")
    return found


def test_every_door_that_shows_snapshots_is_walked() -> None:
    named = {row.split()[1] for row in rows() if row.startswith("GET ")}
    assert {name for name in named if any(word in name for word in ABOUT)} <= set(DOORS) | CLOSED


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VALIDATOR, Role.AUDITOR])
def test_without_the_grant_a_sensitive_column_is_a_name_and_a_type(snapshot: DatasetSnapshot, role: str) -> None:
    found = said(person_with(role, team=snapshot.dataset.team), snapshot)
    for door, body in found.items():
        for secret in ("level ", "4,71", "471", '"mean":'):
            assert secret not in body, door
    assert "sensitive column" in found["snapshot 1"]
    assert "This column is sensitive." in found["snapshot_column 1"]
    assert "data-chart" not in found["snapshot_column 2"]
    assert "data-chart" in found["snapshot_column 3"], "others are shown"
    assert found["snapshot_profile_csv 1"].splitlines()[1:3] == [
        "Income,double,number,yes" + "," * 13, "town,string,level,yes" + "," * 13,
    ]  # fmt: skip
    masked = json.loads(found["api_profile_column 1"])
    assert masked | {"name": "Income", "type": "double", "masked": True, "summary": None, "cells": None} == masked


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.AUDITOR])
def test_the_file_itself_leaves_with_the_grant_alone(snapshot: DatasetSnapshot, role: str) -> None:
    program = Caller(person_with(role, team=snapshot.dataset.team))
    assert program.get(f"/datasets/{snapshot.dataset.slug}/snapshots/{snapshot.number}/file").status_code == 403


def test_the_grant_shows_them_in_its_team_alone(snapshot: DatasetSnapshot) -> None:
    user = person_with(Role.VIEWER, team=snapshot.dataset.team)
    RoleGrantFactory.create(user=user, role="", capability="read_sensitive", team=snapshot.dataset.team)
    found = said(user, snapshot)
    assert "most often “level 0”" in found["snapshot 1"]
    assert "level 0" in found["snapshot_column 2"]
    assert "data-chart" in found["snapshot_column 1"]
    assert ",no," in found["snapshot_profile_csv 1"]
    assert json.loads(found["api_profile_column 2"])["cells"]["levels"][0]["level"] == "level 0"
    elsewhere = person_with(Role.VIEWER, team=snapshot.dataset.team)
    RoleGrantFactory.create(user=elsewhere, role="", capability="read_sensitive", team=TeamFactory.create())
    assert "level 0" not in said(elsewhere, snapshot)["snapshot_column 2"]


def test_a_token_without_the_scope_sees_as_little_as_others(snapshot: DatasetSnapshot) -> None:
    user = person_with(Role.VIEWER, team=snapshot.dataset.team)
    RoleGrantFactory.create(user=user, role="", capability="read_sensitive", team=snapshot.dataset.team)
    program = Caller(user, scopes=("read",))
    path = f"/datasets/{snapshot.dataset.slug}/snapshots/{snapshot.number}/profile/columns/2"
    assert program.get(path).json()["cells"] is None


def shows_levels(world: World, user: User) -> set[str]:
    """Return the names of all addresses that show a level to somebody."""
    browser, program = Client(), Caller(user, scopes=TOKEN_SCOPES).client
    browser.force_login(user)
    found = set()
    for row in rows():
        method, name = row.split()
        if method == "GET":
            response: Any = (program if name.startswith("api_") else browser).get(address_of(method, name, world.mine))
            body = b"".join(response) if response.streaming else response.content
            if any(level.encode() in body for level in LEVELS):
                found.add(name)
    return found


def test_no_address_shows_a_level_of_a_sensitive_slice(
    world_of: Callable[[int], AbstractContextManager[World]],
) -> None:
    with world_of(0) as world:
        DatasheetFactory.create(dataset=world.mine.dataset, sensitive=["Carrier "])
        for role in (Role.DEVELOPER, Role.VALIDATOR, Role.APPROVER, Role.AUDITOR, Role.ADMIN):
            assert shows_levels(world, world.person(role)) == set(), role
        auditor = world.person(Role.AUDITOR)
        run = Caller(auditor).get(f"/validation-runs/{world.mine.run.pk}").json()
        assert run["masked"] == ["carrier"]
        told = {one["slice_level"]: one for one in run["measurements"] if one["slice_column"] == "carrier"}
        assert list(told) == ["", "masked 1", "masked 2", "masked 3"]
        assert (told[""]["value"], told["masked 1"]["n"] > 1_000) == (None, True)
        assert {one["slice_level"] for one in run["measurements"] if one["slice_column"] == "origin"} == {
            "", "EWR", "JFK",
        }  # fmt: skip
        RoleGrantFactory.create(user=auditor, role="", capability="read_sensitive", team=world.mine.team)
        assert shows_levels(world, auditor) == SHOW_LEVELS


@pytest.mark.django_db(transaction=True)
def test_a_pack_is_handed_on_so_that_it_masks_for_everybody() -> None:
    release = approved_release()
    plan = release.model.validation_plans.get()
    with transaction.atomic():
        recorded(plan.held_out)
    DatasheetFactory.create(dataset=plan.held_out.dataset, sensitive=["x", "carrier"])
    pack = PackFactory.create(release=release)
    sequence()
    document = assemble(pack)
    [validation] = [one for one in document["data"] if one["use"] == "validation"]
    columns = {one["name"]: one for one in validation["profile"]["columns"]}
    assert columns["x"] == {
        "name": "x", "kind": "number", "masked": True, "missing": None, "told": "", "summary": None,
    }  # fmt: skip
    assert columns["label"]["summary"]["mean"] > 4_000
    assert validation["profile"]["digest"]
    context = values_of(document, content_digest="0" * 64, pdf_name="pack.pdf", snapshot_bytes=1)
    shown = {one["name"]: one["told"] for one in context["profiled"]}
    assert (shown["x"], "mean" in shown["label"]) == ("", True)
    agreed = {one["type"]: one["agrees"] for one in document["ledger"]["agreement"]}
    assert agreed["profile"]
    assert not any(level in str((document, context)) for level in LEVELS)
    assert (document["validation"]["masked"], "EWR" in str(context["segments"])) == (["carrier"], True)
