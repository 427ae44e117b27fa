"""Feature pipelines over REST."""

from typing import Any

import pytest

from portal.accounts.models import Team
from registry.models import FeaturePipeline
from tests.factories.registry import FeaturePipelineFactory
from tests.portal.api.callers import Caller, fields_of, problem_of

BODY = {"slug": "features", "name": "Features", "team": "lending"}
VERSION = {"repository": "https://git.example.org/f", "commit": "a" * 40, "columns": ["x", "y"]}
VERSIONS = "/feature-pipelines/features/versions"


@pytest.fixture
def pipeline(team: Team) -> FeaturePipeline:
    found: FeaturePipeline = FeaturePipelineFactory.create(slug="features", team=team)
    return found


def test_pipeline_and_versions_are_shown_as_they_were_sent(developer: Caller) -> None:
    made = developer.post("/feature-pipelines", BODY)
    assert made.status_code == 201
    assert developer.get("/feature-pipelines").json()["results"] == [made.json()]
    version = developer.post(VERSIONS, VERSION)
    assert version.status_code == 201
    body = version.json()
    assert body == VERSION | {name: body[name] for name in ("created_at", "digest")} | {
        "pipeline": "features",
        "number": 1,
    }
    assert developer.get(VERSIONS).json()["results"] == [body]


def test_same_version_is_registered_once(developer: Caller, pipeline: FeaturePipeline) -> None:
    developer.post(VERSIONS, VERSION)
    assert problem_of(developer.post(VERSIONS, VERSION), 409, "pipeline_version_exists")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"columns": []}, "columns"),
        ({"columns": "x"}, "columns"),
        ({"columns": [1, None]}, "columns.1"),
        ({"commit": ""}, "commit"),
    ],
)
def test_value_that_breaks_a_rule_is_named(
    developer: Caller, pipeline: FeaturePipeline, change: dict[str, Any], field: str
) -> None:
    assert fields_of(developer.post(VERSIONS, VERSION | change), 400, "invalid") == {field}


def test_viewers_register_nothing_and_strangers_see_nothing(
    viewer: Caller, stranger: Caller, pipeline: FeaturePipeline
) -> None:
    assert problem_of(viewer.post("/feature-pipelines", BODY), 403, "missing_capability")
    assert problem_of(viewer.post(VERSIONS, VERSION), 403, "missing_capability")
    assert problem_of(stranger.post(VERSIONS, VERSION), 404, "not_found")
    assert problem_of(stranger.get(VERSIONS), 404, "not_found")
    assert stranger.get("/feature-pipelines").json()["results"] == []
    assert fields_of(stranger.post("/feature-pipelines", BODY | {"slug": "other"}), 422, "invalid") == {"team"}
