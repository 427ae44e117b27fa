from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from governance.models import ApprovalRequest, Decision, PolicyVersion
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
INSERT_ONLY = ("decision", "gateevaluation", "checkresult", "policycheck", "seat")


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except (DatabaseError, IntegrityError) as error:
        assert "refused" in str(error)
        return True
    return False


@pytest.mark.parametrize("table", INSERT_ONLY)
def test_what_was_evaluated_or_signed_is_neither_changed_nor_deleted(table: str) -> None:
    ApprovedRequestFactory.create()
    assert refused(f"UPDATE governance_{table} SET id = id")
    assert refused(f"DELETE FROM governance_{table}")


@pytest.mark.parametrize("column", ["document", "digest", "published_at", "published_by", "number"])
def test_published_policy_is_frozen_in_all_but_its_state(column: str) -> None:
    ApprovedRequestFactory.create()
    assert refused(f"UPDATE governance_policyversion SET {column} = " + ("'{}'" if column == "document" else "NULL"))
    assert refused("UPDATE governance_policyversion SET state = 'draft'")
    assert refused("DELETE FROM governance_policyversion")
    PolicyVersion.objects.update(state="superseded")
    assert refused("UPDATE governance_policyversion SET state = 'published'")


def frozen(make: Callable[[], ApprovalRequest]) -> None:
    request = make()
    for change in ("bundle = '{}'", "bundle_digest = ''", "expires_at = now()", "summary = ''", "opened_by_id = 1"):
        assert refused(f"UPDATE governance_approvalrequest SET {change} WHERE id = {request.pk}")
    assert refused(f"DELETE FROM governance_approvalrequest WHERE id = {request.pk}")


def test_what_a_request_covers_is_fixed_while_it_is_open_and_after() -> None:
    frozen(OpenRequestFactory.create)
    frozen(ApprovedRequestFactory.create)


def test_closed_request_never_opens_again() -> None:
    request = ApprovedRequestFactory.create()
    assert refused(f"UPDATE governance_approvalrequest SET state = 'open' WHERE id = {request.pk}")
    ApprovalRequest.objects.update(state="voided")
    assert refused(f"UPDATE governance_approvalrequest SET state = 'approved' WHERE id = {request.pk}")


def test_seat_is_signed_once_and_a_person_signs_a_request_once() -> None:
    request = ApprovedRequestFactory.create()
    made = Decision.objects.get()
    made.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)
    assert Decision.objects.get().request == request
