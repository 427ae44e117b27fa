"""Signers' keys, and what they sign."""

import hashlib
import json
from collections.abc import Mapping

import factory
from cryptography.hazmat.primitives.asymmetric import ec

from portal.core.clock import now
from portal.core.signatures import public_pem
from registry.models import SignerKey
from registry.rules.model_signing import bundle_of, public_key
from tests.factories.accounts import TeamFactory, UserFactory


def signing_key(seed: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key of this seed: the same each time."""
    return ec.derive_private_key(int(hashlib.sha256(seed.encode()).hexdigest(), 16) >> 8, ec.SECP256R1())


def signer_pem(seed: str) -> str:
    """Return the public part of the key of this seed."""
    return public_pem(signing_key(seed).public_key())


def supplied_signature(seed: str, files: Mapping[str, bytes]) -> bytes:
    """Return a model.sig over the files by the key of this seed."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return json.dumps(bundle_of(name="model", files=digests, ignored=[], key=signing_key(seed))).encode()


class SignerKeyFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A key that holds; the seed makes it."""

    class Meta:
        model = SignerKey

    class Params:
        seed = factory.Sequence(lambda n: f"signer {n}")

    team = factory.SubFactory(TeamFactory)
    name = "Vendor"
    pem = factory.LazyAttribute(lambda key: signer_pem(key.seed))
    key_id = factory.LazyAttribute(lambda key: public_key(key.pem)[0])
    curve = "secp256r1"
    registered_by = factory.SubFactory(UserFactory)
    registered_at = factory.LazyFunction(now)
