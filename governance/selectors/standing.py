"""Whether what a gate evaluation read is still so: the same version, judged now by the policy that judged it then."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.choices import Outcome
from governance.models import GateEvaluation, PolicyCheck
from governance.rules.gates import CheckVerdict, gate_outcome
from governance.selectors.bundles import variables_read
from governance.selectors.gates import Evidence, judged
from registry.models import ModelVersion

ONLY_TIME = frozenset({"validation.age_days"})
"""What changes by itself at every moment; a check that is stale by it shows in the verdicts."""
AGAINST_PRODUCTION = frozenset({"production.exists", "comparison.current"})
"""What a version is compared with before it serves; once it serves, it is not compared with itself."""


@dataclass(frozen=True)
class ChangedValue:
    """Something that the gate reads, as it was when it was evaluated and as it is now."""

    name: str
    before: object
    now: object


@dataclass(frozen=True)
class Standing:
    """What of the values that the policy's checks read is another now, and what the gate would come to now."""

    version: ModelVersion
    changed: Sequence[ChangedValue]
    verdicts: Sequence[tuple[PolicyCheck, CheckVerdict]]

    @property
    def outcome(self) -> Outcome:
        """Return what the gate would come to now; a gate without checks is not passed."""
        return gate_outcome([verdict for _, verdict in self.verdicts])

    @property
    def stops(self) -> list[tuple[PolicyCheck, CheckVerdict]]:
        """Return the checks that would not pass now."""
        return [(check, verdict) for check, verdict in self.verdicts if verdict.outcome != Outcome.PASSED]


def standing_of(evaluation: GateEvaluation, evidence: Evidence) -> Standing:
    """Return how the evaluation stands by the evidence of now; a fixed number of queries.

    Findings count whether a check reads them or not.
    """
    run, inputs = evidence.run, evidence.inputs | _of_then(evaluation, evidence.readings.champion)
    read = variables_read(evaluation.policy_version) - ONLY_TIME
    changed = [
        ChangedValue(name, evaluation.inputs.get(name), value)
        for name, value in inputs.items()
        if (name in read or name.startswith("findings.")) and evaluation.inputs.get(name) != value
    ]
    if (run.pk if run else None) != evaluation.run_id:
        changed.insert(0, ChangedValue("validation run", evaluation.run_id, run.pk if run else None))
    return Standing(evidence.version, changed, judged(evaluation.policy_version, evidence, inputs))


def _of_then(evaluation: GateEvaluation, champion: ModelVersion | None) -> dict[str, object]:
    if champion is None or champion.pk != evaluation.version_id:
        return {}
    return {name: evaluation.inputs.get(name) for name in AGAINST_PRODUCTION}
