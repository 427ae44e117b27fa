from datetime import timedelta
from typing import Any

from governance.rules.readings import OpenFinding, documents_inputs, findings_inputs, results_inputs
from portal.core.clock import now

RESULTS: dict[str, Any] = {
    "n": 4_000,
    "n_units": 40,
    "comparison": [{"name": "auc", "verdict": "better"}, {"name": "log_loss", "verdict": "not assessed"}],
    "claims": [{"verdict": "equal"}, {"verdict": "overstated"}, {"verdict": "not comparable"}, {"verdict": "odd"}],
    "segments": [
        {"column": "carrier", "level": "AA", "assessed": True},
        {"column": "carrier", "level": "HA", "assessed": False},
        {"column": "origin", "level": "JFK", "assessed": False},
    ],
}


def test_results_are_counted() -> None:
    assert results_inputs(RESULTS, {"slices": ["carrier", "origin"]}) == {
        "validation.rows": 4_000,
        "validation.units": 40,
        "comparison.metrics": 2,
        "comparison.unproven": 1,
        "claims.total": 4,
        "claims.refuted": 2,
        "claims.not_comparable": 1,
        "segments.declared": 2,
        "segments.assessed": 1,
        "segments.bare": 1,
    }


def test_part_that_is_not_there_stays_missing_and_is_no_zero() -> None:
    assert results_inputs({"n": 10}, {"slices": ["carrier"]}) == {"validation.rows": 10, "validation.units": None}


def test_open_findings_are_counted_and_overdue_is_asked_of_the_instant() -> None:
    at = now()
    found = [OpenFinding("high", at + timedelta(days=1)), OpenFinding("low", None), OpenFinding("low", at)]
    assert findings_inputs(found, at) == {"findings.open": 3, "findings.open_high": 1, "findings.overdue": 0}
    assert findings_inputs(found, at + timedelta(days=2))["findings.overdue"] == 2
    assert findings_inputs([], at) == {"findings.open": 0, "findings.open_high": 0, "findings.overdue": 0}


def test_documents_are_counted_by_their_state_and_the_kinds_of_valid_ones_are_named_once() -> None:
    found = [("minutes", "valid"), ("contract", "valid"), ("minutes", "valid"), ("exit_plan", "expired")]
    told = documents_inputs([*found, ("other", "awaited"), ("other", "replaced"), ("other", "withdrawn")])
    assert told == {
        "documents.valid": 3, "documents.expired": 1, "documents.valid_kinds": ["contract", "minutes"],
    }  # fmt: skip
    assert documents_inputs([]) == {"documents.valid": 0, "documents.expired": 0, "documents.valid_kinds": []}
