import pytest
from django.db import DatabaseError, transaction

from portal.accounts.choices import Role
from portal.core.errors import Conflict, Forbidden
from portal.jobs.models import Job
from portal.reports import services
from portal.reports.choices import PackState
from portal.reports.models import EvidencePack
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import ActiveReleaseFactory, ReleaseFactory
from tests.factories.reports import PackFactory
from tests.portal.ledger.replay import replayed

RENDERED = services.RenderedPack("4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", b"%PDF")
"""The digest of the snapshot []."""


@pytest.mark.django_db
def test_an_auditor_asks_for_a_pack_and_gets_a_job() -> None:
    release = ActiveReleaseFactory.create()
    pack = services.request_pack(actor=actor_with(Role.AUDITOR, team=release.model.team), release=release)
    assert pack.state == PackState.QUEUED
    assert Job.objects.get(pk=pack.job_id or 0).arguments == {"pack_id": pack.pk}
    assert replayed("pack")[str(pack.pk)] == pack.public_state()


@pytest.mark.django_db
def test_who_may_not_export_gets_none() -> None:
    release = ActiveReleaseFactory.create()
    for actor in (
        actor_with(Role.VIEWER, team=release.model.team),
        actor_with(Role.AUDITOR, team=TeamFactory.create()),
    ):
        with pytest.raises(Forbidden):
            services.request_pack(actor=actor, release=release)
    assert not EvidencePack.objects.exists()


@pytest.mark.django_db
def test_a_release_that_was_never_active_has_no_evidence() -> None:
    release = ReleaseFactory.create()
    with pytest.raises(Conflict, match="never active"):
        services.request_pack(actor=actor_with(Role.AUDITOR, team=release.model.team), release=release)


@pytest.mark.django_db
def test_a_pack_that_has_ended_is_neither_begun_nor_made_again() -> None:
    pack = PackFactory.create(release=ActiveReleaseFactory.create())
    services.finish_pack(order=services.PackOrder(pack.pk, b"[]"), rendered=RENDERED)
    with pytest.raises(Conflict, match="already ended"):
        services.begin_pack(pack_id=pack.pk)
    with pytest.raises(Conflict, match="too late"):
        services.finish_pack(order=services.PackOrder(pack.pk, b"[]"), rendered=RENDERED)
    assert replayed("pack")[str(pack.pk)]["state"] == PackState.DONE


@pytest.mark.django_db
def test_a_finished_pack_holds_both_files_and_can_not_change() -> None:
    pack = PackFactory.create(release=ActiveReleaseFactory.create())
    services.finish_pack(order=services.PackOrder(pack.pk, b"[]"), rendered=RENDERED)
    pack.refresh_from_db()
    assert pack.state == PackState.DONE
    assert pack.snapshot is not None
    assert pack.snapshot.sha256 == pack.content_digest == RENDERED.content_digest
    assert replayed("pack")[str(pack.pk)] == pack.public_state()
    with pytest.raises(DatabaseError, match="UPDATE refused"), transaction.atomic():
        EvidencePack.objects.filter(pk=pack.pk).update(content_digest="0" * 64)
    with pytest.raises(DatabaseError, match="DELETE refused"), transaction.atomic():
        EvidencePack.objects.filter(pk=pack.pk).delete()


@pytest.mark.django_db
def test_a_finished_pack_is_not_failed_afterwards() -> None:
    pack = PackFactory.create(release=ActiveReleaseFactory.create())
    services.finish_pack(order=services.PackOrder(pack.pk, b"[]"), rendered=RENDERED)
    services.fail_pack(pack_id=pack.pk, state=PackState.ERRORED, cause="late")
    pack.refresh_from_db()
    assert pack.state == PackState.DONE
    assert not pack.cause
