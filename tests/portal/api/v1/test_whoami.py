"""Who calls, and what that one may do."""

from django.test import Client

from portal.accounts.choices import Role
from portal.accounts.models import ApiToken, Team
from tests.factories.accounts import person_with
from tests.portal.api.callers import V1, caller


def test_token_learns_its_scopes_expiry_and_rights(team: Team) -> None:
    reader = caller(Role.DEVELOPER, team=team, scopes=("read", "register_model"))
    answer = reader.get("/whoami")
    body, token = answer.json(), ApiToken.objects.get(user=reader.user)
    assert (body["id"], body["kind"], body["email"]) == (reader.user.actor_id, "user", reader.user.email)
    assert body["rights"] == [{"team": "lending", "capabilities": ["read", "register_model"]}]
    assert body["token"]["scopes"] == ["read", "register_model"]
    assert body["token"]["expires_at"] == token.expires_at.isoformat().replace("+00:00", "Z")
    assert token.secret_sha256 not in answer.content.decode()


def test_rights_for_every_team_name_none(db: None) -> None:
    body = caller(Role.AUDITOR, team=None).get("/whoami").json()
    assert [row["team"] for row in body["rights"]] == [None]


def test_session_has_no_token(client: Client, team: Team) -> None:
    client.force_login(person_with(Role.VIEWER, team=team))
    assert client.get(f"{V1}/whoami").json()["token"] is None
