"""The ledger alone says what the tables say: the slice's verbs are run, then every subject is replayed."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import models

from governance.models import ApprovalRequest, Decision, GateEvaluation, PolicyVersion
from monitoring.models import SnapshotProfile, ValidationPlan, ValidationRun
from portal.accounts.models import ApiToken, CredentialChange, RoleGrant, Team, User
from portal.jobs.models import Job
from portal.keys.models import PublicKey
from portal.ledger.models import Entry
from portal.reports.models import EvidencePack
from portal.reports.services import begin_pack
from portal.threads.models import Comment
from registry.models import (
    Artifact,
    CardRevision,
    CiIssuer,
    Dataset,
    DatasetSnapshot,
    Datasheet,
    Document,
    FeaturePipeline,
    FeaturePipelineVersion,
    Finding,
    LineageEdge,
    LineageEvent,
    LineageRun,
    ModelVersion,
    PipelineStage,
    RegisteredModel,
    Release,
    SignerKey,
    TierAssessment,
    TrainingRun,
    UseCase,
)
from tests.factories.reports import sequence
from tests.matrix.playing import administer, play
from tests.portal.ledger.replay import replayed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

TABLES: dict[str, type[models.Model]] = {
    "use_case": UseCase,
    "model": RegisteredModel,
    "dataset": Dataset,
    "snapshot": DatasetSnapshot,
    "datasheet": Datasheet,
    "profile": SnapshotProfile,
    "lineage_run": LineageRun,
    "lineage_event": LineageEvent,
    "lineage_edge": LineageEdge,
    "feature_pipeline": FeaturePipeline,
    "feature_pipeline_version": FeaturePipelineVersion,
    "training_run": TrainingRun,
    "version": ModelVersion,
    "artifact": Artifact,
    "card_revision": CardRevision,
    "pipeline_stage": PipelineStage,
    "tier_assessment": TierAssessment,
    "document": Document,
    "finding": Finding,
    "comment": Comment,
    "release": Release,
    "plan": ValidationPlan,
    "run": ValidationRun,
    "policy_version": PolicyVersion,
    "gate_evaluation": GateEvaluation,
    "request": ApprovalRequest,
    "decision": Decision,
    "pack": EvidencePack,
    "public_key": PublicKey,
    "signer_key": SignerKey,
    "ci_issuer": CiIssuer,
}
UNTOLD: dict[str, dict[str, Any]] = {"pipeline_stage": {"changed_at": None}}
"""Rows that come with another subject's and say nothing of their own until a verb changes them."""
# Some of their rows were made without a verb; those that the log tells of are compared.
PEOPLE: dict[str, type[models.Model]] = {
    "user": User,
    "team": Team,
    "grant": RoleGrant,
    "token": ApiToken,
    "credential": CredentialChange,
}


def told_and_kept(kind: str) -> tuple[dict[str, Mapping[str, Any]], dict[str, Mapping[str, Any]]]:
    """Return what the ledger says of the subjects of a kind, and what their rows say."""
    rows: Any = TABLES[kind]._default_manager.exclude(**UNTOLD.get(kind, {"pk": None}))
    return dict(replayed(kind)), {str(row.pk): row.public_state() for row in rows}


@pytest.fixture(scope="module")
def played(committed: Callable[[], AbstractContextManager[None]]) -> Iterator[Release]:
    with committed():
        release = play()
        administer()
        sequence()
        pack = EvidencePack.objects.get(release=release)
        begin_pack(pack_id=pack.pk)
        yield release


@pytest.mark.parametrize("kind", TABLES)
def test_replay_of_the_ledger_equals_the_table(played: Release, kind: str) -> None:
    told, kept = told_and_kept(kind)
    assert told == kept
    assert told


@pytest.mark.parametrize("kind", PEOPLE)
def test_replay_of_what_was_done_to_people_equals_their_rows(played: Release, kind: str) -> None:
    told = replayed(kind)
    rows: Any = PEOPLE[kind]._default_manager.filter(pk__in=map(int, told))
    assert told == {str(row.pk): row.public_state() for row in rows}
    assert told


def test_the_entries_of_a_finding_are_its_history(played: Release) -> None:
    for finding in Finding.objects.all():
        rows = Entry.objects.filter(subject_type="finding", subject_id=str(finding.pk)).order_by("index")
        said = [json.loads(bytes(row.payload)) for row in rows]
        told = [
            (one["actor"]["id"], one["data"]["state"], one["data"]["severity"], one["data"]["holder"]) for one in said
        ]
        assert told == [
            (move.by.actor_id, move.state, move.severity, move.holder.actor_id if move.holder else None)
            for move in finding.moves.select_related("by", "holder")
        ]


def test_jobs_that_somebody_stopped_are_told(played: Release) -> None:
    told = replayed("job")
    kept = {str(job.pk): job.public_state() for job in Job.objects.filter(pk__in=map(int, told))}
    assert told == kept
    assert set(told) >= {str(job.pk) for job in Job.objects.filter(cancel_requested=True)}


def test_no_subject_is_left_out(played: Release) -> None:
    """Whatever the verbs wrote about is compared here."""
    kinds = set(Entry.objects.values_list("subject_type", flat=True))
    assert kinds == {*TABLES, *PEOPLE, "job"}
