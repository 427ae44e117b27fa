"""Evaluating the gate: everything that was read is stored with what it came to, and never changes."""

from collections.abc import Sequence

from django.db import transaction

from governance.choices import Outcome
from governance.errors import GateNotPassed
from governance.events import GATE_EVALUATED
from governance.models import CheckResult, GateEvaluation, PolicyCheck, PolicyVersion
from governance.rules.gates import CheckVerdict, gate_outcome
from governance.selectors.bundles import whole_version
from governance.selectors.gates import Evidence, judged
from monitoring.models import ValidationRun
from portal.core.actors import Actor
from portal.core.canonical import digest_of
from portal.core.errors import Conflict
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.models import ModelVersion
from registry.services.rows import lock_model


@transaction.atomic(durable=True)  # a refused request must leave its evaluation behind, so nothing may wrap this
def evaluate_gate(*, actor: Actor, version: ModelVersion, environment: str) -> GateEvaluation:
    """Judge the version by the policy for its tier in the environment, from its newest finished validation run.

    Raises Forbidden, and Conflict where no policy is published for it.
    """
    team = version.model.team_id
    if not actor.may("request_validation", team):
        actor.require("open_request", team)
    lock_model(version.model_id)
    evidence = Evidence(whole_version(version.pk))
    policy, run = policy_of(evidence, environment), evidence.run
    found, inputs_digest = judged(policy, evidence), digest_of(evidence.inputs)
    evaluation = GateEvaluation.objects.create(
        version=evidence.version,
        environment=environment,
        policy_version=policy,
        run=run,
        inputs=evidence.inputs,
        inputs_digest=inputs_digest,
        outcome=gate_outcome([verdict for _, verdict in found]),
        digest=_digest(policy, run, environment, inputs_digest, [verdict for _, verdict in found]),
        evaluated_at=evidence.at,
    )
    CheckResult.objects.bulk_create(
        CheckResult(
            evaluation=evaluation,
            check_row=check,
            outcome=verdict.outcome,
            read=dict(verdict.read),
            message=_message(check, verdict),
        )
        for check, verdict in found
    )
    _record(evaluation, actor)
    return evaluation


def policy_of(evidence: Evidence, environment: str) -> PolicyVersion:
    """Return the policy version that judges the version there; raises Conflict where none is published."""
    run, tier = evidence.run, evidence.version.model.tier
    started = run.started_at if run is not None else None
    policy = evidence.readings.published.judging(environment=environment, tier=tier, at=started)
    if policy is None:
        words = f"No policy is published for models of tier {tier} in {environment}."
        raise Conflict(f"{words} A policy steward publishes one.", code="no_policy")
    return policy


def is_current(evaluation: GateEvaluation) -> bool:
    """Whether judging again at the same instant would read the same; the model is locked."""
    evidence = Evidence(whole_version(evaluation.version_id), at=evaluation.evaluated_at)
    policy, run = policy_of(evidence, evaluation.environment), evidence.run
    same_run = (run.pk if run is not None else None) == evaluation.run_id
    same_inputs = digest_of(evidence.inputs) == evaluation.inputs_digest
    return same_run and policy.pk == evaluation.policy_version_id and same_inputs


def require_passed(evaluation: GateEvaluation) -> None:
    """Raise GateNotPassed with every check that is not passed, in words, unless the gate is passed."""
    if evaluation.outcome == Outcome.PASSED:
        return
    results = [row for row in evaluation.results.select_related("check_row") if row.outcome != Outcome.PASSED]
    fields = {
        row.check_row.key: [f"{row.check_row.title}: {row.get_outcome_display().lower()}. {row.message}".strip()]
        for row in results
    }
    words = "; ".join(f"{row.check_row.title} ({row.get_outcome_display().lower()})" for row in results)
    raise GateNotPassed(f"The gate of {evaluation.policy_version} is not passed: {words}.", fields=fields)


def _message(check: PolicyCheck, verdict: CheckVerdict) -> str:
    """Return why the check is not passed and what to do; empty where it is passed."""
    if verdict.outcome == Outcome.PASSED:
        return ""
    return f"{verdict.message} {check.message}".strip()


def _digest(
    policy: PolicyVersion,
    run: ValidationRun | None,
    environment: str,
    inputs_digest: str,
    verdicts: Sequence[CheckVerdict],
) -> str:
    return digest_of(
        {
            "policy_version": policy.digest,
            "validation_results": run.results_digest if run is not None else "",
            "environment": environment,
            "inputs": inputs_digest,
            "results": {verdict.key: str(verdict.outcome) for verdict in verdicts},
        }
    )


def _record(evaluation: GateEvaluation, actor: Actor) -> None:
    version = evaluation.version
    append(
        actor=actor,
        event=GATE_EVALUATED,
        subject=Subject("gate_evaluation", str(evaluation.pk), f"gate of {version}", version.model.team_id),
        data=evaluation.public_state(),
        topics=(f"model:{version.model_id}", f"version:{version.pk}", f"gate_evaluation:{evaluation.pk}"),
    )
