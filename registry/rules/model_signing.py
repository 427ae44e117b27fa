"""Signatures over the files of a model, as the OpenSSF Model Signing specification (OMS) has them: `model.sig`.

A sigstore bundle holds a DSSE envelope over an in-toto Statement, whose predicate lists each file with its SHA-256.
Caged code reads this, so it knows no Django.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.core import signatures
from registry.rules.signer_keys import HASHES, UNKNOWN_KEY, VERIFIED, KnownKey

BUNDLE = "application/vnd.dev.sigstore.bundle"
BUNDLE_TYPE = f"{BUNDLE}.v0.3+json"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
FILE_NAME = "model.sig"
WHOLE = "."
"""How a signature over a single file calls it."""
LARGEST = 256 << 10
MOST_FILES = 1_000
DOES_NOT_MATCH = "does_not_match"


class NotASignature(ValueError):
    """The file is no signature that could be checked here; the words say why."""


@dataclass(frozen=True)
class Supplied:
    """A signature as its file says it; nothing of it is verified."""

    hint: str
    """SHA-256 of the signer's key as PEM, or ""."""
    payload: bytes
    signature: bytes
    files: Mapping[str, str]
    """SHA-256 by name."""


@dataclass(frozen=True)
class Judgement:
    """What a supplied signature comes to; only `verified` says who signed."""

    result: str
    reason: str
    key_id: str
    signer: str
    hint: str
    covered: Sequence[str]
    uncovered: Sequence[str]
    """Files of the version that the signature does not list."""

    def as_dict(self) -> dict[str, Any]:
        """Return what the artifact keeps."""
        return asdict(self) | {"covered": list(self.covered), "uncovered": list(self.uncovered)}


def hint_of(pem: str) -> str:
    """Return how a bundle names a key: SHA-256 of its PEM."""
    return hashlib.sha256(pem.encode()).hexdigest()


def read(text: bytes) -> Supplied:
    """Return what a `model.sig` says; raises NotASignature, with what to do."""
    if len(text) > LARGEST:
        raise NotASignature(f"It is larger than {LARGEST >> 10} KiB.")
    try:
        return _read(json.loads(text))
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, NotASignature):
            raise
        raise NotASignature("It is no sigstore bundle with a DSSE envelope. Make it with model_signing.") from None


def _read(bundle: Any) -> Supplied:
    if not str(bundle["mediaType"]).startswith(BUNDLE):
        raise NotASignature("It is no sigstore bundle.")
    envelope = bundle["dsseEnvelope"]
    if envelope["payloadType"] != signatures.PAYLOAD_TYPE:
        raise NotASignature("Its payload is no in-toto Statement.")
    payload = _decoded(envelope["payload"])
    hint = (bundle["verificationMaterial"].get("publicKey") or {}).get("hint") or ""
    return Supplied(str(hint)[:100], payload, _decoded(envelope["signatures"][0]["sig"]), _files(json.loads(payload)))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NotASignature("A part of it is not base64.") from None


def _files(statement: Any) -> Mapping[str, str]:
    if statement["_type"] != signatures.STATEMENT_TYPE or statement["predicateType"] != PREDICATE_TYPE:
        raise NotASignature(f"Its statement is no {PREDICATE_TYPE}. Sign with model_signing 1.0 or later.")
    [subject], predicate = statement["subject"], statement["predicate"]
    how = predicate["serialization"]
    if how["method"] != "files" or how["hash_type"] != "sha256":
        raise NotASignature("It lists parts of files, or other hashes than SHA-256. Sign whole files with SHA-256.")
    listed = [(str(one["name"]), str(one["algorithm"]), str(one["digest"])) for one in predicate["resources"]]
    if not 0 < len(listed) <= MOST_FILES or len({name for name, _, _ in listed}) != len(listed):
        raise NotASignature("It lists no files, too many, or one of them twice.")
    if any(algorithm != "sha256" or len(bytes.fromhex(digest)) != 32 for _, algorithm, digest in listed):  # noqa: PLR2004
        raise NotASignature("It lists a digest that is no SHA-256.")
    if subject["digest"]["sha256"] != _root([digest for _, _, digest in listed]):
        raise NotASignature("The digest over all files is not that of the files it lists.")
    return {name: digest.lower() for name, _, digest in listed}


