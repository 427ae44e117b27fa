"""Sessions in the database, each with its person."""

import pytest
from django.test import Client

from portal.accounts.models import UserSession
from portal.accounts.services.sessions import end_session, end_sessions
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def signed_in(email: str) -> Client:
    client = Client(headers={"User-Agent": "Firefox/140"})
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def test_session_is_kept_with_its_person_its_browser_and_its_beginning() -> None:
    user = UserFactory.create()
    client = signed_in(user.email)
    row = UserSession.objects.get(user=user)
    assert (row.agent, row.session_key) == ("Firefox/140", client.session.session_key)
    begun = row.begun_at
    client.get("/")
    assert UserSession.objects.get(user=user).begun_at == begun
    assert row.session_key not in row.handle


def test_one_or_all_sessions_end_and_only_the_persons_own() -> None:
    user, other = UserFactory.create(), UserFactory.create()
    first, second, third, foreign = (signed_in(one.email) for one in (user, user, user, other))
    handle = UserSession.objects.get(session_key=first.session.session_key).handle
    assert not end_session(user=other, handle=handle)
    assert end_session(user=user, handle=handle)
    assert [one.get("/").status_code for one in (first, second, foreign)] == [302, 200, 200]
    assert end_sessions(user=user, but=third.session.session_key) == 1
    assert [one.get("/").status_code for one in (second, third, foreign)] == [302, 200, 200]
