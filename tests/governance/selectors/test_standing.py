from datetime import timedelta

import pytest

from governance.choices import Outcome
from governance.models import GateEvaluation
from governance.selectors import standing
from governance.selectors.standing import standing_of
from portal.core.clock import now
from registry.models import RegisteredModel
from tests.factories.governance import (
    ApprovedRequestFactory,
    GateEvaluationFactory,
    finished_run,
    next_version,
    ready_version,
)

pytestmark = pytest.mark.django_db


def test_time_alone_changes_nothing_until_the_evidence_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = GateEvaluationFactory.create()
    found = standing_of(evaluation)
    assert (found.changed, found.outcome) == ([], Outcome.PASSED)
    monkeypatch.setattr(standing, "now", lambda: now() + timedelta(days=31))
    found = standing_of(evaluation)
    assert (found.changed, found.outcome) == ([], Outcome.STALE)
    assert {check.key for check, _ in found.stops} >= {"ranking", "calibration"}


def test_a_newer_run_and_every_value_that_is_another_are_named() -> None:
    evaluation = GateEvaluationFactory.create()
    former = evaluation.run
    assert former is not None
    newer = finished_run(version=evaluation.version, plan=former.plan, state="failed")
    RegisteredModel.objects.filter(pk=evaluation.version.model_id).update(tier=1)
    found = standing_of(evaluation)
    changed = {one.name: (one.before, one.now) for one in found.changed}
    assert changed["validation run"] == (former.pk, newer.pk)
    assert changed["model.tier"] == (2, 1)
    assert found.outcome != Outcome.PASSED


def test_a_version_that_serves_is_not_compared_with_itself() -> None:
    champion = ApprovedRequestFactory.create(version=ready_version()).release.version
    candidate = next_version(model=champion.model, champion=champion)
    ApprovedRequestFactory.create(version=candidate)
    assert standing_of(GateEvaluation.objects.get(version=candidate)).changed == []
    former = {one.name for one in standing_of(GateEvaluation.objects.get(version=champion)).changed}
    assert former == {"production.exists", "comparison.current"}
