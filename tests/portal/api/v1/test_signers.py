"""Signers' keys, what a supplied signature came to, and the portal's own signature, over REST."""

import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import SignerKey
from registry.rules.model_signing import read
from tests.factories.accounts import person_with
from tests.factories.registry import ArtifactFactory, SealedVersionFactory, VersionFactory
from tests.factories.signatures import SignerKeyFactory, signer_pem
from tests.portal.api.callers import V1, Caller, fields_of, fresh_client, problem_of

PATH = "/teams/lending/trusted-keys"


@pytest.fixture
def browser(team: Team) -> Any:
    client = fresh_client()
    client.force_login(person_with(Role.ADMIN))
    return client


def post(client: Any, path: str, body: dict[str, Any]) -> Any:
    return client.post(V1 + path, json.dumps(body), content_type="application/json")


def test_an_administrators_session_registers_and_withdraws_keys_that_the_team_reads(
    browser: Any, viewer: Caller, stranger: Caller
) -> None:
    assert viewer.get(PATH).json()["results"] == []
    made = post(browser, PATH, {"name": "Vendor", "pem": signer_pem("vendor")})
    assert (made.status_code, made.json()["curve"]) == (201, "secp256r1")
    [listed] = viewer.get(PATH).json()["results"]
    assert listed == made.json()
    withdrawn = post(browser, f"/trusted-keys/{listed['id']}/withdraw", {})
    assert withdrawn.json()["withdrawn_at"]
    assert problem_of(stranger.get(PATH), 404, "not_found")


def test_no_token_says_whose_signatures_count(developer: Caller, stranger: Caller, team: Team) -> None:
    key = SignerKeyFactory.create(team=team)
    body = {"name": "Mine", "pem": signer_pem("mine")}
    assert problem_of(developer.post(PATH, body), 403, "missing_capability")
    assert problem_of(developer.post(f"/trusted-keys/{key.pk}/withdraw"), 403, "missing_capability")
    assert problem_of(stranger.post(f"/trusted-keys/{key.pk}/withdraw"), 404, "not_found")
    assert SignerKey.objects.get().withdrawn_at is None


def test_what_is_no_key_is_refused(browser: Any) -> None:
    assert fields_of(post(browser, PATH, {"name": "Vendor", "pem": "nonsense"}), 422, "invalid") == {"pem"}
    assert fields_of(post(browser, PATH, {"name": "Vendor", "pem": "x" * 2001}), 400, "invalid") == {"pem"}


def test_a_sealed_version_has_the_portals_signature(viewer: Caller, stranger: Caller, team: Team) -> None:
    version = SealedVersionFactory.create(model__slug="limits", model__team=team)
    path = f"/models/limits/versions/{version.number}/model.sig"
    response = viewer.get(path)
    assert read(response.content).files == {"model.onnx": version.artifacts.get().sha256}
    assert response["Content-Disposition"] == 'attachment; filename="model.sig"'
    assert problem_of(stranger.get(path), 404, "not_found")
    open_one = VersionFactory.create(model=version.model)
    assert problem_of(viewer.get(f"/models/limits/versions/{open_one.number}/model.sig"), 409, "not_usable")


def test_a_version_says_what_its_signature_came_to(viewer: Caller, team: Team) -> None:
    version = VersionFactory.create(model__slug="limits", model__team=team)
    judged = {
        "result": "unknown_key", "reason": "", "key_id": "", "signer": "", "hint": "ab", "covered": ["model.onnx"],
        "uncovered": [],
    }  # fmt: skip
    ArtifactFactory.create(version=version, name="model.sig", role="signature", inspection={"details": judged})
    ArtifactFactory.create(version=version)
    shown = viewer.get(f"/models/limits/versions/{version.number}").json()["artifacts"]
    assert {one["name"]: one["verification"] for one in shown} == {"model.sig": judged, "model.onnx": None}
