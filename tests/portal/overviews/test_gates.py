import math

import pytest

from governance.choices import Outcome
from governance.selectors.gates import Evidence
from governance.services.gates import evaluate_gate
from portal.charts.numbers import MINUS
from portal.core.actors import SYSTEM
from portal.overviews.gates import gate_table, said
from tests.factories.governance import GateEvaluationFactory, evidence_now, ready_version
from tests.factories.registry import FindingFactory


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "no data"),
        (math.nan, "no data"),
        (True, "yes"),
        (False, "no"),
        (55628, "55,628"),
        (0.71543, "0.715"),
        (-0.0631, f"{MINUS}0.0631"),
        ("binary", "binary"),
        ("", "none"),
        (["a", "b"], "a, b"),
        ([], "none"),
    ],
)
def test_values_are_read_as_people_read_them(value: object, words: str) -> None:
    assert said(value) == words


@pytest.mark.django_db
def test_every_check_shows_what_it_read() -> None:
    evaluation = GateEvaluationFactory.create()
    table = gate_table(evaluation, evidence_now(evaluation))
    assert table is not None
    assert len(table.lines) == evaluation.results.count()
    assert (table.stops, table.passed_count) == ([], len(table.lines))
    ranking = next(line for line in table.lines if line.key == "ranking")
    assert [one.name for one in ranking.read] == ["validation.auc_lower"]
    assert float(ranking.read[0].exact) == pytest.approx(float(ranking.read[0].shown), abs=0.001)


@pytest.mark.django_db
def test_what_stops_comes_first_with_what_to_do() -> None:
    evaluation = evaluate_gate(actor=SYSTEM, version=ready_version(state="failed"), environment="production")
    table = gate_table(evaluation, evidence_now(evaluation))
    assert table is not None
    assert evaluation.outcome != Outcome.PASSED
    assert not table.lines[0].passed
    assert table.stops[0].message
    assert table.passed_count + len(table.stops) == len(table.lines)


@pytest.mark.django_db
def test_what_changed_since_the_evaluation_is_named_with_what_would_stop_now() -> None:
    evaluation = GateEvaluationFactory.create()
    table = gate_table(evaluation, evidence_now(evaluation))
    assert table is not None
    assert table.since is None
    finding = FindingFactory.create(model=evaluation.version.model, severity="high")
    table = gate_table(evaluation, evidence_now(evaluation))
    assert table is not None
    assert table.since is not None
    assert [(move.finding, move.verb) for move in table.since.findings] == [(finding, "raise")]
    assert [(one.name, one.before, one.now) for one in table.since.changed] == [
        ("findings.open", "0", "1"),
        ("findings.open_high", "0", "1"),
    ]
    assert table.since.stops == ["“No high finding open” (failed)"]
    over = gate_table(evaluation, evidence_now(evaluation), over=True)
    assert over is not None
    assert over.since is None


@pytest.mark.django_db
def test_nothing_evaluated_is_no_table() -> None:
    assert gate_table(None, Evidence(ready_version())) is None
