import pytest

from portal.accounts.services.credentials import change_email
from portal.core.actors import SYSTEM
from tests.factories.accounts import UserFactory
from tests.portal.accounts.migrations.test_0003_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_former_address_is_neither_changed_nor_forgotten() -> None:
    change_email(actor=SYSTEM, user=UserFactory.create(), email="new@example.org")
    assert refused("UPDATE accounts_formeraddress SET email = 'other@example.org'")
    assert refused("DELETE FROM accounts_formeraddress")
