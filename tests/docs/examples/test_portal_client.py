"""The example's client against a real server: refusals come back in the portal's words."""

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from portal.accounts.choices import Role
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.env import BASE_DIR
from tests.factories.accounts import PASSWORD, TeamFactory, person_with
from tests.factories.governance import OpenRequestFactory
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return docs/examples/portal_client.py as its scripts import it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BASE_DIR / "docs" / "examples"))
        yield importlib.import_module("portal_client")
        sys.modules.pop("portal_client", None)


def test_a_token_speaks_json_and_a_refusal_names_the_field(client: Any, live_server: LiveServer) -> None:
    team = TeamFactory.create()
    user = person_with(Role.DEVELOPER, team=team)
    token = create_token(actor=SYSTEM, user=user, name="test", scopes=TOKEN_SCOPES, days=1).secret
    with client.Portal(live_server.url, token) as portal:
        portal.post("/datasets", {"slug": "rows", "name": "Rows", "team": team.slug})
        assert portal.wait("/datasets", lambda answer: answer["results"])["results"][0]["slug"] == "rows"
        with pytest.raises(client.Refused) as refused:
            portal.post("/datasets", {"slug": "rows", "name": "Rows", "team": "nobody"})
        assert "team" in refused.value.fields
        RegisteredModelFactory.create(slug="limits", team=team)
        assert portal.put("/models/limits/stages/training", {"owner": user.email})["state"] == "owned"
        with pytest.raises(TimeoutError):
            portal.wait("/datasets", lambda answer: answer["next"], seconds=0.1)
    with client.Portal(live_server.url, "cs_wrong_wrong") as stranger, pytest.raises(client.Refused, match="unknown"):
        stranger.get("/models")


def test_signing_needs_a_person_with_the_password_and_is_refused_in_words(client: Any, live_server: LiveServer) -> None:
    request = OpenRequestFactory.create()
    approver = person_with(Role.APPROVER, team=request.release.model.team)
    page, words = request.get_absolute_url(), {"verdict": "approve", "meaning": "approval", "rationale": "It holds."}
    with pytest.raises(client.Refused, match="could not sign in"):
        client.Browser(live_server.url, approver.email, "another password")
    with client.Browser(live_server.url, approver.email, PASSWORD) as browser:
        browser._password = "another password"
        with pytest.raises(client.Refused, match="password is wrong"):
            browser.sign(page, **words)
        browser._password = PASSWORD
        browser.sign(page, **words)
        with pytest.raises(client.Refused, match="no form"):
            browser.sign(page, **words)
    request.refresh_from_db()
    assert request.state == "approved"
