import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.claims import Claim, ClaimResult, ClaimVerdict, holm, judge_claims
from monitoring.stats.figures import Measurement

SNAPSHOT, OTHER = "a" * 64, "b" * 64


def measured(name: str = "auc", value: float | None = 0.7, error: float | None = 0.01, n: int = 1_000) -> Measurement:
    return Measurement(
        subject="candidate", name=name, value=value, lower=None, upper=None, standard_error=error, n=n, unit="row",
        n_units=n, reason="" if value is not None else "Only one outcome occurs.",
    )  # fmt: skip


def judged(claim: Claim, *found: Measurement) -> ClaimResult:
    [result] = judge_claims(claims=[claim], measured=found or (measured(),), snapshot=SNAPSHOT)
    return result


def test_on_the_same_rows_a_claim_is_equal_or_it_differs() -> None:
    assert judged(Claim("auc", 0.7000001, 1_000, SNAPSHOT)).verdict is ClaimVerdict.EQUAL
    worse = judged(Claim("auc", 0.69, 1_000, SNAPSHOT))
    assert (worse.verdict, worse.reason) == (ClaimVerdict.DIFFERS, "The same snapshot gives 0.7.")


def test_on_other_rows_only_more_than_both_errors_explain_is_overstated() -> None:
    assert judged(Claim("auc", 0.71, 1_000, OTHER)).verdict is ClaimVerdict.NOT_CONTRADICTED
    assert judged(Claim("auc", 0.60, 1_000, OTHER)).verdict is ClaimVerdict.NOT_CONTRADICTED
    assert judged(Claim("auc", 0.75, 1_000, OTHER)).verdict is ClaimVerdict.OVERSTATED
    assert judged(Claim("auc", 0.75, 10, OTHER)).verdict is ClaimVerdict.NOT_CONTRADICTED


def test_where_lower_is_better_a_lower_claim_is_overstated() -> None:
    loss = measured("log_loss", 0.5)
    assert judged(Claim("log_loss", 0.4, 1_000, OTHER), loss).verdict is ClaimVerdict.OVERSTATED
    assert judged(Claim("log_loss", 0.6, 1_000, OTHER), loss).verdict is ClaimVerdict.NOT_CONTRADICTED


@pytest.mark.parametrize(
    ("claim", "found", "reason"),
    [
        (Claim("auc", math.nan, 10, SNAPSHOT), measured(), "The claim is not a finite number."),
        (Claim("gini", 0.4, 10, SNAPSHOT), measured(), "The run does not measure it."),
        (Claim("auc", 0.7, 10, SNAPSHOT), measured(value=None), "Only one outcome occurs."),
        (Claim("auc", 0.7, 10), measured(), "The claim names no snapshot."),
        (Claim("auc", 0.7, None, OTHER), measured(), "The claim names no number of rows."),
        (Claim("auc", 0.7, 0, OTHER), measured(), "The claim names no number of rows."),
        (Claim("positive_rate", 0.7, 10, OTHER), measured("positive_rate"), "Neither higher nor lower is better."),
        (Claim("auc", 0.7, 10, OTHER), measured(error=None), "The recomputed value has no standard error."),
    ],
)
def test_what_can_not_be_compared_says_why(claim: Claim, found: Measurement, reason: str) -> None:
    result = judged(claim, found)
    assert (result.verdict, result.reason) == (ClaimVerdict.NOT_COMPARABLE, reason)


def test_many_claims_are_judged_together_in_their_order() -> None:
    claims = [Claim("auc", 0.728, 1_000, OTHER), Claim("gini", 1.0), Claim("auc", 0.8, 1_000, OTHER)]
    results = judge_claims(claims=claims, measured=[measured()], snapshot=SNAPSHOT)
    assert [one.claim for one in results] == claims
    alone = judged(claims[0])
    assert (alone.verdict, results[0].verdict) == (ClaimVerdict.OVERSTATED, ClaimVerdict.OVERSTATED)
    doubtful = [Claim("auc", 0.724, 1_000, OTHER)] * 4
    assert judged(doubtful[0]).verdict is ClaimVerdict.OVERSTATED
    together = judge_claims(claims=doubtful, measured=[measured()], snapshot=SNAPSHOT)
    assert {one.verdict for one in together} == {ClaimVerdict.NOT_CONTRADICTED}


def test_results_are_json_even_for_a_claim_that_is_no_number() -> None:
    result = judged(Claim("auc", math.inf, 10, SNAPSHOT)).as_dict()
    assert json.loads(json.dumps(result, allow_nan=False))["claimed"] is None


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_raises_p_values_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= high <= 1 for p, high in zip(p_values, adjusted, strict=True))
    ranked = [adjusted[at] for at in sorted(range(len(p_values)), key=lambda one: p_values[one])]
    assert ranked == sorted(ranked)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
