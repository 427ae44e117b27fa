"""What the database refuses to add, whoever asks: to a published policy, a closed request, a made evaluation."""

import pytest
from django.db import DatabaseError, connection, transaction

from governance.models import CheckResult, Decision, GateEvaluation, PolicyCheck, Seat
from tests.factories.governance import ApprovedRequestFactory, GateEvaluationFactory, OpenRequestFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
COPIES = {
    "governance_policycheck": "policy_version_id, 99, 'other', title, severity, tasks, expression, \"limit\", message",
    "governance_seat": "request_id, 99, title, role, meaning",
}
COLUMNS = {
    "governance_policycheck": "policy_version_id, position, key, title, severity, tasks, expression, \"limit\", message",
    "governance_seat": "request_id, position, title, role, meaning",
}


def refused(statement: str) -> bool:
    """Tell whether the database refuses it; what it takes is taken back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        assert "INSERT refused" in str(error), error
        return True
    return False


def copy_refused(table: str) -> bool:
    rows = f"SELECT {COPIES[table]} FROM {table} LIMIT 1"
    return refused(f"INSERT INTO {table} ({COLUMNS[table]}) {rows}")


def test_a_published_policy_takes_no_check() -> None:
    ApprovedRequestFactory.create()
    assert PolicyCheck.objects.exists()
    assert copy_refused("governance_policycheck")


def test_an_open_request_takes_seats_and_a_closed_one_takes_none() -> None:
    OpenRequestFactory.create()
    assert not copy_refused("governance_seat")
    ApprovedRequestFactory.create()
    Seat.objects.filter(request__state="approved").get()
    with pytest.raises(DatabaseError, match="is approved"), transaction.atomic():
        Seat.objects.create(
            request_id=Decision.objects.get().request_id, position=2, title="Second", role="sign", meaning="review"
        )


@pytest.mark.parametrize("state", ["approved", "rejected", "changes_requested", "withdrawn", "voided"])
def test_a_closed_request_takes_no_decision(state: str) -> None:
    request = ApprovedRequestFactory.create()
    made = request.decisions.get()
    if state != "approved":
        request = OpenRequestFactory.create()
        type(request).objects.filter(pk=request.pk).update(state=state)
    made.pk, made.request, made.signer = None, request, request.opened_by
    with pytest.raises(DatabaseError, match=f"is {state}, so governance_decision takes no more"), transaction.atomic():
        made.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_an_evaluation_takes_no_check_after_its_transaction() -> None:
    evaluation: GateEvaluation = GateEvaluationFactory.create()
    result = evaluation.results.all()[0]
    check = result.check_row
    with transaction.atomic():
        twin = GateEvaluation.objects.get(pk=evaluation.pk)
        twin.pk = None
        twin.save(force_insert=True)
        with transaction.atomic():
            CheckResult.objects.create(evaluation=twin, check_row=check, outcome="passed", read={})
    unused = PolicyCheck.objects.exclude(pk=check.pk)[0]
    with pytest.raises(DatabaseError, match="takes rows only with row"), transaction.atomic():
        CheckResult.objects.create(evaluation=twin, check_row=unused, outcome="passed", read={})


def test_triggers_fire_for_replicated_changes_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgname LIKE '%%_in_time' ORDER BY 1")
        assert cursor.fetchall() == [
            ("governance_checkresult_in_time", "A"),
            ("governance_decision_in_time", "A"),
            ("governance_policycheck_in_time", "A"),
            ("governance_seat_in_time", "A"),
            ("monitoring_columnprofile_in_time", "A"),
            ("monitoring_measurement_in_time", "A"),
            ("monitoring_validationcheck_in_time", "A"),
            ("registry_artifact_in_time", "A"),
        ]
