"""What the database refuses of a key that signs commits, whoever asks."""

import pytest

from portal.core.signatures import public_pem
from tests.factories.signatures import SignerKeyFactory, commit_key, signer_pem
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_registered_key_of_commits_stays_what_it_is() -> None:
    key = SignerKeyFactory.create(pem=public_pem(commit_key("ann").public_key()))
    assert key.curve == "ed25519"
    assert refused(key, pem=signer_pem("other"))
    assert refused(key, curve="secp256r1")
