"""What stands in the side bar."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One line of the side bar: `icon` of the sprite, `view` its URL name.

    `covers` are the first segments of the addresses for which it is marked; `apart` leaves a gap above it.
    """

    icon: str
    name: str
    view: str
    covers: tuple[str, ...]
    apart: bool = False


ENTRIES = (
    Entry("home", "Home", "home", ("",)),
    Entry("models", "Models", "models", ("models", "validation-runs")),
    Entry("reviews", "Reviews", "reviews", ("reviews",)),
    Entry("releases", "Releases", "releases", ("releases", "evidence")),
    Entry("policies", "Policies", "policies", ("policies",)),
    Entry("data", "Data", "datasets", ("data",)),
    Entry("audit", "Audit", "audit", ("audit", "keys"), apart=True),
    Entry("key", "Tokens", "tokens", ("tokens",)),
    Entry("start", "Quick start", "quick_start", ("quick-start",)),
)


def entry_at(path: str) -> Entry | None:
    """Return the entry under which an address lies, or None."""
    first = path.strip("/").split("/", 1)[0]
    return next((entry for entry in ENTRIES if first in entry.covers), None)