def _root(digests: Sequence[str]) -> str:
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def judge(supplied: Supplied, *, keys: Sequence[KnownKey], files: Mapping[str, str], model: str) -> Judgement:
    """Return what a signature comes to for a version of these files (SHA-256 by name), of which one is the model.

    One that does not fit the files is refused, whoever made it; so is one that names a known key which did not make it.
    """
    listed = {model if name == WHOLE else name: digest for name, digest in supplied.files.items()}
    key = next((one for one in keys if _made_by(supplied, one)), None)
    reason = _misfit(listed, files, model) or _forged(supplied, keys, key)
    result = DOES_NOT_MATCH if reason else VERIFIED if key else UNKNOWN_KEY
    return Judgement(
        result=result,
        reason=reason,
        key_id=key.key_id if key else "",
        signer=key.name if key else "",
        hint=supplied.hint,
        covered=sorted(listed),
        uncovered=sorted(files.keys() - listed.keys()),
    )


def _misfit(listed: Mapping[str, str], files: Mapping[str, str], model: str) -> str:
    others = sorted(name for name, digest in listed.items() if name in files and files[name] != digest)
    missing = sorted(listed.keys() - files.keys())
    if others:
        return f"It was made over other bytes of {_some(others)}. Send the files that were signed, or sign these."
    if missing:
        return f"It covers {_some(missing)}, which the version lacks. Send what was signed, or sign what is sent."
    return "" if model in listed else f"It does not cover the model file {model}. Sign the model."


def _forged(supplied: Supplied, keys: Sequence[KnownKey], key: KnownKey | None) -> str:
    if key is not None and key.withdrawn_at is not None:
        return f"It was made with the key “{key.name}”, which was withdrawn. Sign with a key that holds."
    named = next((one for one in keys if hint_of(one.pem) == supplied.hint), None)
    if key is None and named is not None:
        return f"It names the key “{named.name}”, which did not make it. Sign anew with that key."
    return ""


def _some(names: Sequence[str]) -> str:
    told = ", ".join(name[:100] for name in names[:3])
    return told if len(names) <= 3 else f"{told} and {len(names) - 3} more"  # noqa: PLR2004


def _made_by(supplied: Supplied, known: KnownKey) -> bool:
    key = serialization.load_pem_public_key(known.pem.encode())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    covered = signatures.pre_authentication_encoding(signatures.PAYLOAD_TYPE, supplied.payload)
    try:
        key.verify(supplied.signature, covered, ec.ECDSA(HASHES[key.curve.name]))
    except InvalidSignature:
        return False
    return True


def bundle_of(
    *, name: str, files: Mapping[str, str], ignored: Sequence[str], key: ec.EllipticCurvePrivateKey
) -> dict[str, Any]:
    """Return a sigstore bundle over the files (SHA-256 by name), signed with a key of P-256."""
    listed = sorted(files.items())
    predicate = {
        "serialization": {
            "method": "files", "hash_type": "sha256", "allow_symlinks": False, "ignore_paths": sorted(ignored),
        },
        "resources": [{"name": name, "algorithm": "sha256", "digest": digest} for name, digest in listed],
    }  # fmt: skip
    statement = signatures.statement(
        subject_name=name,
        subject_sha256=_root([digest for _, digest in listed]),
        predicate_type=PREDICATE_TYPE,
        predicate=predicate,
    )
    return {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": hint_of(signatures.public_pem(key.public_key()))}, "tlogEntries": [],
        },
        "dsseEnvelope": signatures.sign(statement, key),
    }  # fmt: skip
