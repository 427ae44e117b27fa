"""Claimed against recomputed metrics.

On the same snapshot they are equal or not. On other data a claim is overstated when it is better than the recomputed
value by more than both standard errors explain: one-sided z, Holm (1979) over the claims at 5 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitoring.rules.comparisons import HIGHER_IS_BETTER
from monitoring.stats.figures import Measurement

RELATIVE_TOLERANCE = 1e-5
"""Models often compute in float32, whose rounding reaches the metrics."""
ABSOLUTE_TOLERANCE = 1e-9
LEVEL = 0.05


class ClaimVerdict(StrEnum):
    """What recomputing says of a claim."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NOT_CONTRADICTED = "not contradicted"
    OVERSTATED = "overstated"
    NOT_COMPARABLE = "not comparable"


REFUTED = frozenset({ClaimVerdict.DIFFERS, ClaimVerdict.OVERSTATED})


@dataclass(frozen=True)
class Claim:
    """What the developer says: a metric's value on n rows of a snapshot (sha256)."""

    metric: str
    value: float
    n: int | None = None
    snapshot: str | None = None


@dataclass(frozen=True)
class ClaimResult:
    """A claim beside its recomputed value; `adjusted_p` (Holm) where standard errors were used."""

    claim: Claim
    recomputed: float | None
    verdict: ClaimVerdict
    reason: str
    adjusted_p: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "metric": self.claim.metric,
            "claimed": self.claim.value if math.isfinite(self.claim.value) else None,
            "n": self.claim.n,
            "snapshot": self.claim.snapshot,
            "recomputed": self.recomputed,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "adjusted_p": self.adjusted_p,
        }


def judge_claims(*, claims: Sequence[Claim], measured: Sequence[Measurement], snapshot: str) -> tuple[ClaimResult, ...]:
    """Return a verdict for each claim, in order; `measured` are the candidate's numbers over all rows of `snapshot`.

    The claim's standard error is taken from the recomputed one, scaled by the root of n (same design assumed).
    """
    by_name = {one.name: one for one in measured if one.subject == "candidate" and not one.slice_column}
    first = [_without_errors(claim, by_name.get(claim.metric), snapshot) for claim in claims]
    open_ones = [at for at, result in enumerate(first) if result is None]
    adjusted = holm([_one_sided_p(claims[at], by_name[claims[at].metric]) for at in open_ones])
    for at, p in zip(open_ones, adjusted, strict=True):
        overstated = p < LEVEL
        first[at] = ClaimResult(
            claims[at],
            by_name[claims[at].metric].value,
            ClaimVerdict.OVERSTATED if overstated else ClaimVerdict.NOT_CONTRADICTED,
            f"Claimed on other data; {'more' if overstated else 'no more'} than both standard errors explain"
            f" (p {p:.3g}).",
            p,
        )
    return tuple(result for result in first if result is not None)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values, in the order given."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _without_errors(claim: Claim, found: Measurement | None, snapshot: str) -> ClaimResult | None:
    """Return the verdict where no standard error is needed; None where one is."""
    value = None if found is None else found.value
    why_not = _not_comparable(claim, found, same_snapshot=claim.snapshot == snapshot)
    if why_not or value is None:
        return ClaimResult(claim, value, ClaimVerdict.NOT_COMPARABLE, why_not)
    if claim.snapshot != snapshot:
        return None
    same = math.isclose(claim.value, value, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
    verdict = ClaimVerdict.EQUAL if same else ClaimVerdict.DIFFERS
    words = "Recomputed on the same snapshot." if same else f"The same snapshot gives {value:.6g}."
    return ClaimResult(claim, value, verdict, words)


def _not_comparable(claim: Claim, found: Measurement | None, *, same_snapshot: bool) -> str:
    """Return why a claim can't be compared; empty where it can."""
    measured = found is not None and found.value is not None
    table = (
        (not math.isfinite(claim.value), "The claim is not a finite number."),
        (found is None, "The run does not measure it."),
        (not measured, found.reason if found else ""),
        (claim.snapshot is None, "The claim names no snapshot."),
        (not same_snapshot and (claim.n is None or claim.n <= 0), "The claim names no number of rows."),
        (not same_snapshot and claim.metric not in HIGHER_IS_BETTER, "Neither higher nor lower is better."),
        (
            not same_snapshot and not (found and found.standard_error),
            "The recomputed value has no standard error.",
        ),
    )
    return next((reason for applies, reason in table if applies), "")


def _one_sided_p(claim: Claim, found: Measurement) -> float:
    own = found.standard_error or 0.0
    claimed = own * math.sqrt(found.n / (claim.n or 1))
    excess = claim.value - (found.value or 0.0)
    if not HIGHER_IS_BETTER[claim.metric]:
        excess = -excess
    return 0.5 * math.erfc(excess / math.hypot(own, claimed) / math.sqrt(2))
