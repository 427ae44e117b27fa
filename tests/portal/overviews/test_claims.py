import pytest

from monitoring.rules.claims import ClaimVerdict
from portal.overviews.claims import CLAIM_STATES, ClaimLine, claim_lines
from portal.ui.words import look_of
from tests.factories.monitoring import FinishedRunFactory


def test_every_verdict_has_a_look() -> None:
    for verdict in ClaimVerdict:
        assert look_of(CLAIM_STATES[verdict])


def test_only_a_refuted_claim_does_not_hold() -> None:
    held = {verdict: ClaimLine("auc", 0.7, verdict, CLAIM_STATES[verdict]).holds for verdict in ClaimVerdict}
    assert [verdict for verdict, holds in held.items() if not holds] == [ClaimVerdict.DIFFERS, ClaimVerdict.OVERSTATED]


def test_a_claim_waits_until_it_is_recomputed() -> None:
    line = ClaimLine.waiting({"metric": "auc", "value": 0.7, "n": 5000, "snapshot_sha256": None})
    assert (line.state, line.spoken, line.n) == ("pending", "Not recomputed yet", 5000)
    assert line.sentence == "claimed 0.700, recomputed no data"


@pytest.mark.django_db
def test_a_claim_stands_beside_the_recomputed_value_and_its_interval() -> None:
    run = FinishedRunFactory.create()
    (line,) = claim_lines(run.results or {}, list(run.measurements.all()))
    assert line.recomputed is not None
    assert line.recomputed.slice_column == ""
    assert (line.recomputed.measured, line.recomputed.name) == ("candidate", line.metric)
    assert line.recomputed.lower is not None
    assert line.reason


def test_no_results_hold_no_claims() -> None:
    assert claim_lines({}, []) == []
