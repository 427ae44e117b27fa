import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import ApiToken, User
from portal.accounts.services.tokens import create_token, use_token
from portal.core.actors import SYSTEM
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, UserFactory, person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    found = person_with(Role.ADMIN)
    client.force_login(found)
    return found


@pytest.mark.usefixtures("admin")
def test_machine_is_made_with_an_owner_and_gets_no_password(client: Client) -> None:
    owner, gone = UserFactory.create(name="Dana"), UserFactory.create(is_active=False)
    address, values = reverse("admin_service_accounts"), {"name": "CI", "email": "ci@example.org"}
    for wrong in (gone.pk, ServiceAccountFactory.create().pk, ""):
        assert client.post(address, {**values, "owner": wrong}).status_code == 422
    assert client.post(address, {**values, "owner": owner.pk}).status_code == 302
    made = User.objects.get(email="ci@example.org")
    assert (made.kind, made.owner, made.has_usable_password()) == ("service", owner, False)
    assert "Dana" in client.get(address).content.decode()


@pytest.mark.usefixtures("admin")
def test_token_of_a_machine_is_shown_once_and_carries_only_what_it_holds(client: Client) -> None:
    account = ServiceAccountFactory.create()
    address = reverse("service_tokens", args=[account.pk])
    assert "a token could do nothing" in client.get(address).content.decode()
    RoleGrantFactory.create(user=account, role=Role.VIEWER)
    assert client.post(address, {"name": "ci", "scopes": ["write_card"], "days": "30"}).status_code == 422
    made = client.post(address, {"name": "ci", "scopes": ["read"], "days": "30"})
    (secret,) = re.findall(r"cs_[0-9a-f]{10}_[0-9a-f]{64}", made.content.decode())
    assert made.headers["Cache-Control"] == "no-store"
    found = use_token(secret)
    assert found is not None
    assert found.user == account
    page = client.get(reverse("admin_person", args=[account.pk])).content.decode()
    assert secret not in page
    revoke = reverse("admin_token_revoke", args=[found.pk])
    assert revoke in page
    assert "refused from their next request on" in client.get(revoke).content.decode()
    client.post(revoke)
    assert use_token(secret) is None


def test_owner_makes_and_revokes_the_tokens_of_an_own_machine_and_of_no_other(client: Client) -> None:
    owner = person_with(Role.DEVELOPER)
    client.force_login(owner)
    account, other = ServiceAccountFactory.create(owner=owner), ServiceAccountFactory.create()
    RoleGrantFactory.create(user=account, role=Role.VIEWER)
    assert reverse("service_tokens", args=[account.pk]) in client.get(reverse("own_account")).content.decode()
    client.post(reverse("service_tokens", args=[account.pk]), {"name": "ci", "scopes": ["read"], "days": "30"})
    token = ApiToken.objects.get(user=account)
    assert client.post(reverse("token_revoke", args=[token.pk])).status_code == 302
    assert ApiToken.objects.get().state == "revoked"
    theirs = create_token(actor=SYSTEM, user=other, name="ci", scopes=["read"], days=1).token
    assert client.get(reverse("service_tokens", args=[other.pk])).status_code == 404
    assert client.post(reverse("token_revoke", args=[theirs.pk])).status_code == 404
