"""Public keys of others: what they signed, a model's files or a commit, counts for the team that trusts them.

Caged code reads this, so it knows no Django.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from portal.core import signatures

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
"""By curve: what ECDSA hashes with it, in OMS as in SSH (RFC 5656, section 6.2.1)."""
ED25519 = "ed25519"
CURVES = (*HASHES, ED25519)
LONGEST_KEY = 2_000
VERIFIED, UNKNOWN_KEY = "verified", "unknown_key"
_SSH = ("ssh-", "ecdsa-sha2-")
TRIALS = 256
"""Messages by which a point of small order shows; that one passes them all is as likely as guessing 49 bits."""


class NotAKey(ValueError):
    """The text is no public key that could check a signature; the words say why."""


@dataclass(frozen=True)
class KnownKey:
    """A registered key: `withdrawn_at` is None while it is trusted."""

    key_id: str
    name: str
    pem: str
    withdrawn_at: datetime | None


def public_key(text: str) -> tuple[str, str, str]:
    """Return key id (SHA-256 of the DER form), PEM and curve of a public key in PEM or OpenSSH form; raises NotAKey."""
    if "PRIVATE KEY" in text:
        raise NotAKey("This is a private key. Whoever saw it can sign: make a new pair, and send the public one.")
    data = text[:LONGEST_KEY].strip()
    load = serialization.load_ssh_public_key if data.startswith(_SSH) else serialization.load_pem_public_key
    try:
        key = load(data.encode())
    except (ValueError, UnicodeError, TypeError, UnsupportedAlgorithm):
        raise NotAKey(
            "This is no public key in PEM form (-----BEGIN PUBLIC KEY-----) or OpenSSH form (ssh-ed25519 …)."
        ) from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        if _verifies_anything(key):
            raise NotAKey("This is no key: what nobody signed would be verified with it.")
        return signatures.key_id(key), signatures.public_pem(key), ED25519
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
        raise NotAKey("Use P-256, P-384 or P-521, or for commits Ed25519. No other key checks a signature here.")
    return signatures.key_id(key), signatures.public_pem(key), key.curve.name


def _verifies_anything(key: ed25519.Ed25519PublicKey) -> bool:
    """Whether the key is a point of small order, with which a signature that needs no private key is verified.

    R is the neutral point and S is 0 (RFC 8032, section 5.1.7): that holds of one message in eight or more.
    """
    nobodys = b"\1" + bytes(63)
    for number in range(TRIALS):
        with suppress(InvalidSignature):
            key.verify(nobodys, b"%d" % number)
            return True
    return False
