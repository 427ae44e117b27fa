"""What happened to a thing, newest first."""

from collections.abc import Sequence

from portal.core.actors import Actor
from portal.ledger.selectors import entries_about
from portal.overviews.entries import EntryLine, entry_lines

SHOWN = 12


def timeline(actor: Actor, *, topic: str, limit: int = SHOWN) -> Sequence[EntryLine]:
    """Return the newest entries of a topic that the actor may see, with the names of people and things."""
    return entry_lines(actor, entries_about(actor, topic=topic, limit=limit))
