"""Which policy judges a version, what its checks read, and what they come to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from governance.choices import PolicyState
from governance.models import PolicyCheck, PolicyVersion
from governance.rules import policies
from governance.rules.gates import CheckVerdict, GateCheck, RunTimes, applies, judge
from governance.rules.readings import OpenFinding, documents_inputs, findings_inputs, results_inputs
from governance.rules.variables import VARIABLES, storable
from governance.selectors.bundles import comparable, newest_run, published_card
from monitoring.choices import Measured, RunState
from monitoring.models import ValidationRun
from portal.accounts.choices import UserKind
from portal.accounts.selectors import people_of_addresses
from portal.core.clock import now
from registry.choices import VersionState
from registry.models import CardRevision, Document, Finding, ModelVersion, RegisteredModel, TierAssessment
from registry.rules import cards
from registry.selectors import assessment_in_force, champion_of, stages_without_owner


class PublishedPolicies:
    """All policy versions that were ever published, with their checks, read at once: there are few."""

    def __init__(self) -> None:
        rows = PolicyVersion.objects.filter(published_at__isnull=False).select_related("policy")
        self._rows = list(rows.prefetch_related("checks"))

    def judging(self, *, environment: str, tier: int, at: datetime | None) -> PolicyVersion | None:
        """Return the policy version that judges models of the tier in the environment.

        A run stays bound to the version that was published when it started (`at`, invariant 17); where none was
        published then, or no run is judged, it is the one that is published now.
        """
        published = (row for row in self._rows if row.state == PolicyState.PUBLISHED)
        current = next((row for row in published if covers(row, environment, tier)), None)
        if current is None or at is None:
            return current
        earlier = [row for row in self._of(current) if _since(row) <= at]
        return earlier[-1] if earlier and covers(earlier[-1], environment, tier) else current

    def checks_until(self, policy_version: PolicyVersion) -> list[policies.PublishedChecks]:
        """Return the policy's versions up to this one, oldest first, each with what its checks demand."""
        return [
            policies.PublishedChecks(
                _since(row),
                {one.key: policies.demand(expression=one.expression, tasks=one.tasks) for one in row.checks.all()},
            )
            for row in self._of(policy_version)
            if _since(row) <= _since(policy_version)
        ]

    def _of(self, policy_version: PolicyVersion) -> list[PolicyVersion]:
        return sorted((row for row in self._rows if row.policy_id == policy_version.policy_id), key=_since)


def _since(policy_version: PolicyVersion) -> datetime:
    if policy_version.published_at is None:  # such rows are not read
        raise ValueError(f"{policy_version} was never published")
    return policy_version.published_at


def covers(policy_version: PolicyVersion, environment: str, tier: int) -> bool:
    """Whether the policy version is for models of this tier in this environment."""
    document: Mapping[str, list[object]] = policy_version.document
    return environment in document["environments"] and tier in document["tiers"]


@dataclass(frozen=True)
class ModelReadings:
    """What the gate reads of a model at an instant, the same for all of its versions, and the policies there are."""

    at: datetime
    published: PublishedPolicies
    card: CardRevision | None
    champion: ModelVersion | None
    assessment: TierAssessment | None
    without_owner: int
    documents: Sequence[tuple[str, str]]


def readings_of(model: RegisteredModel, at: datetime) -> ModelReadings:
    """Return what the gate reads of the model."""
    documents = Document.objects.filter(model=model).with_state(at.date()).order_by()
    return ModelReadings(
        at=at,
        published=PublishedPolicies(),
        card=published_card(model),
        champion=champion_of(model),
        assessment=assessment_in_force(model),
        without_owner=stages_without_owner(model),
        documents=list(documents.values_list("kind", "state_now")),
    )


class Evidence:
    """What judging a version reads at an instant (now), each part once and only where it is asked for."""

    def __init__(
        self, version: ModelVersion, *, at: datetime | None = None, readings: ModelReadings | None = None
    ) -> None:
        self.version, self.at = version, readings.at if readings is not None else at or now()
        self._readings = readings

    @cached_property
    def readings(self) -> ModelReadings:
        """Return what is the same for all versions of the model."""
        return self._readings or readings_of(self.version.model, self.at)

    @cached_property
    def run(self) -> ValidationRun | None:
        """Return the run that is judged."""
        return newest_run(self.version)

    @cached_property
    def inputs(self) -> dict[str, object]:
        """Return every variable with the value read."""
        return gate_inputs(self.version, self.run, self.readings)


def gate_inputs(version: ModelVersion, run: ValidationRun | None, readings: ModelReadings) -> dict[str, object]:
    """Return every variable with the value read at the instant of the readings; None where there is none."""
    card, champion, at = readings.card, comparable(version, readings.champion), readings.at
    text = cards.CardText(card.intended_use, card.limitations, card.out_of_scope_use) if card else None
    authors = version.training_run.author_addresses
    known = people_of_addresses(authors, kind=UserKind.PERSON)
    assessment = readings.assessment
    values: dict[str, object] = {
        "version.sealed": version.state == VersionState.SEALED,
        "model.tier": version.model.tier,
        "model.task": version.model.task,
        "card.published": card is not None,
        "card.complete": text is not None and not cards.problems(text),
        "people.commit_authors": len(authors),
        "training.commit_verified": version.training_run.commit_verified,
        "people.authors_known": bool(authors) and known.keys() == authors,
        "stages.without_owner": readings.without_owner,
        "tier.assessed": assessment is not None,
        "tier.independent": assessment is not None and assessment.independent,
        "production.exists": champion is not None,
    }
    findings = Finding.objects.about(version).unclosed().order_by().values_list("severity", "due")
    values |= findings_inputs([OpenFinding(*row) for row in findings], at)
    values |= documents_inputs(readings.documents)
    if run is not None:
        values |= _run_inputs(run, at)
        values["comparison.current"] = run.champion_id == (champion.pk if champion else None)
        values["data.held_out_apart"] = version.training_run.training_snapshot.sha256 != run.plan.held_out.sha256
    return storable({variable.name: values.get(variable.name) for variable in VARIABLES})


def judged(
    policy: PolicyVersion, evidence: Evidence, inputs: Mapping[str, object] | None = None
) -> list[tuple[PolicyCheck, CheckVerdict]]:
    """Return the policy's checks that apply with what each came to; `inputs` stand for the evidence's own."""
    history = evidence.readings.published.checks_until(policy)
    times, days = _times(evidence.run), int(policy.document["evidence_days"])
    inputs = evidence.inputs if inputs is None else inputs
    found = []
    for row in policy.checks.all():
        check = GateCheck(row.key, row.expression, tuple(row.tasks), policies.first_published(row.key, history))
        if applies(check, str(inputs["model.task"])):
            found.append((row, judge(check, inputs, run=times, at=evidence.at, evidence_days=days)))
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
