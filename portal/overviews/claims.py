"""Claims of the submitter beside what a run recomputed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from monitoring.choices import Measured
from monitoring.models import Measurement
from monitoring.rules.claims import ClaimVerdict
from monitoring.rules.measures import Measure, measure_named
from portal.charts.numbers import significant

CLAIM_STATES: Mapping[str, str] = {
    ClaimVerdict.EQUAL: "holds",
    ClaimVerdict.NOT_CONTRADICTED: "holds",
    ClaimVerdict.DIFFERS: "does_not_hold",
    ClaimVerdict.OVERSTATED: "does_not_hold",
    ClaimVerdict.NOT_COMPARABLE: "not_assessed",
}


@dataclass(frozen=True)
class ClaimLine:
    """A claim of the submitter beside the recomputed value."""

    metric: str
    claimed: float | None
    verdict: str
    state: str
    reason: str = ""
    recomputed: Measurement | None = None
    n: int | None = None

    @classmethod
    def waiting(cls, claim: Mapping[str, Any]) -> Self:
        """Return a claim that no run has judged yet."""
        return cls(claim["metric"], claim["value"], "not recomputed yet", "pending", n=claim.get("n"))

    @property
    def measure(self) -> Measure:
        """Return how people call it."""
        return measure_named(self.metric)

    @property
    def holds(self) -> bool:
        """Whether recomputing does not refute it."""
        return self.state != "does_not_hold"

    @property
    def spoken(self) -> str:
        """Return the verdict as a sentence begins."""
        return self.verdict[:1].upper() + self.verdict[1:]

    @property
    def sentence(self) -> str:
        """Return what the drawing shows."""
        found = significant(self.recomputed.value if self.recomputed else None)
        return f"claimed {significant(self.claimed)}, recomputed {found}"


def claim_lines(results: Mapping[str, Any], measurements: Sequence[Measurement]) -> list[ClaimLine]:
    """Return each claim that the run judged beside what it measured."""
    own = {m.name: m for m in measurements if m.measured == Measured.CANDIDATE and not m.slice_column}
    return [
        ClaimLine(
            metric=row["metric"],
            claimed=row["claimed"],
            verdict=row["verdict"],
            state=CLAIM_STATES.get(row["verdict"], "not_assessed"),
            reason=row.get("reason", ""),
            recomputed=own.get(row["metric"]),
            n=row.get("n"),
        )
        for row in results.get("claims", [])
    ]
