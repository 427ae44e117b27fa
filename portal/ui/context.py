"""What the frame around every page needs."""

from typing import Any

from django.http import HttpRequest

from portal.core.actors import Actor
from portal.ui.navigation import ENTRIES, entry_at, shortcuts


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the side bar with the entry that is marked in it, and the keyboard map."""
    actor = getattr(request, "actor", None)  # a page's request has one; an error's may not
    shown = [
        entry
        for entry in ENTRIES
        if not entry.capability or (isinstance(actor, Actor) and actor.may(entry.capability, None))
    ]
    return {"navigation": shown, "here": entry_at(request.path), "shortcuts": shortcuts(shown)}
