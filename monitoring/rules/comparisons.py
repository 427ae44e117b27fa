"""Is the candidate at least as good as the champion? Non-inferiority of each metric, by the plan's margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitoring.stats import binary, regression
from monitoring.stats.figures import Measurement
from portal.charts.numbers import significant

HIGHER_IS_BETTER: Mapping[str, bool] = {**binary.HIGHER_IS_BETTER, **regression.HIGHER_IS_BETTER}


class Verdict(StrEnum):
    """What an interval says of a difference."""

    BETTER = "better"
    NOT_WORSE = "not worse"
    WORSE = "worse"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True)
class Comparison:
    """One metric's difference (candidate minus champion) and what it means; `reason` in words."""

    metric: str
    difference: float | None
    lower: float | None
    upper: float | None
    margin: float | None
    verdict: Verdict
    reason: str

    @property
    def holds(self) -> bool:
        """Whether the candidate is shown to be better or not worse."""
        return self.verdict in {Verdict.BETTER, Verdict.NOT_WORSE}

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.metric,
            "difference": self.difference,
            "lower": self.lower,
            "upper": self.upper,
            "margin": self.margin,
            "higher_is_better": HIGHER_IS_BETTER.get(self.metric),
            "verdict": str(self.verdict),
            "reason": self.reason,
        }


def compare(difference: Measurement, margin: float | None) -> Comparison:
    """Return the verdict on one difference; `margin` is how much worse is still acceptable (0 or more).

    Better: the whole interval lies on the better side. Not worse: it stays within the margin. Worse: it lies on the
    worse side and reaches beyond the margin. Anything else is not assessed: too few data to say.
    """
    verdict, reason = _verdict(difference, margin)
    return Comparison(difference.name, difference.value, difference.lower, difference.upper, margin, verdict, reason)


def compare_all(differences: Sequence[Measurement], margins: Mapping[str, float]) -> tuple[Comparison, ...]:
    """Return the verdict on every metric that has a margin; one that was not measured is not assessed."""
    by_name = {one.name: one for one in differences}
    return tuple(
        compare(by_name[name], margin)
        if name in by_name
        else Comparison(name, None, None, None, margin, Verdict.NOT_ASSESSED, "It was not measured.")
        for name, margin in margins.items()
    )


def _verdict(difference: Measurement, margin: float | None) -> tuple[Verdict, str]:
    lower, upper = difference.lower, difference.upper
    if difference.value is None or lower is None or upper is None:
        return Verdict.NOT_ASSESSED, difference.reason or "There is no interval."
    if difference.name not in HIGHER_IS_BETTER:
        return Verdict.NOT_ASSESSED, "Neither higher nor lower is better."
    worst, best = (lower, upper) if HIGHER_IS_BETTER[difference.name] else (-upper, -lower)
    within = margin is not None and worst >= -margin
    table = (
        (worst > 0, Verdict.BETTER, "The whole interval is on the better side."),
        (
            within,
            Verdict.NOT_WORSE,
            f"At worst {significant(max(-worst, 0.0))} worse; the margin is {significant(margin)}.",
        ),
        (best < 0, Verdict.WORSE, f"Worse by {significant(-best)} to {significant(-worst)}."),
        (margin is None, Verdict.NOT_ASSESSED, "The plan declares no margin."),
        (
            True,
            Verdict.NOT_ASSESSED,
            f"Too few data: it may be {significant(-worst)} worse; the margin is {significant(margin)}.",
        ),
    )
    return next((verdict, reason) for applies, verdict, reason in table if applies)
