"""Reading again what has not changed, and acting on what one saw."""

import pytest

from portal.accounts.models import Team
from registry.models import ModelVersion
from tests.factories.registry import ArtifactFactory, RegisteredModelFactory, VersionFactory
from tests.portal.api.callers import V1, Caller, problem_of


@pytest.fixture
def version(team: Team) -> ModelVersion:
    found: ModelVersion = VersionFactory.create(model__slug="limits", model__team=team)
    ArtifactFactory.create(version=found)
    return found


def test_what_has_not_changed_is_not_sent_again(developer: Caller, team: Team) -> None:
    model = RegisteredModelFactory.create(slug="limits", team=team)
    first = developer.get("/models/limits")
    tag = {"If-None-Match": first["ETag"]}
    again = developer.client.get(f"{V1}/models/limits", headers=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    model.purpose = "Another."
    model.save()
    changed = developer.client.get(f"{V1}/models/limits", headers=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_what_is_ones_own_is_kept_by_no_shared_cache(developer: Caller, team: Team) -> None:
    answer = developer.get("/models")
    assert answer["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def submit(caller: Caller, tag: str) -> int:
    answer = caller.client.post(f"{V1}/models/limits/versions/1/submit", headers={"If-Match": tag})
    return int(answer.status_code)


def test_version_is_submitted_as_it_was_seen(developer: Caller, version: ModelVersion) -> None:
    seen = developer.get("/models/limits/versions/1")["ETag"]
    ArtifactFactory.create(version=version, role="other", name="more.txt")  # somebody else adds a file
    refused = developer.client.post(f"{V1}/models/limits/versions/1/submit", headers={"If-Match": seen})
    assert problem_of(refused, 412, "precondition_failed")
    version.refresh_from_db()
    assert version.state == "receiving"
    assert submit(developer, developer.get("/models/limits/versions/1")["ETag"]) == 202


@pytest.mark.parametrize(("tag", "status"), [("*", 202), ("nonsense", 412), ('"x", "y"', 412), ("", 412)])
def test_tags_are_read_as_http_says(developer: Caller, version: ModelVersion, tag: str, status: int) -> None:
    assert submit(developer, tag) == status
