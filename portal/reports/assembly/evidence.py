"""What was measured and what the gate made of it."""

import operator
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from governance.models import CheckResult, GateEvaluation
from monitoring.models import Measurement, ValidationRun
from portal.overviews.claims import claim_lines
from portal.overviews.runs import compared_measures, segment_lines
from portal.overviews.sights import seen_measurements, seen_results, sight_of_nobody
from portal.reports.assembly.decision import policy_words

EARLIER = 10
ASKED = ("key", "title", "severity", "expression", "limit")


def gate_part(evaluation: GateEvaluation | None) -> dict[str, Any] | None:
    """Return a gate evaluation with the values read; None where nothing was evaluated."""
    if evaluation is None:
        return None
    results = list(evaluation.results.select_related("check_row"))
    earlier = GateEvaluation.objects.filter(
        version_id=evaluation.version_id, environment=evaluation.environment, pk__lt=evaluation.pk
    ).prefetch_related("results")
    return {
        "id": evaluation.pk,
        "outcome": evaluation.outcome,
        "at": evaluation.evaluated_at.isoformat(),
        "digest": evaluation.digest,
        "inputs": evaluation.inputs,
        "inputs_digest": evaluation.inputs_digest,
        "policy": policy_words(evaluation.policy_version),
        "checks": [_check(one) for one in results],
        "earlier": [
            {
                "id": one.pk,
                "at": one.evaluated_at.isoformat(),
                "outcome": one.outcome,
                "digest": one.digest,
                "checks": len(one.results.all()),
                "passed": sum(result.outcome == "passed" for result in one.results.all()),
            }
            for one in earlier[:EARLIER]
        ],
    }


def validation_part(run: ValidationRun | None) -> dict[str, Any] | None:
    """Return a validation run with all its numbers; None where the gate read no run.

    A pack is handed on, so that levels of sensitive columns are masked for everybody; the digest is that of the results
    before.
    """
    if run is None:
        return None
    sight = sight_of_nobody(run.plan.held_out.dataset)
    measurements, results = seen_measurements(run, sight), seen_results(run, sight)
    return {
        "id": run.pk,
        "state": run.state,
        "cause": run.cause,
        "requested_by": run.requested_by,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "results_digest": run.results_digest,
        "results": results,
        "masked": sight.masked_among(run.plan.specification.get("slices", ())),
        "champion": {"number": run.champion.number, "digest": run.champion.digest} if run.champion else None,
        "plan": {
            "id": run.plan_id,
            "number": run.plan.number,
            "digest": run.plan.digest,
            "fixed_at": run.plan.fixed_at.isoformat(),
            "specification": run.plan.specification,
        },
        "checks": [
            {"title": one.title, "outcome": one.outcome, "read": one.read, "limit": one.limit, "message": one.message}
            for one in run.checks.all()
        ],
        "measures": _measures(measurements, results),
        "claims": _claims(measurements, results),
        "segments": _segments(measurements),
    }


def _check(result: CheckResult) -> dict[str, Any]:
    check = result.check_row
    return {
        **{name: getattr(check, name) for name in ASKED},
        "advice": check.message,
        "outcome": result.outcome,
        "read": result.read,
        "message": result.message,
    }


def _measures(measurements: Sequence[Measurement], results: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "candidate": _number(one.candidate),
            "champion": _number(one.champion),
            "difference": _number(one.difference),
            "verdict": one.verdict,
            "reason": one.reason,
            "margin": one.margin,
            "limit": one.limit,
        }
        for one in compared_measures(measurements, results)
    ]


def _claims(measurements: Sequence[Measurement], results: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.metric,
            "claimed": one.claimed,
            "recomputed": _number(one.recomputed),
            "verdict": one.verdict,
            "reason": one.reason,
        }
        for one in claim_lines(results, measurements)
    ]


def _segments(measurements: Sequence[Measurement]) -> list[dict[str, Any]]:
    differences = {(m.slice_column, m.slice_level, m.name): m for m in measurements if m.measured == "difference"}
    lines = segment_lines(measurements)
    # Levels not assessed were measured last, behind other columns: they belong under their own.
    columns = list(dict.fromkeys(line.column for line in lines))
    lines.sort(key=lambda line: columns.index(line.column))
    return [
        {
            "column": column,
            "levels": [
                {
                    "level": line.level,
                    "n": line.n,
                    "measures": {
                        name: {
                            "candidate": _number(found),
                            "difference": _number(differences.get((column, line.level, name))),
                        }
                        for name, found in line.measures.items()
                    },
                }
                for line in found_lines
            ],
        }
        for column, found_lines in groupby(lines, key=operator.attrgetter("column"))
    ]


def _number(one: Measurement | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {name: getattr(one, name) for name in ("value", "lower", "upper", "n", "unit", "reason")}
