"""From one checkpoint key to the next: the former signs the entry that names its successor, then signs no more."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.ledger import keeping, notes
from portal.ledger.sequencing import BATCH, Connection, checkpoints_folder, sequence_batch, turn


def hand_over(
    connection: Connection, *, successor: Ed25519PublicKey, put_in_place: Callable[[], None], former_signs: bool = True
) -> None:
    """Sequence what is pending under the former key, make the successor known, and put its private part in place.

    The connection is a sequencer's; no other signs meanwhile. Safe to repeat after a crash. A former key that was
    lost signs nothing more: then only the operator's word stands for the successor.
    """
    verifier, folder = notes.verifier_key(settings.LEDGER_ORIGIN, successor), checkpoints_folder()
    with turn(connection):
        if keeping.verifiers(folder)[-1:] != [verifier]:
            while former_signs and sequence_batch(connection) == BATCH:
                pass  # a batch that was not full held everything that was pending before it
            keeping.keep_verifier(folder, verifier)
        put_in_place()
