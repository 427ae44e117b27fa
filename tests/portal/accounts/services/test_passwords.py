"""Changing one's own password."""

import pytest
from django.test import Client

from portal.accounts.choices import Role
from portal.accounts.events import TOKEN_REVOKED
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import issue_link
from portal.accounts.services.passwords import change_password, set_password_by_link
from portal.accounts.services.tokens import create_token, use_token
from portal.core.actors import SYSTEM
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from tests.factories.accounts import PASSWORD, ServiceAccountFactory, UserFactory, person_with

pytestmark = pytest.mark.django_db
NEW = "an entirely new pass phrase"


@pytest.fixture
def user() -> User:
    return person_with(Role.DEVELOPER)


@pytest.mark.parametrize(
    ("current", "password", "repeated", "blamed"),
    [("wrong", NEW, NEW, "current"), (PASSWORD, "short", "short", "password"), (PASSWORD, NEW, "other", "repeated")],
)
def test_wrong_weak_or_mistyped_password_changes_nothing(
    user: User, current: str, password: str, repeated: str, blamed: str
) -> None:
    actor = actor_for_user(user, interactive=True)
    with pytest.raises(Invalid) as refused:
        change_password(actor=actor, current=current, password=password, repeated=repeated, session_key=None)
    assert set(refused.value.fields) == {blamed}
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_no_program_changes_a_password(user: User) -> None:
    for actor in (actor_for_user(user, interactive=False), SYSTEM):
        with pytest.raises(Forbidden):
            change_password(actor=actor, current=PASSWORD, password=NEW, repeated=NEW, session_key=None)


def test_password_set_by_a_link_ends_every_session(user: User, client: Client) -> None:
    client.force_login(user)
    assert client.get("/").status_code == 200
    secret = issue_link(actor=SYSTEM, user=user).secret
    assert client.get("/").status_code == 200
    set_password_by_link(secret=secret, password=NEW, repeated=NEW)
    assert client.get("/").status_code == 302


def test_password_set_by_a_link_ends_every_token(user: User) -> None:
    theirs = actor_for_user(user, interactive=True)
    raw = [create_token(actor=theirs, user=user, name=name, scopes=["read"], days=30).secret for name in ("a", "b")]
    machine = ServiceAccountFactory.create(owner=user)
    raw.append(create_token(actor=theirs, user=machine, name="ci", scopes=["read"], days=30).secret)
    another = UserFactory.create()
    kept = create_token(actor=SYSTEM, user=another, name="c", scopes=["read"], days=30).secret
    set_password_by_link(secret=issue_link(actor=SYSTEM, user=user).secret, password=NEW, repeated=NEW)
    assert [use_token(one) for one in raw] == [None, None, None]
    assert use_token(kept) is not None
    payloads = [bytes(row).decode() for row in PendingEntry.objects.values_list("payload", flat=True)]
    assert sum(TOKEN_REVOKED.name in payload for payload in payloads) == 3
