"""CI issuers over REST, and the tokens of their jobs."""

import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import TrainingRun
from tests.factories.accounts import person_with
from tests.factories.ci import COMMIT, ISSUER, REPOSITORY, claims, identity_token, jwks
from tests.factories.registry import RegisteredModelFactory, SnapshotFactory
from tests.portal.api.callers import V1, Caller, fields_of, fresh_client, problem_of

PATH = "/teams/lending/ci-issuers"


def post(path: str, body: dict[str, Any]) -> Any:
    client = fresh_client()
    client.force_login(person_with(Role.ADMIN))
    return client.post(V1 + path, json.dumps(body), content_type="application/json")


def test_an_administrators_session_registers_and_withdraws_issuers_that_the_team_reads(
    team: Team, viewer: Caller, developer: Caller, stranger: Caller
) -> None:
    body = {**ISSUER, "jwks": jwks("one")}
    assert problem_of(developer.post(PATH, body), 403, "missing_capability")
    assert fields_of(post(PATH, {**ISSUER, "jwks": {"keys": []}}), 422, "invalid") == {"jwks"}
    made = post(PATH, body)
    assert (made.status_code, viewer.get(PATH).json()["results"]) == (201, [made.json()])
    assert made.json()["keys"][0]["kid"] == "one"
    withdraw = f"/ci-issuers/{made.json()['id']}/withdraw"
    assert problem_of(developer.post(withdraw), 403, "missing_capability")
    assert problem_of(stranger.post(withdraw), 404, "not_found")
    assert post(withdraw, {}).json()["withdrawn_at"]


@pytest.mark.parametrize("is_good", [True, False])
def test_a_token_registers_a_version_or_is_refused_in_words(team: Team, developer: Caller, is_good: bool) -> None:  # noqa: FBT001
    post(PATH, {**ISSUER, "jwks": jwks("rsa one")})
    model = RegisteredModelFactory.create(team=team)
    snapshot = SnapshotFactory.create(dataset__team=team)
    token = identity_token("rsa one", claims() if is_good else claims(exp=1))
    run = {
        "repository": REPOSITORY, "commit": COMMIT, "commit_authors": ["ann@example.org"],
        "environment_lock_sha256": "a" * 64, "ci_identity_token": token,
        "training_snapshot": {"dataset": snapshot.dataset.slug, "number": snapshot.number},
    }  # fmt: skip
    response = developer.post(f"/models/{model.slug}/versions", {"training_run": run})
    assert token not in response.content.decode()
    if is_good:
        assert response.status_code == 201
        assert TrainingRun.objects.get().commit_verified
    else:
        assert fields_of(response, 422, "ci_identity_refused") == {"training_run.ci_identity_token"}
        assert not TrainingRun.objects.exists()
