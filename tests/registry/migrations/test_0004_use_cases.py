"""What the database refuses of use cases, whoever asks."""

import pytest
from django.db import IntegrityError, transaction

from registry.models import UseCase
from tests.factories.registry import UseCaseFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
TEXTS = ("name", "purpose", "affected_persons", "decision", "rationale", "slug")


def test_no_use_case_is_deleted() -> None:
    for columns in ({}, {"approved": True}, {"rejected": True}, {"retired": True}):
        assert delete_refused(UseCaseFactory.create(**columns))


def test_a_proposal_changes_and_a_decided_use_case_no_more() -> None:
    assert not refused(UseCaseFactory.create(), purpose="Other.")
    for columns in ({"approved": True}, {"rejected": True}, {"retired": True}):
        use_case = UseCaseFactory.create(**columns)
        for name in TEXTS:
            assert refused(use_case, **{name: "Other."}), name
        assert refused(use_case, involved=[])


def test_no_use_case_goes_back() -> None:
    empty = {"decided_by": None, "decided_at": None, "rationale": ""}
    assert refused(UseCaseFactory.create(approved=True), state="proposed", **empty)
    assert refused(UseCaseFactory.create(approved=True), state="rejected")
    assert refused(UseCaseFactory.create(rejected=True), state="approved_for_development")
    assert refused(UseCaseFactory.create(retired=True), reason="Another.")


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ({}, {"state": "rejected"}),
        ({}, {"not_a_model": True}),
        ({"approved": True}, {"state": "in_use"}),
        ({"approved": True}, {"state": "retired"}),
        ({"approved": True}, {"reason": "Over."}),
    ],
)
def test_a_state_without_what_it_needs_is_refused(columns: dict[str, bool], values: dict[str, object]) -> None:
    use_case = UseCaseFactory.create(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        UseCase.objects.filter(pk=use_case.pk).update(**values)
