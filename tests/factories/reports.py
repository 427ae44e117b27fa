"""A release with everything that its evidence pack prints, recorded in the ledger as the real verbs would."""

import os
from copy import deepcopy
from typing import Any

import factory
import psycopg
from django.db import transaction

from monitoring.events import PLAN_FIXED, RUN_FINISHED
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.keys.choices import Purpose
from portal.keys.services import register_first_key
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.sequencing import sequence_batch
from portal.ledger.services import append
from portal.reports.models import EvidencePack
from portal.reports.rules.statements import statements
from portal.reports.services import TEMPLATE
from registry import events
from registry.models import CardRevision, ModelVersion, Release
from tests.factories.accounts import person_with
from tests.factories.governance import ApprovedRequestFactory, next_version, ready_version

SUMMARY = "Trained on four more months; ready for production."
REVERSED = "approved \u202ednuof eb ot ton\u202c and zero\u200bwidth"
ARABIC = "نموذج لتقدير احتمال تأخر الرحلات"
CHINESE = "该模型在起飞前三小时估计航班到达延误的概率"
EMOJI = "✈️ 🛬 👩🏽‍✈️ 🇺🇸 🙂"
CLIMBING = "Z" + "\u0300\u0301\u0302\u0303\u0304" * 12 + "algo"
WORD = "x" * 5_000


def approved_release(*, with_champion: bool = False, recorded: bool = True) -> Release:
    """Return an active release of an approved version, everything about it recorded in the ledger, if wanted.

    With a champion, a former version was approved and active before it, and the run compares both.
    """
    version = ready_version()
    if recorded:
        record(version)
    if with_champion:
        champion = ApprovedRequestFactory.create(version=version).release.version
        version = next_version(model=champion.model, champion=champion)
        record(version)
    release: Release = ApprovedRequestFactory.create(version=version, summary=SUMMARY).release
    return Release.objects.get(pk=release.pk)


@transaction.atomic
def record(version: ModelVersion) -> None:
    """Append what the verbs would have appended about a version and what it stands on."""
    plan = version.model.validation_plans.get()
    training = version.training_run
    _append("snapshot", events.SNAPSHOT_READY, training.training_snapshot, version)
    _append("snapshot", events.SNAPSHOT_READY, plan.held_out, version)
    _append("plan", PLAN_FIXED, plan, version)
    _append("training_run", events.TRAINING_RUN_RECORDED, training, version)
    for artifact in version.artifacts.all():
        _append("artifact", events.ARTIFACT_ADDED, artifact, version)
    for card in CardRevision.objects.filter(model=version.model):
        _append("card_revision", events.CARD_DRAFTED, card, version)
    _append("version", events.VERSION_REGISTERED, version, version)
    for run in version.validation_runs.all():
        _append("run", RUN_FINISHED, run, version)


def sequence() -> int:
    """Order everything pending, as the sequencer does; what the test wrote must be committed."""
    register_first_key(actor=SYSTEM, purpose=Purpose.CHECKPOINT)
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
        return sequence_batch(connection)


class PackFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A queued pack without a job; give it an approved release."""

    class Meta:
        model = EvidencePack

    template = TEMPLATE
    requested_by = factory.LazyAttribute(
        lambda pack: person_with(Role.AUDITOR, team=pack.release.model.team, name="Ada Auditor")
    )
    requested_at = factory.LazyFunction(now)


def hostile(document: dict[str, Any], address: str = "http://127.0.0.1:9") -> dict[str, Any]:
    """Return a snapshot with the worst that people could type in every place where they can; `address` is foreign."""
    worst = deepcopy(document)
    markup = (
        f"<img src='{address}/image.png'><link rel=stylesheet href='{address}/sheet.css'>"
        f"<link rel=attachment href='file:///etc/passwd'><a rel=attachment href='{address}/file'>link</a>"
        f"<style>@import url({address}/other.css); * {{ font-size: 200pt }}</style><script>alert(1)</script>"
        "{% load static %}{{ pack.id }}</td></table>"
    )
    text = f"{REVERSED} {ARABIC} {CHINESE} {EMOJI} {CLIMBING} {markup} {WORD}"
    worst["subject"] |= {"name": text, "purpose": text, "team": ARABIC, "model": "a-very-long-slug-" * 6}
    worst["release"]["fallback"] = text
    worst["version"]["description"] = text
    worst["version"]["artifacts"][0]["name"] = "../../" + "etc" * 60 + "/passwd"
    worst["version"]["training"] |= {"repository": text, "hyperparameters": {WORD[:200]: text}}
    worst["card"] |= {"intended_use": f"{text}\n\n{text}", "limitations": ARABIC, "out_of_scope_use": text * 3}
    worst["decision"]["request"]["summary"] = text
    for one in worst["decision"]["signatures"]:
        one |= {"name": f"{REVERSED} {ARABIC} {EMOJI}", "rationale": text}
    worst["decision"]["excluded"].append({"id": "user:0", "name": WORD[:300], "reasons": [text, ARABIC]})
    worst["data"][0] |= {"name": WORD[:400], "columns": [{"name": text, "type": CHINESE}]}
    worst["gate"]["checks"][0] |= {"title": text, "message": text, "limit": text, "read": {"some.value": text}}
    for entry in worst["ledger"]["entries"]:
        entry["actor"]["name"] = f"{WORD[:90]} {ARABIC}"
    worst["validation"]["cause"] = text
    for segment in worst["validation"]["segments"]:
        segment["column"] = text[:300]
        segment["levels"][0]["level"] = text
    for segment in worst["validation"]["results"]["segments"]:
        segment["level"] += f" {ARABIC} {REVERSED}"
    worst["validation"]["checks"][0] |= {"read": text, "limit": WORD, "message": ARABIC}
    worst["says"] = statements(worst)
    return worst


def _append(kind: str, event: EventType, row: Any, version: ModelVersion) -> None:
    subject = Subject(kind, str(row.pk), str(row), version.model.team_id)
    append(actor=SYSTEM, event=event, subject=subject, data=row.public_state(), topics=(f"version:{version.pk}",))
