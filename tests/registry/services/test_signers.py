import base64
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.core.errors import Forbidden, Invalid
from portal.core.signatures import public_pem
from portal.keys.models import PublicKey
from portal.ledger.models import PendingEntry
from portal.runtime.keys import make_keys
from registry.errors import NotUsable
from registry.models import ModelVersion, SignerKey
from registry.rules import model_signing
from registry.rules.signer_keys import KnownKey
from registry.runners.inspection import Inspection, Verdict
from registry.services.inspections import begin_inspection, finish_inspection
from registry.services.signers import register_signer, sign_files, withdraw_signer
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import SIGNATURE, ArtifactFactory, SealedVersionFactory, VersionFactory, stored
from tests.factories.signatures import SignerKeyFactory, signer_pem, signing_key, supplied_signature
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
FILES = {"model.onnx": b"model bytes", "notes.txt": b"notes"}
OTHER_PYTHON = os.environ.get("MODEL_SIGNING_PYTHON", "")
BOTH_WAYS = pytest.mark.skipif(not OTHER_PYTHON, reason="make test-signing brings the package model-signing")


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Settings) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    make_keys(settings.KEYS_DIR)


def handed_in(signature: bytes, files: Mapping[str, bytes] = FILES, **columns: Any) -> ModelVersion:
    """Return a version of these files and a signature, after its inspection."""
    version: ModelVersion = VersionFactory.create(**columns)
    for name, data in files.items():
        role = "model" if name.startswith("model") else "other"
        ArtifactFactory.create(version=version, name=name, role=role, blob=stored(data))
    ArtifactFactory.create(version=version, name="model.sig", role="signature", blob=stored(signature))
    version.state = "inspecting"
    version.save()
    found = {
        "model": Inspection(Verdict.ACCEPTED, "", "onnx", "application/vnd.onnx", SIGNATURE),
        "other": Inspection(Verdict.ACCEPTED, "", "other"),
        "signature": Inspection(Verdict.ACCEPTED, "", "signature", details={"bundle": signature.decode()}),
    }
    held = begin_inspection(version_id=version.pk)
    finish_inspection(version_id=version.pk, files=held, inspections=[found[file.role] for file in held])
    version.refresh_from_db()
    return version


def judged(version: ModelVersion) -> dict[str, Any]:
    return version.artifacts.get(role="signature").verification or {}


def test_a_signature_by_a_registered_key_says_who_signed() -> None:
    key = SignerKeyFactory.create(seed="vendor", name="Vendor Ltd")
    version = handed_in(supplied_signature("vendor", FILES), model__team=key.team)
    assert version.state == "sealed"
    found = judged(version)
    assert (found["result"], found["signer"], found["key_id"]) == ("verified", "Vendor Ltd", key.key_id)
    assert (found["covered"], found["uncovered"]) == (["model.onnx", "notes.txt"], [])


def test_a_key_that_another_team_trusts_is_unknown_here() -> None:
    SignerKeyFactory.create(seed="vendor")
    version = handed_in(supplied_signature("vendor", FILES))
    assert (version.state, judged(version)["result"]) == ("sealed", "unknown_key")


def test_what_the_signature_leaves_out_is_named() -> None:
    key = SignerKeyFactory.create(seed="vendor")
    version = handed_in(supplied_signature("vendor", {"model.onnx": b"model bytes"}), model__team=key.team)
    assert (judged(version)["result"], judged(version)["uncovered"]) == ("verified", ["notes.txt"])


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        ({"model.onnx": b"other bytes", "notes.txt": b"notes"}, "other bytes of model.onnx"),
        ({**FILES, "more.txt": b"more"}, "covers more.txt, which the version lacks"),
        ({"notes.txt": b"notes"}, "does not cover the model file model.onnx"),
    ],
)
@pytest.mark.parametrize("seed", ["vendor", "nobody"])
def test_a_signature_over_other_files_quarantines_the_version(signed: dict[str, bytes], words: str, seed: str) -> None:
    key = SignerKeyFactory.create(seed="vendor")
    version = handed_in(supplied_signature(seed, signed), model__team=key.team)
    assert version.state == "quarantined"
    assert words in version.reason
    assert judged(version)["result"] == "does_not_match"


def test_a_forged_signature_quarantines_the_version() -> None:
    key = SignerKeyFactory.create(seed="vendor")
    bundle = json.loads(supplied_signature("another", FILES))
    bundle["verificationMaterial"]["publicKey"]["hint"] = model_signing.hint_of(key.pem)
    version = handed_in(json.dumps(bundle).encode(), model__team=key.team)
    assert version.state == "quarantined"
    assert "names the key “Vendor”, which did not make it" in version.reason


def test_what_a_withdrawn_key_signed_quarantines_the_version() -> None:
    key = SignerKeyFactory.create(seed="vendor")
    withdraw_signer(actor=actor_with(Role.ADMIN), key=key)
    version = handed_in(supplied_signature("vendor", FILES), model__team=key.team)
    assert version.state == "quarantined"
    assert "was withdrawn" in version.reason


