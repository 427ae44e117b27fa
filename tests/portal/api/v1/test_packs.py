"""Evidence packs over REST."""

from typing import Any

import pytest

from portal.accounts.models import Team
from portal.core.clock import now
from portal.jobs.models import Job
from portal.reports.choices import MAKE_PACK, PackState
from portal.reports.models import EvidencePack
from registry.models import Release
from tests.factories.accounts import UserFactory
from tests.factories.registry import ActiveReleaseFactory, ReleaseFactory, stored
from tests.portal.api.callers import Caller, problem_of

PDF, JSON = b"%PDF-1.7 evidence", b'{"evidence":true}'


@pytest.fixture
def release(team: Team) -> Release:
    found: Release = ActiveReleaseFactory.create(version__model__team=team, version__model__slug="limits")
    return found


@pytest.fixture
def pack(release: Release) -> EvidencePack:
    return pack_of(release, state=PackState.DONE, finished_at=now(), pdf=stored(PDF), snapshot=stored(JSON))


def pack_of(release: Release, **columns: Any) -> EvidencePack:
    return EvidencePack.objects.create(
        release=release, template="release-1", requested_by=UserFactory.create(), requested_at=now(), **columns
    )


def test_pack_is_requested_and_watched(developer: Caller, release: Release) -> None:
    requested = developer.post(f"/releases/{release.pk}/evidence-packs")
    assert (requested.status_code, requested.json()["state"]) == (202, "queued")
    assert Job.objects.get().kind == MAKE_PACK
    assert developer.get(f"/evidence-packs/{requested.json()['id']}").json() == requested.json()


def test_planned_release_has_no_evidence_yet(developer: Caller, team: Team) -> None:
    planned = ReleaseFactory.create(version__model__team=team)
    assert problem_of(developer.post(f"/releases/{planned.pk}/evidence-packs"), 409, "conflict")


@pytest.mark.parametrize(
    ("kind", "media", "data"), [("pdf", "application/pdf", PDF), ("json", "application/json", JSON)]
)
def test_files_of_a_finished_pack_are_downloads(
    viewer: Caller, pack: EvidencePack, kind: str, media: str, data: bytes
) -> None:
    response = viewer.client.get(f"/api/v1/evidence-packs/{pack.pk}/{kind}", headers={"Accept": media})
    assert response.getvalue() == data
    assert (response["Content-Type"], response["Content-Length"]) == (media, str(len(data)))
    assert response["Content-Disposition"] == f'attachment; filename="{pack.name}-limits-v1.{kind}"'


@pytest.mark.parametrize("kind", ["html", "PDF", "..", "%00", "pdf%2F"])
def test_other_kinds_of_file_are_a_404(viewer: Caller, pack: EvidencePack, kind: str) -> None:
    assert problem_of(viewer.get(f"/evidence-packs/{pack.pk}/{kind}"), 404, "not_found")


def test_pack_that_is_not_finished_has_no_files(viewer: Caller, release: Release) -> None:
    running = pack_of(release, state=PackState.RUNNING)
    assert problem_of(viewer.get(f"/evidence-packs/{running.pk}/pdf"), 404, "not_found")


def test_viewers_export_nothing_and_strangers_see_nothing(viewer: Caller, stranger: Caller, pack: EvidencePack) -> None:
    path = f"/releases/{pack.release_id}/evidence-packs"
    assert problem_of(viewer.post(path), 403, "missing_capability")
    assert problem_of(stranger.post(path), 404, "not_found")
    for address in (f"/evidence-packs/{pack.pk}", f"/evidence-packs/{pack.pk}/pdf", f"/evidence-packs/{pack.pk}/json"):
        assert viewer.get(address).status_code == 200
        assert problem_of(stranger.get(address), 404, "not_found")
