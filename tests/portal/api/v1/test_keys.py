"""What an auditor needs to check a signature without the portal."""

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from portal.core.actors import SYSTEM
from portal.core.signatures import pre_authentication_encoding, public_pem
from portal.keys.choices import Purpose
from portal.keys.services import register_first_key, register_key
from tests.factories.governance import DecisionFactory
from tests.portal.api.callers import Caller

pytestmark = pytest.mark.django_db


def test_a_decision_made_before_a_rotation_is_checked_with_openssl_and_the_listed_key(
    stranger: Caller, tmp_path: Path
) -> None:
    decision = DecisionFactory.create()
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=public_pem(generate_private_key(SECP256R1()).public_key()))
    present, former = stranger.get("/keys", purpose="decision").json()["results"]
    assert former["key_id"] == decision.key_id
    assert (former["valid_from"], present["valid_until"], former["verifier"]) == (None, None, None)
    assert decision.signed_at.isoformat() < former["valid_until"].replace("Z", "+00:00")
    envelope = decision.envelope
    (tmp_path / "key.pem").write_text(former["pem"])
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    covered = pre_authentication_encoding(envelope["payloadType"], base64.b64decode(envelope["payload"]))
    (tmp_path / "covered").write_bytes(covered)
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "covered"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_checkpoint_key_comes_as_verifiers_of_notes_take_it(viewer: Caller) -> None:
    register_first_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT)
    [key] = viewer.get("/keys", purpose="checkpoint").json()["results"]
    name, key_hash, _ = key["verifier"].split("+", 2)
    assert (name, len(key_hash)) == ("countersign.local/ledger", 8)
