import pytest
from django.test import Client
from django.urls import reverse

from governance.models import ApprovalRequest
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.clock import now
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.reports.choices import PackState
from portal.reports.models import EvidencePack
from portal.reports.services import request_pack
from registry.models import Release
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.registry import ReleaseFactory, stored

pytestmark = pytest.mark.django_db


def approved(client: Client, role: str = Role.AUDITOR) -> tuple[ApprovalRequest, User]:
    """An approved request, and a signed-in person of its team."""
    request: ApprovalRequest = ApprovedRequestFactory.create()
    reader = person_with(role, team=request.release.model.team)
    client.force_login(reader)
    return request, reader


def page_of(client: Client, release: Release) -> str:
    return client.get(release.get_absolute_url()).content.decode()


def finished(pack: EvidencePack) -> EvidencePack:
    pack.snapshot, pack.pdf = stored(b'{"release": 1}'), stored(b"%PDF-1.7 evidence")
    pack.state, pack.finished_at, pack.content_digest, pack.checkpoint_size = PackState.DONE, now(), "ab" * 32, 12
    pack.save()
    return pack


def test_a_release_says_what_runs_who_allowed_it_and_why(client: Client) -> None:
    request, _ = approved(client)
    page = page_of(client, request.release)
    assert f"<h1>{request.release.version} takes live decisions in production.</h1>" in page
    assert request.release.released.digest in page
    assert "inside the artifact" in page
    assert request.release.fallback in page
    allowed = page[page.index('id="allowed"') :]
    assert "Nora Approver" in allowed
    assert "Better than production on every measure that counts." in allowed
    assert request.bundle_digest in allowed
    assert 'class="seal"' in allowed
    assert "Sober default v1" in page


def test_a_release_that_nobody_allowed_says_so_and_has_no_seal(client: Client) -> None:
    request = OpenRequestFactory.create()
    client.force_login(request.opened_by)
    page = page_of(client, request.release)
    assert "it decides nothing yet" in page
    assert "Nobody yet." in page
    assert 'class="seal"' not in page
    assert "A pack can be made once the release has been approved" in page
    assert reverse("release_evidence", args=[request.release_id]) not in page
    planned = ReleaseFactory.create(version=next_version(model=request.release.model))
    assert "nobody asked" in page_of(client, planned)


def test_a_superseded_release_points_to_what_decides_now(client: Client) -> None:
    first, _ = approved(client)
    second = ApprovedRequestFactory.create(
        version=next_version(model=first.release.model, champion=first.release.version)
    )
    first.release.refresh_from_db()
    page = page_of(client, first.release)
    assert "a newer release took over" in page
    assert second.release.get_absolute_url() in page


def test_two_clicks_make_a_pack_whose_progress_is_shown_until_it_can_be_downloaded(client: Client) -> None:
    request, auditor = approved(client)
    release = request.release
    page = client.post(reverse("release_evidence", args=[release.pk]), follow=True).content.decode()
    pack = EvidencePack.objects.get()
    address = reverse("release_packs", args=[release.pk])
    assert f'hx-get="{address}"' in page
    assert pack.name in page
    Job.objects.filter(pk=pack.job_id or 0).update(
        state=JobState.RUNNING, progress_done=3, progress_total=24, progress_message="Drawing page 3", started_at=now()
    )
    part = client.get(address).content.decode()
    assert "3 of 24. Drawing page 3" in part
    assert f'hx-get="{address}"' in part
    finished(pack)
    part = client.get(address).content.decode()
    assert "hx-get" not in part, "nothing is asked for once every pack has ended"
    assert auditor.name in part
    assert "stands on checkpoint 12" in part
    for kind, data in (("pdf", b"%PDF-1.7 evidence"), ("json", b'{"release": 1}')):
        url = reverse("evidence", args=[pack.pk, kind])
        assert url in part
        answer = client.get(url)
        assert b"".join(answer.streaming_content) == data  # type: ignore[attr-defined]
        assert f"{release.model.slug}-v1.{kind}" in answer["Content-Disposition"]
    assert client.get(reverse("evidence", args=[pack.pk, "exe"])).status_code == 404


def test_a_pack_that_could_not_be_made_says_why(client: Client) -> None:
    request, auditor = approved(client)
    pack = request_pack(actor=actor_for_user(auditor, interactive=True), release=request.release)
    EvidencePack.objects.filter(pk=pack.pk).update(
        state=PackState.ERRORED, cause="The cage ran out of memory.", finished_at=now()
    )
    page = page_of(client, request.release)
    assert "The cage ran out of memory." in page
    assert "Errored" in page


def test_who_may_not_export_is_offered_no_button(client: Client) -> None:
    request, _ = approved(client, Role.VIEWER)
    url = reverse("release_evidence", args=[request.release_id])
    assert url not in page_of(client, request.release)
    assert client.post(url).status_code == 403


def test_another_teams_release_and_packs_answer_404(client: Client) -> None:
    request, auditor = approved(client)
    pack = finished(request_pack(actor=actor_for_user(auditor, interactive=True), release=request.release))
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert client.get(request.release.get_absolute_url()).status_code == 404
    assert client.get(reverse("release_packs", args=[request.release_id])).status_code == 404
    assert client.get(reverse("evidence", args=[pack.pk, "pdf"])).status_code == 404
    assert client.post(reverse("release_evidence", args=[request.release_id])).status_code == 404
    assert str(request.release.version) not in client.get(reverse("releases")).content.decode()


def test_the_list_names_who_allowed_each_release_and_keeps_one_state(client: Client) -> None:
    request, _ = approved(client)
    waiting = OpenRequestFactory.create(version=ready_version(team=request.release.model.team))
    page = client.get(reverse("releases")).content.decode()
    assert f"Request #{request.pk}" in page
    assert f'not approved: <a href="{waiting.get_absolute_url()}">' in page
    active = client.get(reverse("releases"), {"state": "active"}).content.decode()
    assert str(request.release.version) in active
    assert str(waiting.release.version) not in active
    assert "No release in this state." in client.get(reverse("releases"), {"state": "halted"}).content.decode()


def test_an_empty_list_says_what_appears_here(client: Client) -> None:
    client.force_login(person_with(Role.VIEWER, team=TeamFactory.create()))
    assert "No release yet." in client.get(reverse("releases")).content.decode()
