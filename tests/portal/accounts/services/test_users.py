"""Closing accounts: everything of theirs ends at once, and for good."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.choices import Role
from portal.accounts.errors import LastAdministrator, LinkNotUsable
from portal.accounts.models import ApiToken, User, UserSession
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import issue_link, reactivate_user
from portal.accounts.services.passwords import usable_link
from portal.accounts.services.tokens import create_token, use_token
from portal.accounts.services.users import deactivate_user
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import Forbidden
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, actor_with, person_with

pytestmark = pytest.mark.django_db


def test_sessions_tokens_and_links_of_a_closed_account_stay_dead_when_it_is_opened_again(client: Client) -> None:
    admin, user = actor_with(Role.ADMIN), person_with(Role.DEVELOPER)
    secret = create_token(actor=SYSTEM, user=user, name="ci", scopes=["read"], days=1).secret
    machine = ServiceAccountFactory.create(owner=user)
    machines = create_token(actor=SYSTEM, user=machine, name="ci", scopes=["read"], days=1).secret
    assert use_token(machines) is not None
    link = issue_link(actor=admin, user=user).secret
    client.force_login(user)
    assert client.get("/").status_code == 200
    deactivate_user(actor=admin, user=user)
    assert client.get("/").status_code == 302
    assert use_token(secret) is None
    reactivate_user(actor=admin, user=user)
    assert client.get("/").status_code == 302
    assert (use_token(secret), use_token(machines)) == (None, None)
    assert {token.state for token in ApiToken.objects.all()} == {"revoked"}
    assert not UserSession.objects.filter(user=user).exists()
    with pytest.raises(LinkNotUsable):
        usable_link(link)


def test_last_who_administers_without_an_end_date_is_not_deactivated() -> None:
    lasting = person_with(Role.ADMIN)
    passing = RoleGrantFactory.create(role=Role.ADMIN, granted_until=now() + timedelta(days=1)).user
    with pytest.raises(LastAdministrator):
        deactivate_user(actor=actor_for_user(passing, interactive=True), user=lasting)


def test_of_two_administrators_who_close_each_other_one_stays() -> None:
    ann, bo = person_with(Role.ADMIN), person_with(Role.ADMIN)
    as_ann, as_bo = (actor_for_user(one, interactive=True) for one in (ann, bo))
    deactivate_user(actor=as_ann, user=bo)
    with pytest.raises(Forbidden):
        deactivate_user(actor=as_bo, user=ann)
    assert User.objects.get(pk=ann.pk).is_active
