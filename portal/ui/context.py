"""What the frame around every page needs."""

from typing import Any

from django.http import HttpRequest

from portal.ui.navigation import ENTRIES, entry_at


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the side bar and the entry that is marked in it."""
    return {"navigation": ENTRIES, "here": entry_at(request.path)}
