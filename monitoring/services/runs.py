"""A validation run's life: requested, begun by its job, finished or closed; never changed afterwards."""

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from monitoring.choices import VALIDATE, RunState
from monitoring.events import RUN_FINISHED, RUN_REQUESTED, RUN_STARTED
from monitoring.models import Measurement, ValidationCheck, ValidationPlan, ValidationRun
from monitoring.rules.claims import Claim
from monitoring.rules.features import features_of
from monitoring.rules.plans import PlanSpecification
from monitoring.runners.orders import ModelFile, ValidationOrder
from monitoring.runners.validation import ValidationResult
from portal.accounts.models import Team
from portal.core.actors import SYSTEM, Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict
from portal.jobs.services import enqueue
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import ArtifactRole, VersionState
from registry.models import ModelVersion, RegisteredModel
from registry.selectors import champion_of, sensitive_columns
from registry.services.rows import lock_model

OPEN = (RunState.QUEUED, RunState.RUNNING)
MOST_OPEN = 4
"""Runs of one team that wait or work: all teams share the workers, and none may fill the queue."""
NOT_YET: Mapping[str, str] = {
    VersionState.RECEIVING: "it is still being received: add its files and submit it",
    VersionState.INSPECTING: "it is being inspected: wait until it is sealed",
    VersionState.QUARANTINED: "it is quarantined: register a new version",
    VersionState.FAILED: "its inspection failed: register a new version",
    VersionState.WITHDRAWN: "it was withdrawn: register a new version",
}


@transaction.atomic
def request_run(*, actor: Actor, version: ModelVersion) -> ValidationRun:
    """Request a run of the model's newest plan, against what is in production at this moment.

    Raises Forbidden, and Conflict where the version is not sealed, nothing was planned, the rows are gone or were
    trained on, a run of this version is open, or as many of the team are as may be.
    """
    model = lock_model(version.model_id)
    actor.require("request_validation", model.team_id)
    own = ModelVersion.objects.select_related("training_run__training_snapshot").get(pk=version.pk)
    plan = _plan_to_follow(model, own)
    _require_room(model)
    champion = champion_of(model)
    comparable = champion is not None and champion.pk != own.pk and champion.state == VersionState.SEALED
    run = ValidationRun.objects.create(
        version=own,
        champion=champion if comparable else None,
        plan=plan,
        requested_by=actor.id,
        requested_at=now(),
    )
    run.job_id = enqueue(actor=actor, kind=VALIDATE, subject=_subject(run), arguments={"run_id": run.pk}).pk
    run.save(update_fields=["job_id"])
    _append(actor, RUN_REQUESTED, run)
    return run


@transaction.atomic
def begin_run(*, run_id: int) -> ValidationOrder:
    """Start a queued run and return all that it needs; one whose worker was lost is taken up again.

    Raises Conflict for a run that has ended, and where the version may no longer be opened.
    """
    run = _locked(run_id)
    if run.state not in OPEN:
        raise Conflict(f"Validation run {run.pk} has already ended.")
    order = _order(run)
    if run.state == RunState.QUEUED:
        run.state, run.started_at = RunState.RUNNING, now()
        run.save(update_fields=["state", "started_at"])
        _append(_on_behalf(run), RUN_STARTED, run)
    return order


@transaction.atomic
def finish_run(*, run_id: int, result: ValidationResult) -> ValidationRun:
    """Write what a running run found, and close it; raises Conflict where it is no longer running."""
    run = _locked(run_id)
    if run.state != RunState.RUNNING:
        raise Conflict(f"Validation run {run.pk} is {run.get_state_display().lower()}: its results come too late.")
    Measurement.objects.bulk_create(
        Measurement(
            run=run,
            measured=one.measured,
            name=one.name,
            slice_column=one.slice_column,
            slice_level=one.slice_level,
            value=one.value,
            lower=one.lower,
            upper=one.upper,
            n=one.n,
            unit=one.unit[:60],
            reason=one.reason[:300],
        )
        for one in result.measurements
    )
    ValidationCheck.objects.bulk_create(
        ValidationCheck(
            run=run,
            position=position,
            key=check.key,
            title=check.title,
            outcome=check.outcome,
            read=check.read[:300],
            limit=check.limit[:300],
            message=check.message,
        )
        for position, check in enumerate(result.checks, start=1)
    )
    run.results = dict(result.results) if result.results is not None else None
    run.results_digest = digest_of(run.results) if run.results is not None else ""
    _end(run, state=result.outcome.state, cause=" ".join(result.outcome.reasons))
    return run


