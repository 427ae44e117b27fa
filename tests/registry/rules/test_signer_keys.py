from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from registry.rules.signer_keys import NotAKey, public_key
from tests.factories.signatures import commit_key, signing_key

PEM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
SSH = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


@pytest.mark.parametrize(("key", "curve"), [(commit_key("ann"), "ed25519"), (signing_key("build"), "secp256r1")])
def test_a_key_is_the_same_in_both_forms(key: Any, curve: str) -> None:
    pem, ssh = (key.public_key().public_bytes(*form).decode() for form in (PEM, SSH))
    assert public_key(pem) == public_key(f"{ssh} ann@laptop\n") == (public_key(pem)[0], pem, curve)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 2048),
        dsa.generate_private_key(2048),
    ],
)
def test_only_keys_that_check_a_signature_here_are_registered(key: Any) -> None:
    with pytest.raises(NotAKey, match="P-256, P-384 or P-521, or for commits Ed25519"):
        public_key(key.public_key().public_bytes(*PEM).decode())


@pytest.mark.parametrize(
    "point",
    [
        "01" + "00" * 31,
        "00" * 32,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)  # of the orders 1, 4, 2 and 8
def test_a_point_with_which_everything_is_signed_is_no_key(point: str) -> None:
    key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(point))
    with pytest.raises(NotAKey, match="what nobody signed"):
        public_key(key.public_bytes(*PEM).decode())


@pytest.mark.parametrize("text", ["", "hello", "ssh-ed25519 AAAA", "ssh-ed25519", "ssh-rot13 AAAA x", "ssh-ed25519 é"])
def test_what_is_no_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotAKey, match="no public key"):
        public_key(text)


def test_a_private_key_is_refused_before_it_is_read() -> None:
    private = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    with pytest.raises(NotAKey, match="private key"):
        public_key(private.decode())
