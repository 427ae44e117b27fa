from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger import notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "example.org/log"
BODY = notes.CheckpointBody(NAME, 20, bytes(32))
NOTE = notes.sign(notes.checkpoint_text(BODY), name=NAME, key=KEY)

# The example of C2SP signed-note ("Example" section of golang.org/x/mod/sumdb/note).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_note_of_another_implementation_verifies() -> None:
    import base64

    name, key_id, encoded = PETER.split("+", 2)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    assert notes.key_id(name, key).hex() == key_id
    assert notes.verifier_key(name, key) == PETER
    assert notes.verify(PETER_NOTE, name=name, key=key).startswith("If you think")


def test_checkpoint_says_origin_size_and_root_a_line_each() -> None:
    text = notes.verify(NOTE, name=NAME, key=KEY.public_key())
    assert text == f"{NAME}\n20\n{'A' * 43}=\n"
    assert notes.parse_checkpoint(text) == BODY


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_note_with_any_byte_changed_is_refused(position: int, difference: int) -> None:
    altered = bytearray(NOTE.encode())
    altered[position] ^= difference
    with pytest.raises((notes.NoteInvalid, UnicodeDecodeError)):
        notes.verify(altered.decode(), name=NAME, key=KEY.public_key())


def test_note_signed_by_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(notes.NoteInvalid, match="not signed by"):
        notes.verify(NOTE, name=NAME, key=other)


@pytest.mark.parametrize(
    "text", ["", "o\n", "o\n1\n", "o\n01\n" + "A" * 43 + "=\n", "o\n1\nAAAA\n", "o\n٣\n" + "A" * 43 + "=\n"]
)
def test_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(notes.NoteInvalid):
        notes.parse_checkpoint(text)


def test_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.key"
    path.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(TypeError, match="holds no Ed25519 key"):
        notes.load_key(path)


@given(st.binary(min_size=32, max_size=32))
def test_verifier_key_is_read_as_it_was_written(seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    assert notes.read_verifier(notes.verifier_key(NAME, key)).public_bytes_raw() == key.public_bytes_raw()


@pytest.mark.parametrize("line", ["", "name", "name+00000000+AAAA", "name+00000000+" + "A" * 43 + "="])
def test_malformed_verifier_key_is_refused(line: str) -> None:
    with pytest.raises(notes.NoteInvalid):
        notes.read_verifier(line)


def test_note_is_verified_by_whichever_key_signed_it_and_by_no_other() -> None:
    other = Ed25519PrivateKey.generate().public_key()
    assert notes.verify_by_any(NOTE, name=NAME, keys=[KEY.public_key(), other])[1] == 0
    assert notes.verify_by_any(NOTE, name=NAME, keys=[other, KEY.public_key()])[1] == 1
    with pytest.raises(notes.NoteInvalid, match="not signed by"):
        notes.verify_by_any(NOTE, name=NAME, keys=[other])
