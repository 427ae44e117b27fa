import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from pytest_django import Settings

from governance.services import signing
from monitoring.models import ValidationRun
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from portal.core.canonical import canonical_json
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.core.signatures import public_pem
from portal.keys.choices import Purpose
from portal.keys.services import decision_key, register_key
from portal.ledger import keeping, notes
from portal.ledger.merkle import verify_inclusion
from portal.ledger.recovery import recover
from portal.reports.assembly import assemble
from portal.threads.services import withdraw_comment
from registry.models import ModelVersion
from registry.rules.documents import Said
from registry.services.datasheets import write_datasheet
from registry.services.discussions import comment_on
from registry.services.documents import add_document, withdraw_document
from registry.services.erasure import erase_snapshot
from registry.services.findings import raise_finding
from registry.services.stages import assign_stage
from tests.factories.accounts import RoleGrantFactory, actor_with, person_with
from tests.factories.registry import stored
from tests.factories.reports import PackFactory, approved_release, sequence

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pack_holds_the_decision_the_evidence_and_a_proof_for_every_entry(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    assert canonical_json(document) == snapshot
    [signature] = document["decision"]["signatures"]
    assert signature["verified"]
    assert signature["bundle_digest"] == document["decision"]["bundle_digest"]
    assert document["gate"]["outcome"] == "passed"
    assert document["validation"]["champion"]["number"] == 1
    assert {one["use"] for one in document["data"]} == {"training", "validation"}
    assert document["release"]["replaced"]["version"] == "v1"
    assert document["ledger"]["checkpoint"]["size"] > len(document["ledger"]["entries"]) > 10
    assert all(one["proof"] and one["payload"] for one in document["ledger"]["entries"])
    events = [one["event"] for one in document["ledger"]["entries"]]
    assert {"governance.request.approved", "registry.release.activated"} <= set(events)


def test_everything_printed_agrees_with_its_newest_entry_and_nothing_is_open(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    assert [one["name"] for one in document["ledger"]["agreement"] if not one["agrees"]] == []
    assert {"version", "release", "request", "decision", "run"} <= {
        one["type"] for one in document["ledger"]["agreement"]
    }
    assert [one["status"] for one in document["says"]["open"]] == ["nothing_open"]
    assert document["says"]["verdict"].startswith("Approved for production on ")


def test_a_first_release_has_nothing_to_compare_with_and_says_so() -> None:
    pack = PackFactory.create(release=approved_release())
    sequence()
    document = assemble(pack)
    assert document["validation"]["champion"] is None
    assert document["release"]["replaced"] is None
    assert "No version was in production to compare with." in document["says"]["validation"]


def test_a_pack_says_what_its_data_are_and_that_nobody_said() -> None:
    release = approved_release()
    training = release.released.training_run.training_snapshot
    developer = actor_with(Role.DEVELOPER, team=training.dataset.team)
    write_datasheet(actor=developer, dataset=training.dataset, texts={"gaps": "Night flights."}, sensitive=["x"])
    sequence()
    document = assemble(PackFactory.create(release=release))
    sheets = {one["use"]: one["datasheet"] for one in document["data"]}
    assert (sheets["training"]["says"]["gaps"], sheets["training"]["sensitive"]) == ("Night flights.", ["x"])
    assert sheets["validation"] is None
    agreed = {one["type"]: one["agrees"] for one in document["ledger"]["agreement"]}
    assert agreed["datasheet"]


def test_a_pack_says_whose_rows_were_erased_by_whom_and_why() -> None:
    release = approved_release()
    training = release.released.training_run.training_snapshot
    person = person_with(Role.VIEWER, team=training.dataset.team, name="Ada")
    RoleGrantFactory.create(user=person, role="", capability="erase_data", team=training.dataset.team)
    actor = actor_for_user(person, interactive=True)
    erase_snapshot(actor=actor, snapshot=training, typed=str(training), reason="Asked for.")
    sequence()
    document = assemble(PackFactory.create(release=release))
    erased = {one["use"]: one["erased"] for one in document["data"]}
    assert erased["validation"] is None
    assert (erased["training"]["by"]["name"], erased["training"]["reason"]) == ("Ada", "Asked for.")
    assert all(one["agrees"] for one in document["ledger"]["agreement"] if one["type"] == "snapshot")
    [told] = [one for one in document["says"]["open"] if one["status"] == "erased"]
    assert (told["what"], told["text"]) == (str(training), "rows for training: not recomputable")


def test_a_pack_says_who_answers_for_the_stages_and_which_have_no_owner() -> None:
    release = approved_release()
    owner = release.model.owner
    developer = actor_for_user(owner, interactive=True)
    for stage in ("training", "monitoring"):
        gone = person_with(Role.VIEWER, team=release.model.team) if stage == "monitoring" else owner
        assign_stage(actor=developer, model=release.model, stage=stage, owner=gone, backup=None, response_hours=4)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    sequence()
    document = assemble(PackFactory.create(release=release))
    stages = {one["stage"]: one for one in document["subject"]["stages"]}
    assert [one["state"] for one in stages.values()] == [
        "no_owner", "no_owner", "owned", "no_owner", "no_owner", "owner_deactivated",
    ]  # fmt: skip
    assert stages["training"]["owner"] == {"id": f"user:{owner.pk}", "name": owner.name}
    agreed = {one["name"]: one["agrees"] for one in document["ledger"]["agreement"] if one["type"] == "pipeline_stage"}
    assert agreed == {"stage training": True, "stage monitoring": True}


def test_a_pack_says_which_findings_are_open() -> None:
    release = approved_release()
    model, validator = release.model, actor_with(Role.VALIDATOR)
    said: dict[str, Any] = {"title": "Too high", "description": "See run 3.", "stage": "training", "severity": "medium"}
    raise_finding(actor=validator, model=model, holder=model.owner, version=release.version, **said)
    sequence()
    document = assemble(PackFactory.create(release=release))
    assert [(one["number"], one["version"], one["state"]) for one in document["findings"]] == [(1, "v1", "open")]
    opening = next(one for one in document["says"]["open"] if one["what"] == "Finding 1")
    assert opening["text"] == f"medium, about v1, held by {model.owner.name}: Too high"
    assert [one["agrees"] for one in document["ledger"]["agreement"] if one["type"] == "finding"] == [True]


def test_a_pack_lists_the_documents_that_count_or_did_by_their_digests() -> None:
    release = approved_release()
    developer = actor_for_user(release.model.owner, interactive=True)
    today = now().date()
    for number, until in enumerate((today, None, today - timedelta(days=1))):
        blob = stored(b"%%PDF-1.7 report %d" % number)
        said = Said("vendor_report", f"Report {number}", blob.pk, today - timedelta(days=9), until, "Vera", today)
        row = add_document(actor=developer, model=release.model, said=said, blob=blob)
        if until is None:
            withdraw_document(actor=developer, document=row, reason="Wrong.")
    sequence()
    document = assemble(PackFactory.create(release=release))
    found = [(one["title"], one["state"], one["signed_by"]) for one in document["documents"]]
    assert found == [("Report 0", "valid", "Vera"), ("Report 2", "expired", "Vera")]
    assert document["documents"][1]["sha256"] == blob.pk
    opening = next(one for one in document["says"]["open"] if one["what"] == "Document 3")
    assert (opening["status"], opening["text"]) == ("expired", "Report 2")
    agreed = [one["agrees"] for one in document["ledger"]["agreement"] if one["type"] == "document"]
    assert agreed == [True, True]


def test_a_pack_holds_what_was_said_about_the_version() -> None:
    release = approved_release()
    speaker = actor_with(Role.VALIDATOR)
    for subject in (release.released, release.model, release.released):
        said = comment_on(actor=speaker, subject=subject, text="Which rows?")
    withdraw_comment(actor=speaker, comment=said)
    sequence()
    document = assemble(PackFactory.create(release=release))
    assert [(one["number"], one["state"], one["text"]) for one in document["comments"]] == [
        (1, "written", "Which rows?"), (2, "withdrawn", None),
    ]  # fmt: skip
    assert document["comments"][1]["digest"] == said.digest
    assert [one["agrees"] for one in document["ledger"]["agreement"] if one["type"] == "comment"] == [True, True]


def test_without_a_checkpoint_there_is_no_pack() -> None:
    with pytest.raises(Conflict, match="no checkpoint"):
        assemble(PackFactory.create(release=approved_release()))


def test_a_row_that_says_something_else_than_the_ledger_is_named() -> None:
    release = approved_release()
    sequence()
    ModelVersion.objects.filter(pk=release.released.pk).update(state="quarantined")
    document = assemble(PackFactory.create(release=release))
    assert [one["name"] for one in document["ledger"]["agreement"] if not one["agrees"]] == [str(release.version)]
    assert ("not_passed", "Ledger") in {(one["status"], one["what"]) for one in document["says"]["open"]}


def test_a_run_that_the_ledger_never_heard_of_is_named() -> None:
    release = approved_release(recorded=False)
    sequence()
    document = assemble(PackFactory.create(release=release))
    run = ValidationRun.objects.get(version=release.version)
    missing = {one["name"]: one["index"] for one in document["ledger"]["agreement"] if not one["agrees"]}
    assert missing[f"validation run {run.pk}"] is None


def test_a_signature_by_a_key_that_is_not_ours_counts_as_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "decision_key", new_key)
    release = approved_release()
    sequence()
    document = assemble(PackFactory.create(release=release))
    assert not document["decision"]["signatures"][0]["verified"]
    assert ("not_passed", "Signature") in {(one["status"], one["what"]) for one in document["says"]["open"]}


def test_a_pack_after_a_loss_proves_its_entries_in_the_new_epoch(home: Path, settings: Settings) -> None:
    pack = PackFactory.create(release=approved_release())
    size = sequence()
    key = notes.load_key(Path(settings.KEYS_DIR) / "checkpoint.key")
    body = notes.CheckpointBody("countersign.local/ledger", size + 7, b"\0" * 32)
    farther = notes.sign(notes.checkpoint_text(body), name=body.origin, key=key)
    keeping.keep(home / "checkpoints", farther)
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
        assert recover(connection).epoch == 2
    ledger = assemble(pack)["ledger"]
    assert ledger["origin"] == "countersign.local/ledger#2"
    assert ledger["checkpoint"]["verifier_key"].startswith("countersign.local/ledger#2+")
    note = ledger["checkpoint"]["note"]
    signed = notes.parse_checkpoint(notes.verify(note, name=ledger["origin"], key=key.public_key()))
    assert signed.size == ledger["checkpoint"]["size"] == size + 1
    for entry in ledger["entries"]:
        path = [base64.b64decode(part) for part in entry["proof"]]
        leaf = bytes.fromhex(entry["leaf_hash"])
        assert verify_inclusion(leaf=leaf, index=entry["index"], size=signed.size, proof=path, root_hash=signed.root)


def test_a_signature_made_after_its_key_was_retired_counts_as_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    leaked = decision_key_committed()
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=public_pem(new_key().public_key()))
    monkeypatch.setattr(signing, "decision_key", lambda: leaked)
    release = approved_release()
    sequence()
    assert not assemble(PackFactory.create(release=release))["decision"]["signatures"][0]["verified"]


def test_what_was_signed_before_a_rotation_still_verifies_and_no_private_key_is_needed(
    tmp_path: Path, settings: Settings
) -> None:
    release = approved_release()
    register_key(actor=SYSTEM, purpose=Purpose.DECISION, pem=public_pem(new_key().public_key()))
    sequence()
    settings.KEYS_DIR = tmp_path
    document = assemble(PackFactory.create(release=release))
    signature = document["decision"]["signatures"][0]
    assert signature["verified"]
    assert signature["key_id"] in document["decision"]["keys"]


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def decision_key_committed() -> ec.EllipticCurvePrivateKey:
    with transaction.atomic():
        return decision_key()
