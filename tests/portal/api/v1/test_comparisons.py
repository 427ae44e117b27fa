"""Two versions side by side over REST."""

import pytest

from portal.accounts.models import Team
from registry.models import ModelVersion
from tests.factories.monitoring import FinishedRunFactory, PlanFactory
from tests.factories.registry import ActiveReleaseFactory, SealedVersionFactory, VersionFactory
from tests.portal.api.callers import Caller, fields_of, problem_of


@pytest.fixture
def pair(team: Team) -> tuple[ModelVersion, ModelVersion]:
    """The version in production and the next one."""
    a = ActiveReleaseFactory.create(version__model__team=team, version__model__slug="limits").version
    return a, SealedVersionFactory.create(model=a.model)


def path_of(version: ModelVersion) -> str:
    return f"/models/{version.model.slug}/versions/{version.number}/comparison"


def test_a_version_is_compared_with_the_one_in_production(
    viewer: Caller, pair: tuple[ModelVersion, ModelVersion]
) -> None:
    a, b = pair
    plan = PlanFactory.create(model=a.model)
    run_a = FinishedRunFactory.create(version=a, plan=plan, values={"auc": 0.6})
    run_b = FinishedRunFactory.create(version=b, plan=plan, champion=a, values={"auc": 0.7})
    answer = viewer.get(path_of(b)).json()
    assert (answer["a"], answer["b"]) == ("limits v1", "limits v2")
    assert answer["metrics"]["same_rows"] is True
    assert (answer["metrics"]["run_a"], answer["metrics"]["run_b"]) == (run_a.pk, run_b.pk)
    assert answer["metrics"]["paired_run"] == run_b.pk
    [auc] = [one for one in answer["metrics"]["measures"] if one["name"] == "auc"]
    assert (auc["a"]["value"], auc["b"]["value"]) == (0.6, 0.7)
    assert auc["difference"].keys() == {"value", "lower", "upper"}
    assert [(one["part"], one["same"]) for one in answer["files"]] == [("Model", False)]
    assert answer["environment"] == {
        "missing": "Not compared: no environment lock with pinned packages came with limits v1 and limits v2.",
        "differing": [], "same": 0,
    }  # fmt: skip


def test_another_version_can_be_named(viewer: Caller, pair: tuple[ModelVersion, ModelVersion]) -> None:
    a, b = pair
    answer = viewer.get(f"{path_of(a)}?against=limits:{b.number}").json()
    assert (answer["a"], answer["b"], answer["metrics"]["run_a"]) == ("limits v2", "limits v1", None)
    assert answer["metrics"]["measures"] == []


@pytest.mark.parametrize(("number", "query"), [(1, ""), (2, "?against=limits"), (2, "?against=limits:2")])
def test_what_can_not_be_compared_is_refused_in_words(
    viewer: Caller, pair: tuple[ModelVersion, ModelVersion], number: int, query: str
) -> None:
    assert number in {version.number for version in pair}
    answer = viewer.get(f"/models/limits/versions/{number}/comparison{query}")
    assert fields_of(answer, 400, "invalid") == {"against"}


def test_without_production_the_other_one_is_to_be_named(viewer: Caller, team: Team) -> None:
    lonely = VersionFactory.create(model__team=team)
    assert "Nothing is in production" in str(problem_of(viewer.get(path_of(lonely)), 400, "invalid")["errors"])


def test_another_teams_version_is_not_there(viewer: Caller, pair: tuple[ModelVersion, ModelVersion]) -> None:
    theirs = VersionFactory.create()
    problem_of(viewer.get(f"{path_of(pair[1])}?against={theirs.model.slug}:1"), 404, "not_found")
