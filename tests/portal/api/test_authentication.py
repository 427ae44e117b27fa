"""Who the API takes a caller for."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.choices import Role
from portal.accounts.models import ApiToken, Team
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.core.clock import now
from registry.choices import Implementation, Task
from registry.models import RegisteredModel
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, person_with
from tests.factories.registry import RegisteredModelFactory
from tests.portal.api.callers import V1, Caller, caller, problem_of

MODEL = {
    "slug": "limits", "name": "Limits", "purpose": "Sets limits.", "team": "lending", "tier": 2,
    "task": Task.BINARY.value, "implementation": Implementation.ONNX.value,
}  # fmt: skip


def test_nobody_enters_without_a_token_or_a_session(client: Client, team: Team) -> None:
    response = client.get(f"{V1}/models")
    assert problem_of(response, 401, "not_authenticated")
    assert "Send the header Authorization: Bearer cs_…" in response.json()["detail"]
    assert "http://127.0.0.1:8000/tokens" in response.json()["detail"]
    assert response["WWW-Authenticate"] == 'Bearer realm="countersign"'


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer cs__",
        "Bearer cs_0123456789_feed",
        "bearer cs_0_0",
        "Bearer é",
    ],
)
def test_unknown_token_is_refused_with_the_challenge(client: Client, team: Team, sent: str) -> None:
    response = client.get(f"{V1}/models", headers={"Authorization": sent})
    assert problem_of(response, 401, "authentication_failed")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_half_of_a_token_opens_nothing(client: Client, developer: Caller) -> None:
    token = ApiToken.objects.get(user=developer.user)
    for sent in (f"cs_{token.prefix}_", f"cs_{token.prefix}_{token.secret_sha256}", f"xx_{token.prefix}_"):
        response = client.get(f"{V1}/models", headers={"Authorization": f"Bearer {sent}"})
        assert problem_of(response, 401, "authentication_failed")


def test_expired_revoked_and_closed_tokens_are_refused_alike(team: Team) -> None:
    answers = []
    for change in ({"expires_at": now() - timedelta(seconds=1)}, {"revoked_at": now()}):
        one = caller(Role.DEVELOPER, team=team)
        ApiToken.objects.filter(user=one.user).update(**change)
        answers.append(one.get("/models"))
    closed = caller(Role.DEVELOPER, team=team)
    closed.user.is_active = False
    closed.user.save()
    answers.append(closed.get("/models"))
    bodies = [{**response.json(), "instance": ""} for response in answers]  # that names the request
    assert bodies == [bodies[0]] * 3
    assert problem_of(answers[0], 401, "authentication_failed")


def test_wrong_token_is_not_made_good_by_a_session(client: Client, team: Team) -> None:
    client.force_login(person_with(Role.DEVELOPER, team=team))
    response = client.get(f"{V1}/models", headers={"Authorization": "Bearer nonsense"})
    assert problem_of(response, 401, "authentication_failed")


def test_other_schemes_are_left_to_the_session(client: Client, team: Team) -> None:
    assert client.get(f"{V1}/models", headers={"Authorization": "Basic YTpi"}).status_code == 401
    client.force_login(person_with(Role.DEVELOPER, team=team))
    assert client.get(f"{V1}/models", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_token_carries_no_more_than_its_scopes(team: Team) -> None:
    RegisteredModelFactory.create(team=team)
    reader = caller(Role.DEVELOPER, team=team, scopes=("read",))
    assert len(reader.get("/models").json()["results"]) == 1
    assert problem_of(reader.post("/models", MODEL), 403, "missing_capability")
    blind = caller(Role.DEVELOPER, team=team, scopes=("verify_ledger",))
    assert blind.get("/models").json()["results"] == []


def test_scope_gives_nothing_that_its_person_lacks(team: Team) -> None:
    viewer = caller(Role.VIEWER, team=team, scopes=("read", "register_model"))
    assert problem_of(viewer.post("/models", MODEL), 403, "missing_capability")


def test_service_account_registers_on_its_owners_name(team: Team) -> None:
    account = ServiceAccountFactory.create()
    RoleGrantFactory.create(user=account, role=Role.DEVELOPER, team=team)
    assert Caller(account).post("/models", MODEL).status_code == 201
    assert RegisteredModel.objects.get().owner == account.owner


def test_unsafe_request_by_session_needs_the_csrf_token(team: Team) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person_with(Role.DEVELOPER, team=team))
    assert client.get(f"{V1}/models").status_code == 200
    refused = client.post(f"{V1}/models", json.dumps(MODEL), content_type="application/json")
    assert "CSRF" in problem_of(refused, 403, "permission_denied")["detail"]
    client.get("/accounts/reauthenticate/")  # sets the cookie
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    accepted = client.post(f"{V1}/models", json.dumps(MODEL), content_type="application/json", headers=token)
    assert accepted.status_code == 201


def test_token_needs_no_csrf_token(team: Team) -> None:
    secret = create_token(
        actor=SYSTEM, user=person_with(Role.DEVELOPER, team=team), name="ci", scopes=["read", "register_model"], days=1
    ).secret
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})
    assert client.post(f"{V1}/models", json.dumps(MODEL), content_type="application/json").status_code == 201
