import pytest
from django.test import Client
from django.urls import reverse

from portal.core.actors import SYSTEM
from portal.keys.choices import Purpose
from portal.keys.models import PublicKey
from portal.keys.services import register_first_key
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    """A person who holds no role at all."""
    client.force_login(UserFactory.create())
    return client


def test_before_a_key_is_registered_the_page_says_who_does_it(reader: Client) -> None:
    assert "manage.py register_keys" in reader.get(reverse("keys")).content.decode()


def test_everyone_who_signs_in_reads_keys_with_purpose_span_and_both_forms(reader: Client) -> None:
    for purpose in Purpose:
        register_first_key(actor=SYSTEM, purpose=purpose)
    page = reader.get(reverse("keys")).content.decode()
    for key in PublicKey.objects.all():
        row = page[page.index(f'<tr id="{key.key_id}">') :].split("</tr>", 1)[0]
        assert key.get_purpose_display() in row
        assert key.pem.strip() in row
        assert "the beginning" in row
        assert ("countersign.local/ledger+" in row) == (key.purpose == Purpose.CHECKPOINT)
    reader.logout()
    assert reader.get(reverse("keys")).status_code == 302
