"""Signers' keys, and what they sign."""

import base64
import hashlib
import json
import struct
import textwrap
from collections.abc import Mapping

import factory
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from portal.core.clock import now
from portal.core.signatures import public_pem
from registry.models import SignerKey
from registry.rules.model_signing import bundle_of
from registry.rules.signer_keys import public_key
from tests.factories.accounts import TeamFactory, UserFactory


def signing_key(seed: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key of this seed: the same each time."""
    return ec.derive_private_key(int(hashlib.sha256(seed.encode()).hexdigest(), 16) >> 8, ec.SECP256R1())


def signer_pem(seed: str) -> str:
    """Return the public part of the key of this seed."""
    return public_pem(signing_key(seed).public_key())


def supplied_signature(seed: str, files: Mapping[str, bytes]) -> bytes:
    """Return a model.sig over the files by the key of this seed."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return json.dumps(bundle_of(name="model", files=digests, ignored=[], key=signing_key(seed))).encode()


def commit_key(seed: str) -> ed25519.Ed25519PrivateKey:
    """Return the private key of this seed of the kind that signs commits: the same each time."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


def plain_commit(*, author: str = "developer@example.org", message: str = "Train anew.") -> str:
    """Return a commit as git keeps it."""
    who = f"Ann <{author}> 1790000000 +0200"
    return f"tree {hashlib.sha1(b'tree 0').hexdigest()}\nauthor {who}\ncommitter {who}\n\n{message}\n"  # noqa: S324


def commit_name(text: str, digest: str = "sha1") -> str:
    """Return the name that git gives a commit."""
    return hashlib.new(digest, b"commit %d\0%s" % (len(text.encode()), text.encode())).hexdigest()


def signed_commit(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    text: str,
    *,
    header: str = "gpgsig",
    space: bytes = b"git",
) -> str:
    """Return the commit with an SSH signature over it, as `git commit -S` makes it (OpenSSH, PROTOCOL.sshsig)."""
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    kind, public = line.split()[0], base64.b64decode(line.split()[1])
    covered = b"SSHSIG" + _ssh(space, b"", b"sha512", hashlib.sha512(text.encode()).digest())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        made = key.sign(covered)
    else:
        strength = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
        made = _ssh(*(one.to_bytes(67) for one in decode_dss_signature(key.sign(covered, ec.ECDSA(strength)))))
    blob = b"SSHSIG" + struct.pack(">I", 1) + _ssh(public, space, b"", b"sha512", _ssh(kind, made))
    armoured = "\n".join(textwrap.wrap(base64.b64encode(blob).decode(), 70))
    lines = f"-----BEGIN SSH SIGNATURE-----\n{armoured}\n-----END SSH SIGNATURE-----".replace("\n", "\n ")
    head, _, message = text.partition("\n\n")
    return f"{head}\n{header} {lines}\n\n{message}"


def _ssh(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


class SignerKeyFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A key that holds; the seed makes it."""

    class Meta:
        model = SignerKey

    class Params:
        seed = factory.Sequence(lambda n: f"signer {n}")

    team = factory.SubFactory(TeamFactory)
    name = "Vendor"
    pem = factory.LazyAttribute(lambda key: signer_pem(key.seed))
    key_id = factory.LazyAttribute(lambda key: public_key(key.pem)[0])
    curve = factory.LazyAttribute(lambda key: public_key(key.pem)[2])
    registered_by = factory.SubFactory(UserFactory)
    registered_at = factory.LazyFunction(now)
