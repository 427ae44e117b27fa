"""What the database refuses of signers' keys and of signatures, whoever asks."""

import pytest
from django.db import IntegrityError

from portal.core.clock import now
from registry.models import SignerKey
from tests.factories.accounts import TeamFactory, UserFactory
from tests.factories.registry import ArtifactFactory
from tests.factories.signatures import SignerKeyFactory, signer_pem
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_registered_key_stays_what_it_is_and_is_withdrawn_once() -> None:
    key = SignerKeyFactory.create()
    changes = {
        "team": TeamFactory.create(), "name": "Other", "key_id": "0" * 64, "pem": signer_pem("other"),
        "curve": "secp384r1", "registered_by": UserFactory.create(), "registered_at": now(),
    }  # fmt: skip
    for name, value in changes.items():
        assert refused(key, **{name: value}), name
    assert delete_refused(key)
    key.withdrawn_at, key.withdrawn_by = now(), UserFactory.create()
    key.save()
    assert refused(key, withdrawn_at=None, withdrawn_by=None)


def test_a_key_is_withdrawn_by_somebody() -> None:
    key = SignerKeyFactory.create(withdrawn_at=None)
    with pytest.raises(IntegrityError, match="signer_key_withdrawn_by_somebody"):
        SignerKey.objects.filter(pk=key.pk).update(withdrawn_at=now())


def test_a_signature_is_frozen_as_every_file_is() -> None:
    artifact = ArtifactFactory.create(role="signature", name="model.sig")
    assert refused(artifact, name="other.sig")
    assert refused(artifact, role="other")
    assert delete_refused(artifact)