@transaction.atomic
def close_run(*, run_id: int, state: RunState, cause: str) -> None:
    """Close a run that came to no result, with the reason in words; one that has ended stays as it is."""
    run = _locked(run_id)
    if run.state in OPEN:
        _end(run, state=state, cause=cause)


def _plan_to_follow(model: RegisteredModel, version: ModelVersion) -> ValidationPlan:
    if version.state != VersionState.SEALED:
        raise Conflict(f"{version} can't be validated: {NOT_YET[version.state]}.", code="version_not_sealed")
    plan = model.validation_plans.select_related("held_out").first()
    if plan is None:
        raise Conflict(
            f"{model.slug} has no validation plan: a validator fixes one (held-out rows, label, limits) first.",
            code="no_plan",
        )
    if plan.held_out.blob_id is None:
        raise Conflict(f"The rows of {plan} have been erased: fix a plan with other held-out rows.", code="data_erased")
    if version.training_run.training_snapshot.sha256 == plan.held_out.sha256:
        raise Conflict(f"{version} was trained on the rows that {plan} holds out.", code="trained_on_held_out")
    running = ValidationRun.objects.filter(version=version, state__in=OPEN).first()
    if running is not None:
        raise Conflict(f"Run {running.pk} of {version} is not over: wait for it, or cancel it.", code="run_is_open")
    return plan


def _require_room(model: RegisteredModel) -> None:
    team = Team.objects.select_for_update(no_key=True).get(pk=model.team_id)  # so that two at once are counted
    if ValidationRun.objects.filter(version__model__team=team, state__in=OPEN).count() >= MOST_OPEN:
        raise Conflict(
            f"{MOST_OPEN} validation runs of {team} wait or work, and a team has no more at a time: wait for one, or"
            " cancel it, then ask again.",
            code="too_many_runs",
        )


def _order(run: ValidationRun) -> ValidationOrder:
    plan = PlanSpecification.from_dict(run.plan.specification)
    held_out = run.plan.held_out
    if held_out.blob_id is None:
        raise Conflict("The held-out rows have been erased.", code="data_erased")
    trained_on = run.version.training_run.training_snapshot.columns
    return ValidationOrder(
        plan=plan,
        table=held_out.blob_id,
        columns={column["name"]: column["type"] for column in held_out.columns},
        training_columns={column["name"]: column["type"] for column in trained_on},
        candidate=_model_file(run.version),
        champion=_model_file(run.champion) if run.champion is not None else None,
        claims=tuple(
            Claim(one["metric"], one["value"], one.get("n"), one.get("snapshot_sha256")) for one in run.version.claims
        ),
        may_quote=not sensitive_columns(held_out.dataset),
    )


def _model_file(version: ModelVersion) -> ModelFile:
    """Return the model of a sealed version: nothing scores a file that has not passed inspection."""
    if version.state != VersionState.SEALED:
        raise Conflict(f"{version} is {version.get_state_display().lower()}: it is not scored.")
    artifact = version.artifacts.get(role=ArtifactRole.MODEL)
    pipeline = version.feature_pipeline_version
    return ModelFile(
        name=str(version),
        sha256=artifact.sha256,
        media_type=artifact.media_type,
        features=features_of(version.signature, pipeline.columns if pipeline is not None else ()),
    )


def _end(run: ValidationRun, *, state: RunState, cause: str) -> None:
    run.state, run.cause, run.finished_at = state, cause, now()
    run.save(update_fields=["state", "cause", "finished_at", "results", "results_digest"])
    _append(_on_behalf(run), RUN_FINISHED, run, cause=cause)


def _locked(run_id: int) -> ValidationRun:
    """Lock the model, then the run."""
    lock_model(ValidationRun.objects.values_list("version__model_id", flat=True).get(pk=run_id))
    rows = ValidationRun.objects.select_for_update(of=("self",)).select_related(
        "version__model",
        "version__training_run__training_snapshot",
        "version__feature_pipeline_version",
        "champion__model",
        "champion__feature_pipeline_version",
        "plan__held_out__dataset",
    )
    return rows.get(pk=run_id)


def _on_behalf(run: ValidationRun) -> Actor:
    return SYSTEM if run.requested_by == SYSTEM.id else replace(SYSTEM, on_behalf_of=run.requested_by)


def _subject(run: ValidationRun) -> Subject:
    return Subject("run", str(run.pk), f"{run} of {run.version}", run.version.model.team_id)


def _append(actor: Actor, event: EventType, run: ValidationRun, *, cause: str = "") -> None:
    append(
        actor=actor,
        event=event,
        subject=_subject(run),
        data=run.public_state(),
        private={"cause": cause} if cause else None,
        topics=(f"model:{run.plan.model_id}", f"version:{run.version_id}", f"run:{run.pk}", f"plan:{run.plan_id}"),
    )
