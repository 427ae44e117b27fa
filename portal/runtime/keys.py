"""Private keys of an installation: made once, kept in files that only their owner reads (0600)."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519


def make_keys(folder: Path) -> list[str]:
    """Make the keys that are missing; return their names. Never touches one that is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [name for name, make in MAKERS.items() if _write_once(folder / name, make)]


def make_successor(path: Path) -> Path:
    """Make the key that is to follow, as `<name>.new` beside the present one and for the same owner; return its path.

    One that a former attempt left is taken up again: it may be registered already.
    """
    successor = path.with_name(f"{path.name}.new")
    _write_once(successor, MAKERS[path.name])
    if path.exists():
        owner = path.stat()
        os.chown(successor, owner.st_uid, owner.st_gid)
    return successor


def put_in_place(successor: Path, path: Path) -> None:
    """Let the successor take the present key's place, whose bytes are gone with that."""
    successor.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """Return the private key as unencrypted PKCS #8; the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_once(path: Path, make: Callable[[], bytes]) -> bool:
    """Write a new key under its name, complete or not at all; say whether it was missing."""
    if path.exists():
        return False
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(make())
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(partial, path)  # unlike a rename, never replaces what another start wrote meanwhile
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True


MAKERS: Mapping[str, Callable[[], bytes]] = {
    "secret_key": lambda: secrets.token_urlsafe(64).encode(),
    "encryption.key": Fernet.generate_key,
    "decision.key": lambda: _pem(ec.generate_private_key(ec.SECP256R1())),
    "checkpoint.key": lambda: _pem(ed25519.Ed25519PrivateKey.generate()),
}
