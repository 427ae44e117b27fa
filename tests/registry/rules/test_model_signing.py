import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from registry.rules import model_signing
from registry.rules.model_signing import NotASignature, judge, read
from registry.rules.signer_keys import KnownKey
from tests.factories.signatures import signer_pem, supplied_signature

FILES = {"model.onnx": b"model", "notes.txt": b"notes"}


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return a bundle whose statement was changed."""
    bundle = json.loads(supplied_signature("vendor", FILES))
    envelope = bundle["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    return json.dumps(bundle).encode()


def without(*path: str) -> bytes:
    """Return a bundle that lacks this part."""
    bundle = json.loads(supplied_signature("vendor", FILES))
    part = bundle
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return json.dumps(bundle).encode()


def test_a_bundle_says_its_files_and_names_its_key() -> None:
    supplied = read(supplied_signature("vendor", FILES))
    assert supplied.files.keys() == FILES.keys()
    assert supplied.hint == model_signing.hint_of(signer_pem("vendor"))


def test_a_bundle_by_a_certificate_names_no_key() -> None:
    assert read(without("verificationMaterial", "publicKey")).hint == ""


def setting(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda statement: statement["predicate"]["serialization"].update({name: value})


def resources(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda statement: change(statement["predicate"]["resources"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no sigstore bundle"),
        (b"[]", "no sigstore bundle"),
        (b"\xff", "no sigstore bundle"),
        (b'{"mediaType": "text/plain"}', "no sigstore bundle"),
        (b"[" * 100_000, "no sigstore bundle"),
        (b"x" * (model_signing.LARGEST + 1), "larger than"),
        (without("dsseEnvelope"), "no sigstore bundle"),
        (without("dsseEnvelope", "signatures"), "no sigstore bundle"),
        (changed(lambda one: one.update(_type="other")), "no https://model_signing"),
        (changed(lambda one: one.update(predicateType="https://slsa.dev/provenance/v1")), "1.0 or later"),
        (changed(lambda one: one["subject"].append(one["subject"][0])), "no sigstore bundle"),
        (changed(setting("method", "shards")), "Sign whole files"),
        (changed(setting("hash_type", "blake2b")), "Sign whole files"),
        (changed(resources(lambda listed: listed.clear())), "lists no files"),
        (changed(resources(lambda listed: listed.append(listed[0]))), "one of them twice"),
        (changed(resources(lambda listed: listed[0].update(digest="ab"))), "no SHA-256"),
        (changed(resources(lambda listed: listed[0].update(digest="zz"))), "no sigstore bundle"),
        (changed(resources(lambda listed: listed[0].update(digest="ab" * 32))), "is not that of the files"),
        (supplied_signature("vendor", FILES).replace(b'"payload": "', b'"payload": "*'), "not base64"),
        (supplied_signature("vendor", FILES).replace(b"in-toto+json", b"other+json"), "no in-toto Statement"),
    ],
)
def test_what_is_no_signature_is_refused_in_words(text: bytes, words: str) -> None:
    with pytest.raises(NotASignature, match=words):
        read(text)


def test_many_files_are_told_by_the_first() -> None:
    files = {f"{number}.txt": b"x" for number in range(6)} | {"model.onnx": b"model"}
    found = judge(read(supplied_signature("vendor", files)), keys=[], files={"model.onnx": "0"}, model="model.onnx")
    assert "other bytes of model.onnx" in found.reason
    found = judge(read(supplied_signature("vendor", files)), keys=[], files={}, model="model.onnx")
    assert "0.txt, 1.txt, 2.txt and 4 more, which the version lacks" in found.reason


def test_a_key_of_another_kind_verifies_nothing() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    supplied = read(supplied_signature("vendor", {"model.onnx": b"model"}))
    known = KnownKey("a" * 64, "Odd", pem, None)
    assert judge(supplied, keys=[known], files=supplied.files, model="model.onnx").result == "unknown_key"
