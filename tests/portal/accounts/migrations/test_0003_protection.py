import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from portal.accounts.choices import Role
from portal.accounts.services.credentials import issue_link
from portal.core.actors import SYSTEM
from tests.factories.accounts import RoleGrantFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except (DatabaseError, IntegrityError) as error:
        assert "refused" in str(error)
        return True
    return False


def test_nobody_is_deleted_or_becomes_somebody_else() -> None:
    UserFactory.create()
    for statement in ("DELETE FROM accounts_user", "UPDATE accounts_user SET kind = 'service', owner_id = 1"):
        assert refused(statement)


def test_grant_says_forever_who_gave_what_to_whom_and_is_confirmed_and_revoked_once() -> None:
    RoleGrantFactory.create(role=Role.APPROVER)
    for change in ("role = 'admin'", "user_id = 1", "granted_by_id = 1", "granted_until = now()", "confirmed_by_id = NULL"):
        assert refused(f"UPDATE accounts_rolegrant SET {change}")
    assert not refused("UPDATE accounts_rolegrant SET revoked_at = now()")
    assert refused("UPDATE accounts_rolegrant SET revoked_at = NULL")
    assert refused("DELETE FROM accounts_rolegrant")


def test_change_of_credentials_is_not_prolonged_moved_or_opened_again() -> None:
    issue_link(actor=SYSTEM, user=UserFactory.create())
    for change in ("expires_at = now()", "user_id = 1", "secret_sha256 = 'x'", "requested_by_id = NULL, email = 'x'"):
        assert refused(f"UPDATE accounts_credentialchange SET {change}")
    assert not refused("UPDATE accounts_credentialchange SET withdrawn_at = now()")
    assert refused("UPDATE accounts_credentialchange SET withdrawn_at = NULL")
    assert refused("DELETE FROM accounts_credentialchange")
