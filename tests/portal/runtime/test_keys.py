from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from portal.runtime.keys import make_keys


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert len(make_keys(folder)) == 4
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert make_keys(folder) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700


def test_each_key_is_of_its_kind(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    Fernet((tmp_path / "keys" / "encryption.key").read_bytes())
    decision = load_pem_private_key((tmp_path / "keys" / "decision.key").read_bytes(), None)
    checkpoint = load_pem_private_key((tmp_path / "keys" / "checkpoint.key").read_bytes(), None)
    assert isinstance(decision, EllipticCurvePrivateKey)
    assert decision.curve.name == "secp256r1"
    assert isinstance(checkpoint, Ed25519PrivateKey)
    assert len((tmp_path / "keys" / "secret_key").read_text()) >= 64
