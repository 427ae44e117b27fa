"""The token with which a CI job says who it is (OpenID Connect), read against keys that a team trusts.

The portal fetches nothing: an administrator registers an issuer with its public keys. What is read here is a signed JWT
(RFC 7519, RFC 7515) in compact form, by two algorithms; the token itself is never kept.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from registry.rules.values import is_text

LARGEST_TOKEN, LARGEST_CLAIM, LONGEST = 16_384, 500, 300
LEEWAY = 60
"""Seconds by which the clocks of issuer and portal may differ."""
MOST_KEYS, LONGEST_KEY_SET = 20, 40_000
SMALLEST_RSA, LARGEST_RSA = 2_048, 8_192
"""Bits."""
KINDS: Mapping[str, str] = {"RS256": "RSA", "ES256": "EC"}
"""By algorithm, the kind of key: no other algorithm is read, whatever a token says of itself."""
CURVE = "P-256"
REPOSITORY_CLAIM = {"github": "repository", "gitlab": "project_path"}
WORKFLOW_CLAIM = {"github": "workflow_ref", "gitlab": "ci_config_ref_uri"}
"""By provider."""
_MEMBERS: Mapping[str, tuple[str, ...]] = {"RSA": ("kty", "kid", "n", "e"), "EC": ("kty", "kid", "crv", "x", "y")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_ISSUER = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?(/[\w.~/-]*)?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_ADDRESS = re.compile(r"(?:https|ssh)://(?:[^@/]*@)?(?P<host>[^/@]+)/(?P<path>.+)")
_SHORT = re.compile(r"(?:[^@/:]*@)?(?P<host>[^/@:]+):(?P<path>[^/].*)")
_PART = re.compile(r"[A-Za-z0-9_-]+")


class NotAKeySet(ValueError):
    """The keys could check no token; the words say why."""


class NotTheIdentity(ValueError):
    """The token does not say that a job of this repository ran at this commit; the words say why, never the token."""


@dataclass(frozen=True)
class KnownIssuer:
    """An issuer that a team trusts: `host` is where its repositories are, `keys` are as `key_set` returns them."""

    pk: int
    provider: str
    issuer: str
    audience: str
    host: str
    keys: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Identity:
    """Who the job is, as the training run keeps it: `registration` is the row that vouched, `key` the id of its key."""

    provider: str
    issuer: str
    subject: str
    workflow: str
    registration: int
    key: str

    def as_dict(self) -> dict[str, Any]:
        """Return what the training run keeps."""
        return asdict(self)


def issuer_problems(*, provider: str, issuer: str, audience: str, host: str) -> dict[str, list[str]]:
    """Return what is wrong with an issuer, by field."""
    problems: dict[str, list[str]] = {}
    if provider not in REPOSITORY_CLAIM:
        problems["provider"] = [f"Known are {' and '.join(REPOSITORY_CLAIM)}."]
    if not _ISSUER.fullmatch(issuer) or len(issuer) > LONGEST:
        problems["issuer"] = ["Give the claim “iss” as its tokens have it: an address over https, in small letters."]
    if not audience.strip() or not audience.isprintable() or not is_text(audience) or len(audience) > LONGEST:
        problems["audience"] = [f"Give the audience that jobs ask for, in at most {LONGEST} characters."]
    if not _HOST.fullmatch(host) or len(host) > LONGEST:
        problems["host"] = ["Give the host of the repositories in small letters, such as github.com."]
    return problems


def key_set(jwks: object) -> list[dict[str, str]]:
    """Return the keys of a JWKS (RFC 7517) that check tokens here, without what else it says; raises NotAKeySet."""
    found = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NotAKeySet("This is no JWKS: a JSON object whose “keys” is a list of keys.")
    if len(found) > MOST_KEYS:
        raise NotAKeySet(f"Give at most {MOST_KEYS} keys.")
    if any(_PRIVATE & one.keys() for one in found):
        raise NotAKeySet("This holds a private or secret key. Whoever saw it can sign: have the issuer make new ones.")
    kept = [one for one in found if one.get("use", "sig") == "sig" and _kind(one) in _MEMBERS]
    if not kept:
        raise NotAKeySet(f"None of the keys checks signatures by {' or '.join(KINDS)}.")
    keys = [{name: one.get(name) for name in _MEMBERS[one["kty"]]} for one in kept]
    for one in keys:
        if not all(isinstance(value, str) and 0 < len(value) <= LARGEST_RSA for value in one.values()):
            raise NotAKeySet(f"Each key has its {', '.join(one)} as texts.")
        if not is_text(one["kid"]) or len(one["kid"]) > LONGEST:
            raise NotAKeySet(f"A “kid” has at most {LONGEST} characters that can be stored.")
        _public(one)
    if len({one["kid"] for one in keys}) < len(keys):
        raise NotAKeySet("Two keys have the same “kid”.")
    return keys


def place_of(repository: str) -> tuple[str, str]:
    """Return host and path of a repository's address, to be compared; ("", "") where it has none."""
    found = _ADDRESS.fullmatch(repository) or _SHORT.fullmatch(repository)
    if found is None:
        return "", ""
    path = found["path"].rstrip("/").removesuffix(".git")
    return found["host"].lower(), path.casefold()


