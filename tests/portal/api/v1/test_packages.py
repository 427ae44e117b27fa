"""A version's bill of materials over REST."""

from portal.accounts.models import Team
from registry.choices import ArtifactRole
from tests.factories.registry import ArtifactFactory, VersionFactory
from tests.portal.api.callers import Caller, problem_of


def test_the_packages_of_a_lock_are_downloaded_as_cyclonedx(viewer: Caller, team: Team) -> None:
    version = VersionFactory.create(model__team=team, model__slug="limits")
    ArtifactFactory.create(version=version)
    read = {"verdict": "accepted", "details": {"packages": {"numpy": "2.4.6"}}}
    ArtifactFactory.create(version=version, name="lock", role=ArtifactRole.ENVIRONMENT, inspection=read)
    answer = viewer.get("/models/limits/versions/1/sbom")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert answer["Content-Disposition"] == 'attachment; filename="limits-v1.cdx.json"'
    assert [one["purl"] for one in answer.json()["components"]] == ["pkg:pypi/numpy@2.4.6"]


def test_without_pinned_packages_there_is_none(viewer: Caller, team: Team) -> None:
    VersionFactory.create(model__team=team, model__slug="limits")
    problem_of(viewer.get("/models/limits/versions/1/sbom"), 404, "not_found")


def test_another_teams_bill_is_not_there(viewer: Caller) -> None:
    theirs = VersionFactory.create()
    problem_of(viewer.get(f"/models/{theirs.model.slug}/versions/1/sbom"), 404, "not_found")