def test_a_key_is_registered_and_withdrawn_once() -> None:
    admin, team = actor_with(Role.ADMIN), TeamFactory.create()
    key = register_signer(actor=admin, team=team, name=" Vendor ", pem=f"\n{signer_pem('vendor')}\n")
    assert (key.name, key.pem, key.curve) == ("Vendor", signer_pem("vendor"), "secp256r1")
    with pytest.raises(Invalid) as refused:
        register_signer(actor=admin, team=team, name="Again", pem=signer_pem("vendor"))
    assert refused.value.fields.keys() == {"pem"}
    first = withdraw_signer(actor=admin, key=key)
    assert withdraw_signer(actor=admin, key=key).withdrawn_at == first.withdrawn_at
    assert replayed("signer_key") == {str(key.pk): SignerKey.objects.get().public_state()}
    assert b"Vendor" not in b"".join(bytes(row.payload) for row in PendingEntry.objects.all())


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("nonsense", "no public key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nx", "private key"),
        ("", "no public key"),
    ],
)
def test_what_is_no_key_is_refused_in_words(pem: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        register_signer(actor=actor_with(Role.ADMIN), team=TeamFactory.create(), name="", pem=pem)
    assert words in refused.value.fields["pem"][0]
    assert "name" in refused.value.fields


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VALIDATOR, Role.AUDITOR])
def test_only_administrators_say_whose_signatures_count(role: Role) -> None:
    key = SignerKeyFactory.create()
    with pytest.raises(Forbidden):
        register_signer(actor=actor_with(role, team=key.team), team=key.team, name="X", pem=signer_pem("x"))
    with pytest.raises(Forbidden):
        withdraw_signer(actor=actor_with(role, team=key.team), key=key)


def test_the_portal_signs_the_files_of_a_sealed_version_with_the_key_of_decisions() -> None:
    version = SealedVersionFactory.create(blob=stored(b"model bytes"))
    supplied = model_signing.read(sign_files(actor=SYSTEM, version=version))
    own = PublicKey.objects.get(purpose="decision")
    known = KnownKey(own.key_id, "portal", own.pem, None)
    files = {"model.onnx": version.artifacts.get().sha256}
    assert model_signing.judge(supplied, keys=[known], files=files, model="model.onnx").result == "verified"


def test_only_what_is_sealed_is_signed_and_only_for_who_may_read_it() -> None:
    with pytest.raises(NotUsable):
        sign_files(actor=SYSTEM, version=VersionFactory.create())
    with pytest.raises(Forbidden):
        sign_files(actor=actor_with(Role.DEVELOPER, team=TeamFactory.create()), version=SealedVersionFactory.create())


SIGN = "signing.Config().use_elliptic_key_signer(private_key=path).sign(folder, target)"
VERIFY = "verifying.Config().use_elliptic_key_verifier(public_key=path).verify(folder, target)"


def theirs(what: str, folder: Path, target: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """Have the package model-signing do it."""
    program = (
        "import sys, pathlib\nfrom model_signing import signing, verifying\n"
        f"folder, target, path = map(pathlib.Path, sys.argv[1:])\n{what}"
    )
    command = [OTHER_PYTHON, "-c", program, str(folder), str(target), str(key)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def folder_of(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@BOTH_WAYS
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda one: one.name)
@pytest.mark.parametrize("single", [False, True], ids=["folder", "file"])
def test_what_model_signing_signs_is_verified_here(tmp_path: Path, curve: ec.EllipticCurve, *, single: bool) -> None:
    key, folder = ec.generate_private_key(curve), folder_of(tmp_path, FILES)
    private, target = tmp_path / "private.pem", tmp_path / "model.sig"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(*form))
    done = theirs(SIGN, folder / "model.onnx" if single else folder, target, private)
    assert done.returncode == 0, done.stderr
    team = TeamFactory.create()
    register_signer(actor=actor_with(Role.ADMIN), team=team, name="Theirs", pem=public_pem(key.public_key()))
    version = handed_in(target.read_bytes(), model__team=team)
    assert (version.state, judged(version)["result"], judged(version)["signer"]) == ("sealed", "verified", "Theirs")


@BOTH_WAYS
def test_what_the_portal_signs_is_verified_by_model_signing(tmp_path: Path) -> None:
    SignerKeyFactory.create(seed="vendor")
    version = handed_in(supplied_signature("vendor", FILES))
    folder = folder_of(tmp_path, FILES)
    target, public = folder / "model.sig", tmp_path / "public.pem"
    target.write_bytes(sign_files(actor=SYSTEM, version=version))
    public.write_text(PublicKey.objects.get(purpose="decision").pem)
    done = theirs(VERIFY, folder, target, public)
    assert done.returncode == 0, done.stderr
    (folder / "notes.txt").write_bytes(b"Notes")
    assert "mismatch" in theirs(VERIFY, folder, target, public).stderr.lower()
    (folder / "notes.txt").write_bytes(b"notes")
    public.write_text(signer_pem("another"))
    assert theirs(VERIFY, folder, target, public).returncode != 0


def test_a_signature_is_of_the_bytes_that_it_carries() -> None:
    bundle = json.loads(supplied_signature("vendor", FILES))
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["subject"][0]["name"] = "renamed"
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    key = SignerKeyFactory.create(seed="vendor")
    assert public_pem(signing_key("vendor").public_key()) == key.pem
    assert handed_in(json.dumps(bundle).encode(), model__team=key.team).state == "quarantined"
