from datetime import timedelta

import pytest

from governance.choices import Outcome
from governance.models import GateEvaluation
from governance.selectors import gates
from governance.selectors.standing import Standing, standing_of
from portal.core.clock import now
from registry.models import RegisteredModel
from tests.factories.governance import (
    ApprovedRequestFactory,
    GateEvaluationFactory,
    evidence_now,
    finished_run,
    next_version,
    ready_version,
)

pytestmark = pytest.mark.django_db


def as_of_now(evaluation: GateEvaluation) -> Standing:
    return standing_of(evaluation, evidence_now(evaluation))


def test_time_alone_changes_nothing_until_the_evidence_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = GateEvaluationFactory.create()
    found = as_of_now(evaluation)
    assert (found.changed, found.outcome) == ([], Outcome.PASSED)
    monkeypatch.setattr(gates, "now", lambda: now() + timedelta(days=31))
    found = as_of_now(evaluation)
    assert (found.changed, found.outcome) == ([], Outcome.STALE)
    assert {check.key for check, _ in found.stops} >= {"ranking", "calibration"}


def test_a_newer_run_and_every_value_that_is_another_are_named() -> None:
    evaluation = GateEvaluationFactory.create()
    former = evaluation.run
    assert former is not None
    newer = finished_run(version=evaluation.version, plan=former.plan, state="failed")
    RegisteredModel.objects.filter(pk=evaluation.version.model_id).update(tier=1)
    found = as_of_now(evaluation)
    changed = {one.name: (one.before, one.now) for one in found.changed}
    assert changed["validation run"] == (former.pk, newer.pk)
    assert changed["model.tier"] == (2, 1)
    assert found.outcome != Outcome.PASSED


def test_a_version_that_serves_is_not_compared_with_itself() -> None:
    champion = ApprovedRequestFactory.create(version=ready_version()).release.version
    candidate = next_version(model=champion.model, champion=champion)
    ApprovedRequestFactory.create(version=candidate)
    assert as_of_now(GateEvaluation.objects.get(version=candidate)).changed == []
    former = {one.name for one in as_of_now(GateEvaluation.objects.get(version=champion)).changed}
    assert former == {"production.exists", "comparison.current"}
