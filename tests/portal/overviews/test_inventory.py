from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.services.policies import ensure_default_policy
from portal.accounts.choices import Role
from portal.overviews.inventory import CHUNK, COLUMNS, SORTS, InventoryFilter, chosen, in_order, lines, sorted_keys
from registry.choices import Stage
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, UserFactory, actor_with
from tests.factories.inventory import make_inventory
from tests.factories.registry import (
    ActiveReleaseFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    UseCaseFactory,
    own_all_stages,
)

pytestmark = pytest.mark.django_db


def left(**given: str) -> list[str]:
    rows = InventoryFilter(given, queryset=RegisteredModel.objects.all()).qs
    return sorted(rows.values_list("slug", flat=True))


def test_models_are_narrowed_by_their_words() -> None:
    RegisteredModelFactory.create(slug="late-arrival", name="Crew warning", purpose="Warns crews of delays.")
    RegisteredModelFactory.create(slug="fuel-burn", purpose="Plans fuel.")
    assert left(q="late crew") == ["late-arrival"]
    assert left(q="ARRIV") == ["late-arrival"]
    assert left(q="delayed") == ["late-arrival"], "by the stem of a word of the purpose"
    assert left(q="late fuel") == []
    assert left(q="---") == []
    assert left(q="") == ["fuel-burn", "late-arrival"]


def test_models_are_narrowed_by_who_owns_them_and_by_what_they_are() -> None:
    ada = UserFactory.create(name="Ada Berg", email="ada@example.org")
    RegisteredModelFactory.create(slug="a", owner=ada, implementation="scikit-learn", team=TeamFactory.create(slug="x"))
    RegisteredModelFactory.create(slug="b", task="regression")
    assert left(owner="berg") == left(owner="ADA@example.org") == left(team="x") == ["a"]
    assert left(owner="example.org") == [], "a part of an address tells nothing"
    assert left(implementation="scikit-learn") == ["a"]
    assert left(task="regression") == ["b"]


def test_models_are_narrowed_by_what_is_in_production() -> None:
    serving = ActiveReleaseFactory.create().model
    ActiveReleaseFactory.create(environment="staging")
    assert left(serving="true") == [serving.slug]
    assert serving.slug not in left(serving="false")
    assert len(left(serving="false")) == 1


def test_models_are_narrowed_by_stages_that_nobody_owns() -> None:
    owned = RegisteredModelFactory.create(slug="owned")
    own_all_stages(owned, owned.owner)
    partly = RegisteredModelFactory.create(slug="partly")
    PipelineStageFactory.create(model=partly, stage=Stage.TRAINING)
    PipelineStageFactory.create(model=partly, stage=Stage.FEATURES, owner_user=UserFactory.create(is_active=False))
    assert left(unowned="true") == ["partly"]
    assert left(unowned="false") == ["owned"]
    assert left(unowned="training") == []
    assert left(unowned="features") == left(unowned="monitoring") == ["partly"], "a closed account answers for nothing"


def test_models_are_narrowed_by_their_use_case() -> None:
    use_case = UseCaseFactory.create(slug="late-warning", name="Warn crews", approved=True)
    RegisteredModelFactory.create(slug="a", use_case=use_case)
    RegisteredModelFactory.create(slug="b")
    assert left(use_case="late") == left(use_case="crews warn") == ["a"]
    assert left(use_case="none") == ["b"]


def test_models_are_sorted_by_indexed_columns_in_one_order_for_all_pages() -> None:
    for slug, tier in (("b", 1), ("a", 2), ("c", 2)):
        RegisteredModelFactory.create(slug=slug, tier=tier)

    def slugs(sort: str) -> list[str]:
        return [row.slug for row in in_order(list(sorted_keys(RegisteredModel.objects.all(), sort)), COLUMNS)]

    assert slugs("tier") == ["b", "a", "c"]
    assert slugs("-tier") == ["c", "a", "b"]
    assert slugs("-slug") == ["c", "b", "a"]
    assert slugs("owner__password") == slugs("slug") == ["a", "b", "c"]


def test_columns_that_nobody_knows_are_the_usual_ones() -> None:
    assert [column.key for column in chosen(["task", "team", "nonsense"])] == ["team", "task"]
    assert chosen([]) == chosen(["nonsense"]) != []
    assert len({head for column in COLUMNS for head in column.heads}) == sum(len(column.heads) for column in COLUMNS)
    assert {column.sort for column in COLUMNS} - {""} <= set(SORTS)


def test_a_column_that_is_not_shown_is_not_asked_for() -> None:
    key = RegisteredModelFactory.create().pk
    with CaptureQueriesContext(connection) as captured:
        in_order([key], chosen(["team"]))
        in_order([key], chosen(["gate"]))
    without, with_gate = (query["sql"] for query in captured)
    assert "gateevaluation" not in without
    assert "gateevaluation" in with_gate
    assert "validationrun" not in with_gate


def test_lines_take_one_query_a_chunk_and_leave_out_what_is_gone() -> None:
    made = RegisteredModelFactory.create_batch(3)
    keys = [made[2].pk, 999_999, made[0].pk]
    with CaptureQueriesContext(connection) as captured:
        found = list(lines(keys, chosen(["tier"])))
    assert found == [
        ["slug", "name", "tier", "tier_rests_on"],
        *([row.slug, row.name, 2, "not_assessed"] for row in (made[2], made[0])),
    ]
    assert len(captured) == 1
    assert len(keys) < CHUNK


def test_a_whole_inventory_is_narrowed_and_sorted_as_its_rows_say() -> None:
    inventory = make_inventory(models=60, versions=200, teams=4, policy_version=ensure_default_policy())
    rows: list[Any] = in_order([model.pk for model in inventory.models], COLUMNS)
    by_hand = {
        "serving": {row.slug for row in rows if row.production_number},
        "unowned": {row.slug for row in rows if row.stages_without_owner},
        "tier": {row.slug for row in rows if row.tier == 1},
    }
    assert all(by_hand.values())
    assert by_hand["serving"] == set(left(serving="true"))
    assert by_hand["unowned"] == set(left(unowned="true"))
    assert by_hand["tier"] == set(left(tier="1"))
    assert len(inventory.versions) == 200


def test_only_what_the_actor_may_see_is_in_the_inventory() -> None:
    ours = RegisteredModelFactory.create()
    RegisteredModelFactory.create()
    seen = RegisteredModel.objects.visible_to(actor_with(Role.VIEWER, team=ours.team))
    for given in ({}, {"q": "model"}, {"unowned": "true"}, {"serving": "false"}, {"use_case": "none"}):
        assert list(InventoryFilter(given, queryset=seen).qs) == [ours], given
