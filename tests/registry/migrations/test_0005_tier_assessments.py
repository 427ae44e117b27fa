"""What the database refuses of tier assessments, whoever asks."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from registry.models import TierAssessment
from tests.factories.accounts import UserFactory
from tests.factories.registry import TierAssessmentFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PROPOSED = {"state": "proposed", "tier": 3, "computed_tier": 3}


def ended(state: str) -> dict[str, Any]:
    return {"state": state, "ended_by": UserFactory.create(), "ended_at": now()}


@pytest.mark.parametrize("columns", [{}, PROPOSED])
def test_what_was_answered_never_changes(columns: dict[str, Any]) -> None:
    row = TierAssessmentFactory.create(**columns)
    changes = {
        "answers": {}, "exposure": "low", "tier": 1, "computed_tier": 1, "tier_before": 1, "rationale": "Other.",
        "independent": True, "number": 9, "questionnaire_version": 2, "questionnaire_digest": "0" * 64,
        "assessed_by": UserFactory.create(), "assessed_at": now(),
    }  # fmt: skip
    for name, value in changes.items():
        assert refused(row, **{name: value}), name
    assert delete_refused(row)
    assert not refused(row, **ended("superseded"))


def test_what_ended_stays_ended_and_nothing_in_force_becomes_a_proposal() -> None:
    open_again = {"ended_by": None, "ended_at": None}
    for state in ("superseded", "withdrawn"):
        row = TierAssessmentFactory.create(**(PROPOSED | ended(state)))
        assert refused(row, state="in_force", **open_again)
        assert refused(row, state="proposed", **open_again)
        assert refused(row, ended_at=now())
    assert refused(TierAssessmentFactory.create(), **ended("withdrawn"))
    assert not refused(TierAssessmentFactory.create(**PROPOSED), state="in_force")


@pytest.mark.parametrize(
    "columns",
    [
        {"tier": 3},
        {"tier": 0},
        {"computed_tier": 4},
        {"rationale": ""},
        {"state": "proposed"},
        {"state": "superseded"},
    ],
)
def test_what_contradicts_itself_is_no_row(columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TierAssessmentFactory.create(**columns)


def test_a_model_has_one_assessment_in_force_and_one_proposal() -> None:
    row = TierAssessmentFactory.create()
    TierAssessmentFactory.create(model=row.model, **PROPOSED)
    for columns in ({}, PROPOSED):
        with pytest.raises(IntegrityError), transaction.atomic():
            TierAssessmentFactory.create(model=row.model, **columns)
    assert TierAssessment.objects.count() == 2
