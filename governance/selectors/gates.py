"""Which policy judges a version, what its checks read, and what they come to."""

import math
from collections.abc import Mapping
from datetime import datetime

from governance.choices import PolicyState
from governance.models import PolicyCheck, PolicyVersion
from governance.rules import policies
from governance.rules.gates import CheckVerdict, GateCheck, RunTimes, applies, judge
from governance.rules.readings import OpenFinding, documents_inputs, findings_inputs, results_inputs
from governance.rules.variables import VARIABLES, storable
from governance.selectors.bundles import comparable_champion, published_card
from monitoring.choices import Measured, RunState
from monitoring.models import ValidationRun
from portal.accounts.choices import UserKind
from portal.accounts.selectors import people_of_addresses
from registry.choices import VersionState
from registry.models import Document, Finding, ModelVersion
from registry.rules import cards
from registry.selectors import assessment_in_force, stages_without_owner


def policy_for(*, environment: str, tier: int, at: datetime | None) -> PolicyVersion | None:
    """Return the policy version that judges models of the tier in the environment.

    A run stays bound to the version that was published when it started (`at`, invariant 17); where none was
    published then, or no run is judged, it is the one that is published now.
    """
    rows = PolicyVersion.objects.select_related("policy").prefetch_related("checks")
    current = [row for row in rows.filter(state=PolicyState.PUBLISHED) if covers(row, environment, tier)]
    if not current or at is None:
        return current[0] if current else None
    earlier = rows.filter(policy=current[0].policy, published_at__lte=at).order_by("-published_at").first()
    return earlier if earlier is not None and covers(earlier, environment, tier) else current[0]


def covers(policy_version: PolicyVersion, environment: str, tier: int) -> bool:
    """Whether the policy version is for models of this tier in this environment."""
    document: Mapping[str, list[object]] = policy_version.document
    return environment in document["environments"] and tier in document["tiers"]


def published_checks(policy_version: PolicyVersion) -> list[policies.PublishedChecks]:
    """Return the policy's published versions up to this one, oldest first, each with what its checks demand."""
    rows = PolicyVersion.objects.filter(
        policy_id=policy_version.policy_id, published_at__isnull=False, published_at__lte=policy_version.published_at
    ).prefetch_related("checks")
    return [
        policies.PublishedChecks(
            row.published_at,
            {check.key: policies.demand(expression=check.expression, tasks=check.tasks) for check in row.checks.all()},
        )
        for row in rows.order_by("published_at")
        if row.published_at is not None
    ]


def gate_inputs(version: ModelVersion, run: ValidationRun | None, at: datetime) -> dict[str, object]:
    """Return every variable with the value read at an instant; None where there is none."""
    card, champion = published_card(version.model), comparable_champion(version)
    text = cards.CardText(card.intended_use, card.limitations, card.out_of_scope_use) if card else None
    authors = version.training_run.author_addresses
    known = people_of_addresses(authors, kind=UserKind.PERSON)
    assessment = assessment_in_force(version.model)
    values: dict[str, object] = {
        "version.sealed": version.state == VersionState.SEALED,
        "model.tier": version.model.tier,
        "model.task": version.model.task,
        "card.published": card is not None,
        "card.complete": text is not None and not cards.problems(text),
        "people.commit_authors": len(authors),
        "training.commit_verified": version.training_run.commit_verified,
        "people.authors_known": bool(authors) and known.keys() == authors,
        "stages.without_owner": stages_without_owner(version.model),
        "tier.assessed": assessment is not None,
        "tier.independent": assessment is not None and assessment.independent,
        "production.exists": champion is not None,
    }
    findings = Finding.objects.about(version).unclosed().order_by().values_list("severity", "due")
    values |= findings_inputs([OpenFinding(*row) for row in findings], at)
    documents = Document.objects.filter(model=version.model_id).with_state(at.date()).order_by()
    values |= documents_inputs(list(documents.values_list("kind", "state_now")))
    if run is not None:
        values |= _run_inputs(run, at)
        values["comparison.current"] = run.champion_id == (champion.pk if champion else None)
        values["data.held_out_apart"] = version.training_run.training_snapshot.sha256 != run.plan.held_out.sha256
    return storable({variable.name: values.get(variable.name) for variable in VARIABLES})


def judged(
    policy: PolicyVersion, task: str, inputs: Mapping[str, object], run: ValidationRun | None, at: datetime
) -> list[tuple[PolicyCheck, CheckVerdict]]:
    """Return the policy's checks that apply with what each came to."""
    history, times, days = published_checks(policy), _times(run), int(policy.document["evidence_days"])
    found = []
    for row in policy.checks.all():
        check = GateCheck(row.key, row.expression, tuple(row.tasks), policies.first_published(row.key, history))
        if applies(check, task):
            found.append((row, judge(check, inputs, run=times, at=at, evidence_days=days)))
    return found


def _run_inputs(run: ValidationRun, at: datetime) -> dict[str, object]:
    """Return what the run says; what it did not come to stays missing."""
    values: dict[str, object] = {"validation.passed": run.state == RunState.PASSED, "validation.state": run.state}
    if run.finished_at is not None:
        # Up to the next thousandth: evidence is never younger than it is, and people can read the number.
        values["validation.age_days"] = math.ceil((at - run.finished_at).total_seconds() / 86.4) / 1000
    shares: list[float | None] = []
    for row in run.measurements.all():
        if row.measured == Measured.DATA and row.name == "missing_share":
            shares.append(row.value)
        place = {Measured.CANDIDATE: "validation", Measured.DIFFERENCE: "comparison"}.get(Measured(row.measured))
        if place is not None and not row.slice_column:
            numbers = {"": row.value, "_lower": row.lower, "_upper": row.upper}
            values |= {f"{place}.{row.name}{suffix}": number for suffix, number in numbers.items()}
    known = [share for share in shares if share is not None]
    values["data.missing_share_max"] = max(known) if known and len(known) == len(shares) else None
    return values | results_inputs(run.results, run.plan.specification) if run.results is not None else values


def _times(run: ValidationRun | None) -> RunTimes | None:
    if run is None or run.finished_at is None:
        return None
    return RunTimes(plan_fixed_at=run.plan.fixed_at, started_at=run.started_at, finished_at=run.finished_at)
