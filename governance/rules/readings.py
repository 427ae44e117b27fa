"""What the stored results of a validation run say to a policy; a part that is not there stays missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.rules.claims import REFUTED, ClaimVerdict
from monitoring.rules.comparisons import Verdict
from registry.choices import DocumentState, Severity


@dataclass(frozen=True)
class OpenFinding:
    """A finding that is not closed, as a policy reads it."""

    severity: str
    due: datetime | None


HOLDS = frozenset({Verdict.BETTER, Verdict.NOT_WORSE})


def results_inputs(results: Mapping[str, Any], specification: Mapping[str, Any]) -> dict[str, object]:
    """Return the variables that come from a run's results and its plan."""
    values: dict[str, object] = {"validation.rows": results.get("n"), "validation.units": results.get("n_units")}
    compared: Sequence[Mapping[str, Any]] | None = results.get("comparison")
    if compared is not None:
        values["comparison.metrics"] = len(compared)
        values["comparison.unproven"] = sum(row.get("verdict") not in HOLDS for row in compared)
    claims: Sequence[Mapping[str, Any]] | None = results.get("claims")
    if claims is not None:
        verdicts = [row.get("verdict") for row in claims]
        values["claims.total"] = len(verdicts)
        values["claims.not_comparable"] = verdicts.count(ClaimVerdict.NOT_COMPARABLE)
        # A verdict that nobody knows counts as refuted.
        values["claims.refuted"] = sum(one in REFUTED or one not in set(ClaimVerdict) for one in verdicts)
    segments: Sequence[Mapping[str, Any]] | None = results.get("segments")
    if segments is not None:
        assessed = {(row["column"], row["level"]) for row in segments if row.get("assessed") is True}
        declared = set(specification.get("slices", ()))
        values["segments.declared"] = len(declared)
        values["segments.assessed"] = len(assessed)
        values["segments.bare"] = len(declared - {column for column, _ in assessed})
    return values


def findings_inputs(found: Sequence[OpenFinding], at: datetime) -> dict[str, object]:
    """Return the variables that come from the findings that are not closed; overdue is asked of the instant."""
    return {
        "findings.open": len(found),
        "findings.open_high": sum(one.severity == Severity.HIGH for one in found),
        "findings.overdue": sum(one.due is not None and one.due < at for one in found),
    }


def documents_inputs(found: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Return the variables that come from the model's documents, of each its kind and its state on the day."""
    states = [state for _, state in found]
    return {
        "documents.valid": states.count(DocumentState.VALID),
        "documents.expired": states.count(DocumentState.EXPIRED),
        "documents.valid_kinds": sorted({kind for kind, state in found if state == DocumentState.VALID}),
    }
