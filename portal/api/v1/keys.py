"""The installation's public keys."""

from typing import Any

from rest_framework import serializers

from portal.api.views import Listing
from portal.keys.models import PublicKey
from portal.keys.selectors import verifier_key


class PublicKeySerializer(serializers.ModelSerializer[PublicKey]):
    """A public key with the span in which its private part signed."""

    verifier = serializers.SerializerMethodField(
        help_text="Of a checkpoint key: as verifiers of signed notes take it (C2SP). Else null."
    )

    class Meta:
        model = PublicKey
        fields = ["key_id", "purpose", "valid_from", "valid_until", "pem", "verifier"]

    def get_verifier(self, row: PublicKey) -> str | None:
        """Return the verifier key."""
        return verifier_key(row)


class PublicKeyList(Listing):
    """List what signatures of decisions and checkpoints are checked with; every caller may."""

    serializer_class = PublicKeySerializer
    queryset = PublicKey.objects.none()
    filterset_fields = ["purpose"]

    def get_queryset(self) -> Any:
        """Return every public key."""
        return PublicKey.objects.all()