def judge(token: str, *, issuers: Sequence[KnownIssuer], repository: str, commit: str, at: float) -> Identity:
    """Return the identity of a job of this repository at this commit; `at` is now, in seconds since 1970.

    Raises NotTheIdentity.
    """
    header, claims, signed, signature = _parted(token)
    issuer = _issuer(claims, issuers)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in KINDS:
        raise NotTheIdentity(f"The token is not signed by {' or '.join(KINDS)}; no other algorithm is read.")
    if "crit" in header:
        raise NotTheIdentity("The token demands what is not read here (“crit”).")
    key = next((one for one in issuer.keys if one["kid"] == kid and one["kty"] == KINDS[algorithm]), None)
    if key is None:
        raise NotTheIdentity(
            "The token was signed with a key that is not registered for its issuer. Where the issuer changed its keys,"
            " an administrator registers the new ones."
        )
    if not _fits(key, signature, signed):
        raise NotTheIdentity("The token's signature does not fit it.")
    _require_time(claims, at)
    _require_place(claims, issuer, repository, commit)
    subject, workflow = claims.get("sub"), claims.get(WORKFLOW_CLAIM[issuer.provider], "")
    if not subject or not all(_is_claim(one) for one in (subject, workflow)):
        raise NotTheIdentity("The token names no subject, or one that can't be stored.")
    return Identity(issuer.provider, issuer.issuer, str(subject), str(workflow), issuer.pk, key["kid"])


def _parted(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Return header, claims, what is signed, and the signature, none of it verified."""
    parts = token.strip().split(".")
    if len(token) > LARGEST_TOKEN or len(parts) != 3:  # noqa: PLR2004
        raise NotTheIdentity("This is no signed identity token: three parts with dots between them.")
    try:
        header, claims = (json.loads(_decoded(part), parse_constant=_refuse) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotTheIdentity("The token can't be read.")
    return header, claims, ".".join(parts[:2]).encode(), signature


def _issuer(claims: Mapping[str, Any], issuers: Sequence[KnownIssuer]) -> KnownIssuer:
    named = [one for one in issuers if one.issuer == claims.get("iss")]
    if not named:
        raise NotTheIdentity("Its issuer is not registered for the team. An administrator registers it with its keys.")
    told = claims.get("aud")
    audiences = told if isinstance(told, list) else [told]
    found = next((one for one in named if one.audience in audiences), None)
    if found is None:
        raise NotTheIdentity("The token is for another audience. Have the job ask for the one that is registered.")
    return found


def _require_time(claims: Mapping[str, Any], at: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    begins = claims.get("nbf", issued)
    if not (_is_time(expires) and _is_time(issued) and _is_time(begins)):
        raise NotTheIdentity("The token lacks its times (“exp”, “iat”).")
    if not at < expires + LEEWAY:
        raise NotTheIdentity("The token has expired. Have the job ask for one right before it registers.")
    if not max(issued, begins) <= at + LEEWAY:
        raise NotTheIdentity("The token is not valid yet: compare the clocks.")


def _require_place(claims: Mapping[str, Any], issuer: KnownIssuer, repository: str, commit: str) -> None:
    told = claims.get(REPOSITORY_CLAIM[issuer.provider])
    if not isinstance(told, str) or not told or place_of(repository) != (issuer.host, told.casefold()):
        raise NotTheIdentity("The token is of a job of another repository than the run declares.")
    if claims.get("sha") != commit:
        raise NotTheIdentity("The token is of a job at another commit than the run declares.")


def _fits(key: Mapping[str, str], signature: bytes, signed: bytes) -> bool:
    public = _public(key)
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            return True
        if len(signature) != 64:  # noqa: PLR2004 - RFC 7518, section 3.4: r and s, 32 bytes each
            return False
        r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _kind(key: Mapping[str, Any]) -> str:
    """Return the kind of a key of a JWKS; "" where it says that it is for an algorithm that is not read."""
    kind, algorithm = str(key.get("kty")), key.get("alg")
    return kind if algorithm is None or KINDS.get(str(algorithm)) == kind else ""


def _public(key: Mapping[str, str]) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """Return the key; raises NotAKeySet."""
    if key.get("crv", CURVE) != CURVE:
        raise NotAKeySet(f"Of elliptic curves, {CURVE} alone signs by ES256.")
    try:
        if key["kty"] == "EC":
            return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1()).public_key()
        made = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    except ValueError:
        raise NotAKeySet("One of the keys is no public key.") from None
    if not SMALLEST_RSA <= made.key_size <= LARGEST_RSA:
        raise NotAKeySet(f"An RSA key has {SMALLEST_RSA} to {LARGEST_RSA} bits.")
    return made


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _decoded(text: str) -> bytes:
    """Return base64url without padding (RFC 7515, section 2); raises ValueError."""
    if not _PART.fullmatch(text):
        raise binascii.Error("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_claim(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LARGEST_CLAIM and is_text(value) and value.isprintable()
