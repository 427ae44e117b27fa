import base64
import contextlib
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from portal.core.signatures import public_pem
from registry.rules.commit_signing import LARGEST_COMMIT, NotTheCommit, judge
from registry.rules.signer_keys import KnownKey, public_key
from tests.factories.signatures import commit_key, commit_name, plain_commit, signed_commit, signing_key

ANN = commit_key("ann")


def known(key: Any, name: str = "Ann", withdrawn_at: datetime | None = None) -> KnownKey:
    key_id, pem, _ = public_key(public_pem(key.public_key()))
    return KnownKey(key_id, name, pem, withdrawn_at)


@pytest.mark.parametrize(
    "key", [ANN, signing_key("build"), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1())]
)
def test_a_signed_commit_is_its_keys(key: Any) -> None:
    text = signed_commit(key, plain_commit(author="Ann@example.org"))
    told = judge(text, commit=commit_name(text), keys=[known(commit_key("other")), known(key)])
    assert (told.result, told.signer, told.author) == ("verified", "Ann", "ann@example.org")
    assert told.as_dict() == {"result": "verified", "key_id": known(key).key_id, "signer": "Ann"}


def test_a_commit_named_by_sha256_has_its_signature_in_another_header() -> None:
    text = signed_commit(ANN, plain_commit(), header="gpgsig-sha256")
    assert judge(text, commit=commit_name(text, "sha256"), keys=[known(ANN)]).result == "verified"
    assert judge(text, commit=commit_name(text), keys=[known(ANN)]).result == "unsigned"


def test_an_unknown_or_withdrawn_key_says_nothing_of_who_signed() -> None:
    text = signed_commit(ANN, plain_commit())
    for keys in ([], [known(commit_key("other"))], [known(ANN, withdrawn_at=datetime(2026, 1, 1, tzinfo=UTC))]):
        told = judge(text, commit=commit_name(text), keys=keys)
        assert (told.result, told.signer, told.key_id) == ("unknown_key", "", known(ANN).key_id)


def test_without_a_signature_the_author_is_told_all_the_same() -> None:
    text = plain_commit(author="bo@example.org")
    told = judge(text, commit=commit_name(text), keys=[known(ANN)])
    assert (told.result, told.author) == ("unsigned", "bo@example.org")


@pytest.mark.parametrize("kind", [b"ssh-rsa", b"sk-ssh-ed25519@openssh.com"])
def test_keys_of_other_kinds_are_not_read(kind: bytes) -> None:
    text = replaced(
        signed_commit(ANN, plain_commit()), lambda blob: blob.replace(b"ssh-ed25519", kind[:11].ljust(11), 1)
    )
    assert judge(text, commit=commit_name(text), keys=[known(ANN)]).result == "other_kind"


def test_another_signature_than_of_ssh_is_not_read() -> None:
    text = signed_commit(ANN, plain_commit()).replace("SSH SIGNATURE", "PGP SIGNATURE")
    assert judge(text, commit=commit_name(text), keys=[known(ANN)]).result == "other_kind"


def replaced(text: str, change: Any) -> str:
    """Return the commit with other bytes in its signature."""
    head, armour, tail = re.split(r"(?<=BEGIN SSH SIGNATURE-----\n) (.*?)(?=\n -----END)", text, flags=re.DOTALL)
    blob = change(base64.b64decode(armour.replace("\n ", "")))
    return f"{head} {base64.b64encode(blob).decode()}{tail}"


@given(st.data())
def test_a_changed_bit_of_a_signature_is_never_verified(data: st.DataObject) -> None:
    def flip(blob: bytes) -> bytes:
        at = data.draw(st.integers(0, len(blob) * 8 - 1))
        return blob[: at // 8] + bytes([blob[at // 8] ^ 1 << at % 8]) + blob[at // 8 + 1 :]

    text = replaced(signed_commit(ANN, plain_commit()), flip)
    with contextlib.suppress(NotTheCommit):
        assert judge(text, commit=commit_name(text), keys=[known(ANN)]).result == "other_kind"


def test_a_signature_over_another_commit_is_refused() -> None:
    mine, other = signed_commit(ANN, plain_commit(message="Mine.")), signed_commit(ANN, plain_commit(message="Other."))
    text = mine.replace("Mine.", "Other.")
    assert text != other
    with pytest.raises(NotTheCommit, match="does not fit"):
        judge(text, commit=commit_name(text), keys=[known(ANN)])


def test_a_signature_that_was_made_for_something_else_is_refused() -> None:
    text = signed_commit(ANN, plain_commit(), space=b"file")
    with pytest.raises(NotTheCommit, match="does not fit"):
        judge(text, commit=commit_name(text), keys=[known(ANN)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tree 1\n\nNobody.\n", "no author"),
        (plain_commit() + "x" * LARGEST_COMMIT, "not read"),
        (plain_commit(author=""), "no author"),
    ],
)
def test_what_is_no_whole_commit_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(NotTheCommit, match=words):
        judge(text, commit=commit_name(text), keys=[])


@pytest.mark.parametrize("commit", ["", "main", "0" * 40, "0" * 64, commit_name(plain_commit())[:12]])
def test_other_bytes_than_the_named_commits_are_refused(commit: str) -> None:
    with pytest.raises(NotTheCommit, match="are not commit"):
        judge(plain_commit(), commit=commit, keys=[])


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen, with which git signs")
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_what_git_signs_is_verified(tmp_path: Path, kind: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / "key"], check=True)
    settings = {
        "gpg.format": "ssh", "user.signingkey": str(tmp_path / "key"), "user.name": "Ann",
        "user.email": "ann@example.org",
    }  # fmt: skip
    git = [
        "git",
        "-C",
        str(tmp_path),
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
    ]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-S", "-m", "Train anew.\n\nWith more rows."], check=True)
    text, name = (
        subprocess.check_output([*git, *asked], text=True)
        for asked in (["cat-file", "commit", "HEAD"], ["rev-parse", "HEAD"])
    )
    key = serialization.load_ssh_public_key((tmp_path / "key.pub").read_bytes())
    assert isinstance(key, ec.EllipticCurvePublicKey) or kind == "ed25519"
    key_id, pem, _ = public_key((tmp_path / "key.pub").read_text())
    told = judge(text, commit=name.strip(), keys=[KnownKey(key_id, "Ann’s laptop", pem, None)])
    assert (told.result, told.signer, told.author) == ("verified", "Ann’s laptop", "ann@example.org")
