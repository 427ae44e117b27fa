import pytest

from portal.accounts.choices import Role
from portal.core.clock import now
from portal.overviews.releases import release_overview, releases_table
from registry.choices import ReleaseState
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.governance import ApprovedRequestFactory
from tests.factories.registry import ActiveReleaseFactory, ReleaseFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db


def test_the_heading_says_what_a_release_does_in_every_state() -> None:
    release = ReleaseFactory.create()
    said = set()
    release.in_use_since = release.deadline = now().date()
    for state in ReleaseState:
        release.state = state
        said.add(release_overview(actor_with(Role.AUDITOR), release).verdict)
    assert len(said) == len(ReleaseState)
    assert all(str(release.version) in text and "production" in text for text in said)


def test_an_approved_release_names_request_decisions_and_gate() -> None:
    request = ApprovedRequestFactory.create()
    found = release_overview(actor_with(Role.AUDITOR), request.release)
    assert found.request == request
    assert found.request_state == "approved"
    assert [one.signer_name for one in found.decisions] == ["Nora Approver"]
    assert found.gate is not None
    assert not found.gate.stops


def test_a_release_that_nobody_asked_about_has_no_request() -> None:
    found = release_overview(actor_with(Role.AUDITOR), ReleaseFactory.create())
    assert (found.request, found.request_state, found.decisions, found.gate) == (None, "", [], None)


def test_what_decides_there_now_is_named_beside_another_release() -> None:
    active = ActiveReleaseFactory.create()
    planned = ReleaseFactory.create(version=SealedVersionFactory.create(model=active.model))
    auditor = actor_with(Role.AUDITOR)
    assert release_overview(auditor, planned).running == active
    assert release_overview(auditor, active).running is None


def test_the_table_is_scoped_and_keeps_one_state() -> None:
    active = ActiveReleaseFactory.create()
    planned = ReleaseFactory.create(version=SealedVersionFactory.create(model=active.model))
    reader = actor_with(Role.VIEWER, team=active.model.team)
    assert list(releases_table(reader)) == [planned, active]
    assert list(releases_table(reader, "active")) == [active]
    assert list(releases_table(reader, "nonsense")) == [planned, active]
    assert not releases_table(actor_with(Role.VIEWER, team=TeamFactory.create())).exists()
