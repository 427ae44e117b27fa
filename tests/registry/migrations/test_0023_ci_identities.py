"""What the database refuses of CI issuers, whoever asks."""

import pytest
from django.db import IntegrityError

from portal.core.clock import now
from registry.models import CiIssuer
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.ci import CiIssuerFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_registered_issuer_stays_what_it_is_and_is_withdrawn_once() -> None:
    row = CiIssuerFactory.create()
    changes = {
        "team": TeamFactory.create(), "provider": "gitlab", "issuer": "https://other.example.org", "audience": "other",
        "host": "other.example.org", "keys": [], "registered_by": UserFactory.create(), "registered_at": now(),
    }  # fmt: skip
    for name, value in changes.items():
        assert refused(row, **{name: value}), name
    assert delete_refused(row)
    row.withdrawn_at, row.withdrawn_by = now(), UserFactory.create()
    row.save()
    assert refused(row, withdrawn_at=None, withdrawn_by=None)


def test_an_issuer_is_withdrawn_by_somebody() -> None:
    row = CiIssuerFactory.create()
    with pytest.raises(IntegrityError, match="ci_issuer_withdrawn_by_somebody"):
        CiIssuer.objects.filter(pk=row.pk).update(withdrawn_at=now())


def test_one_set_of_keys_holds_at_a_time() -> None:
    row = CiIssuerFactory.create()
    with pytest.raises(IntegrityError, match="ci_issuer_holds_once"):
        CiIssuerFactory.create(team=row.team, audience=row.audience)
