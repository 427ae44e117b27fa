"""CI issuers with real keys, and identity tokens that their jobs would send."""

import base64
import json
from functools import cache
from typing import Any

import factory
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from portal.core.clock import now
from registry.models import CiIssuer
from registry.rules.ci_identity import key_set
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.signatures import signing_key

ISSUER = {
    "provider": "github",
    "issuer": "https://token.actions.example.org",
    "audience": "countersign",
    "host": "git.example.org",
}
REPOSITORY, COMMIT = "https://git.example.org/lending/Limits.git", "5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695"
SUBJECT = "repo:lending/limits:ref:refs/heads/main"
WORKFLOW = "lending/limits/.github/workflows/train.yml@refs/heads/main"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key, the same in one process."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def jwk(seed: str) -> dict[str, Any]:
    """Return the public key of this seed as issuers publish it: RSA where the seed begins with it, else P-256."""
    if seed.startswith("rsa"):
        numbers = rsa_key().public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": seed,
            "use": "sig",
            "alg": "RS256",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
    point = signing_key(seed).public_key().public_numbers()
    return {"kty": "EC", "kid": seed, "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}


def jwks(*seeds: str) -> dict[str, Any]:
    """Return the JWKS with the keys of these seeds."""
    return {"keys": [jwk(seed) for seed in seeds]}


def claims(**changes: Any) -> dict[str, Any]:
    """Return what a job of the repository at the commit says now; None takes a claim away."""
    at = int(now().timestamp())
    said = {
        "iss": ISSUER["issuer"], "aud": ISSUER["audience"], "iat": at, "nbf": at, "exp": at + 300, "sub": SUBJECT,
        "repository": "lending/limits", "sha": COMMIT, "workflow_ref": WORKFLOW, "jti": "8f1e",
    }  # fmt: skip
    return {name: value for name, value in (said | changes).items() if value is not None}


def identity_token(seed: str, said: Any = None, **header: Any) -> str:
    """Return a token signed with the key of this seed, in JWS compact form (RFC 7515)."""
    head = {"alg": "RS256" if seed.startswith("rsa") else "ES256", "kid": seed, "typ": "JWT"} | header
    signed = ".".join(_text(json.dumps(part).encode()) for part in (head, claims() if said is None else said))
    if seed.startswith("rsa"):
        made = rsa_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = decode_dss_signature(signing_key(seed).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        made = r.to_bytes(32) + s.to_bytes(32)
    return f"{signed}.{_text(made)}"


class CiIssuerFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """An issuer that holds; the seed makes its key."""

    class Meta:
        model = CiIssuer

    class Params:
        seed = factory.Sequence(lambda n: f"issuer {n}")

    team = factory.SubFactory(TeamFactory)
    provider = ISSUER["provider"]
    issuer = ISSUER["issuer"]
    audience = factory.Sequence(lambda n: f"countersign-{n}")
    host = ISSUER["host"]
    keys = factory.LazyAttribute(lambda row: key_set(jwks(row.seed)))
    registered_by = factory.SubFactory(UserFactory)
    registered_at = factory.LazyFunction(now)


def _number(value: int, length: int | None = None) -> str:
    return _text(value.to_bytes(length or (value.bit_length() + 7) // 8))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
