import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.ledger.models import PendingEntry
from tests.factories.accounts import PASSWORD, RoleGrantFactory, TeamFactory, person_with
from tests.factories.registry import PipelineStageFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db
NEW = "an entirely new pass phrase"


@pytest.fixture
def user() -> User:
    return person_with(Role.DEVELOPER, team=TeamFactory.create(name="Lending"))


def signed_in(user: User, agent: str) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def test_own_account_shows_roles_with_dates_and_on_whose_word(user: User) -> None:
    RoleGrantFactory.create(user=user, role=Role.APPROVER, granted_by=person_with(name="Ann"), confirmed_by=None)
    page = signed_in(user, "Firefox").get(reverse("own_account")).content.decode()
    for told in (user.email, "in Lending", "Waits for a second administrator", "Ann", "no end"):
        assert told in page
    assert "/admin/" not in page


def test_own_account_shows_the_stages_that_one_answers_for(user: User) -> None:
    model = RegisteredModelFactory.create(slug="limits", team=user.grants.get().team)
    address = reverse("own_account")
    assert "Stages you answer for" not in signed_in(user, "Firefox").get(address).content.decode()
    PipelineStageFactory.create(model=model, stage="training", owner_user=user, response_hours=4)
    PipelineStageFactory.create(model=model, stage="monitoring", backup=user)
    PipelineStageFactory.create(model__slug="of-others", owner_user=user)
    page = signed_in(user, "Firefox").get(address).content.decode()
    for told in ("limits, training", "Within 4 h", "limits, monitoring", "Backup", "No response time"):
        assert told in page
    assert "of-others" not in page


def test_other_sessions_are_seen_and_ended(user: User) -> None:
    here, there = signed_in(user, "Firefox"), signed_in(user, "Old laptop")
    page = here.get(reverse("own_account")).content.decode()
    assert "Old laptop" in page
    (end,) = re.findall(r'action="(/account/sessions/\w+/end)"', page)
    stranger = signed_in(person_with(), "Firefox")
    assert stranger.post(end).status_code == 404
    assert there.get("/").status_code == 200
    assert here.post(end).status_code == 302
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
    assert str(here.session.session_key) not in page


def test_changed_password_ends_other_sessions_and_not_this_one(user: User) -> None:
    here, there = signed_in(user, "Firefox"), signed_in(user, "Old laptop")
    address = reverse("own_password")
    wrong = here.post(address, {"current": "wrong", "password": NEW, "repeated": NEW})
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.content.decode()
    assert there.get("/").status_code == 200
    written = PendingEntry.objects.count()
    assert here.post(address, {"current": PASSWORD, "password": NEW, "repeated": NEW}).status_code == 302
    assert "The password is changed" in here.get(reverse("own_account")).content.decode()
    assert there.get("/").status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert PendingEntry.objects.count() == written + 1


def test_present_password_is_not_guessed_from_a_stolen_session(user: User) -> None:
    here = signed_in(user, "Firefox")
    for _ in range(11):
        wrong = here.post(reverse("own_password"), {"current": "wrong", "password": NEW, "repeated": NEW})
    assert "Too many wrong passwords; nothing was changed. Wait" in wrong.content.decode()
    right = here.post(reverse("own_password"), {"current": PASSWORD, "password": NEW, "repeated": NEW})
    assert right.status_code == 422
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
