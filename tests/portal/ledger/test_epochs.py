import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.ledger import epochs, notes
from portal.ledger.epochs import Lost, Opening, Signed, Standing

LOG = "log.example/one"
ROOT, OTHER = b"\1" * 32, b"\2" * 32
SECOND = Opening(2, 50, "", (Lost(1, 50, 100, ROOT.hex()),))
# Restored from a backup of the first epoch that reached 80: the second is lost from its beginning.
FOURTH = Opening(4, 80, "", (Lost(2, 0, 60, ROOT.hex()),))


@pytest.mark.parametrize("epoch", [1, 2, 17])
def test_an_epochs_checkpoints_are_signed_under_its_origin(epoch: int) -> None:
    key = Ed25519PrivateKey.generate()
    origin = epochs.origin_of(LOG, epoch)
    text = notes.checkpoint_text(notes.CheckpointBody(origin, 3, ROOT))
    note = notes.sign(text, name=origin, key=key)
    assert epochs.opened(note, log=LOG, keys=[key.public_key()]) == Signed(epoch, 3, ROOT)
    assert epochs.stated(note, log=LOG) == Signed(epoch, 3, ROOT)


@pytest.mark.parametrize("origin", ["other", f"{LOG}#1", f"{LOG}#02", f"{LOG}#", f"{LOG}#x", f"{LOG}#2#3", f"{LOG}#0"])
def test_other_origins_are_other_logs(origin: str) -> None:
    key = Ed25519PrivateKey.generate()
    text = notes.checkpoint_text(notes.CheckpointBody(origin, 3, ROOT))
    note = notes.sign(text, name=LOG, key=key)
    assert epochs.stated(note, log=LOG) is None
    with pytest.raises(notes.NoteInvalid, match="of another log"):
        epochs.opened(note, log=LOG, keys=[key.public_key()])


def test_a_checkpoint_signed_under_another_epochs_name_is_refused() -> None:
    key = Ed25519PrivateKey.generate()
    text = notes.checkpoint_text(notes.CheckpointBody(f"{LOG}#2", 3, ROOT))
    with pytest.raises(notes.NoteInvalid, match="not signed by"):
        epochs.opened(notes.sign(text, name=LOG, key=key), log=LOG, keys=[key.public_key()])


@pytest.mark.parametrize(
    ("openings", "signed", "expected"),
    [
        ([], Signed(1, 7, ROOT), Standing.IN_LOG),
        ([], Signed(2, 7, ROOT), Standing.UNOPENED),
        ([SECOND], Signed(1, 50, OTHER), Standing.IN_LOG),
        ([SECOND], Signed(1, 51, OTHER), Standing.LOST),
        ([SECOND], Signed(1, 100, ROOT), Standing.LOST),
        ([SECOND], Signed(1, 100, OTHER), Standing.UNDECLARED),
        ([SECOND], Signed(1, 101, ROOT), Standing.UNDECLARED),
        ([SECOND], Signed(2, 60, ROOT), Standing.IN_LOG),
        ([SECOND], Signed(3, 60, ROOT), Standing.UNOPENED),
        ([FOURTH], Signed(2, 55, OTHER), Standing.LOST),
        ([FOURTH], Signed(2, 61, OTHER), Standing.UNOPENED),
        ([FOURTH], Signed(1, 80, OTHER), Standing.IN_LOG),
        ([FOURTH], Signed(1, 81, OTHER), Standing.UNDECLARED),
        ([FOURTH], Signed(3, 5, OTHER), Standing.UNOPENED),
        ([FOURTH], Signed(4, 90, OTHER), Standing.IN_LOG),
    ],
)
def test_each_checkpoint_stands_as_the_openings_say(
    openings: list[Opening], signed: Signed, expected: Standing
) -> None:
    assert epochs.standing(openings, signed) == expected


@pytest.mark.parametrize("payload", [b"no", b"{}", b'{"data":{"epoch":2}}', b'{"data":{"epoch":"x","start":1}}'])
def test_an_entry_that_opens_nothing_is_no_opening(payload: bytes) -> None:
    assert Opening.read(payload) is None
