"""What stands in the side bar, and the keys that lead there."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One line of the side bar: `icon` of the sprite, `view` its URL name.

    `covers` are the first segments of the addresses for which it is marked, `inside` what follows a model's name in
    those that are its own all the same; `key` leads there after "g"; `apart`
    leaves a gap above it; only who holds `capability` for the whole installation is shown it.
    """

    icon: str
    name: str
    view: str
    covers: tuple[str, ...]
    key: str = ""
    apart: bool = False
    capability: str = ""
    inside: tuple[str, ...] = ()


ENTRIES = (
    Entry("home", "Home", "home", ("",), "h"),
    Entry("use_cases", "Use cases", "use_cases", ("use-cases", "propose-use-case"), "c"),
    Entry("models", "Models", "models", ("models", "validation-runs", "compare", "import-models"), "m"),
    Entry("findings", "Findings", "findings", ("findings",), "f", inside=("findings", "raise-finding")),
    Entry("reviews", "Reviews", "reviews", ("reviews",), "r"),
    Entry("releases", "Releases", "releases", ("releases", "evidence"), "l"),
    Entry("policies", "Policies", "policies", ("policies",), "p"),
    Entry("data", "Data", "datasets", ("data", "lineage"), "d"),
    Entry("audit", "Audit", "audit", ("audit", "keys"), "a", apart=True),
    Entry("admin", "Administration", "admin", ("admin",), "u", capability="manage_users"),
    Entry("key", "Tokens", "tokens", ("tokens",), "t"),
    Entry("start", "Quick start", "quick_start", ("quick-start",), "q"),
)


@dataclass(frozen=True)
class Shortcut:
    """Keys pressed one after another, and what they do."""

    keys: tuple[str, ...]
    does: str


EVERYWHERE = (
    Shortcut(("/",), "Search"),
    Shortcut(("?",), "Show these keys"),
    Shortcut(("j",), "Next row"),
    Shortcut(("k",), "Row before"),
    Shortcut(("Enter",), "Open the row"),
    Shortcut(("Esc",), "Close, or leave a field"),
)


def shortcuts(shown: Iterable[Entry]) -> list[Shortcut]:
    """Return the keyboard map: what works on every page, and the way to the entries that are shown."""
    ways = (Shortcut(("g", entry.key), f"Go to {entry.name}") for entry in shown if entry.key)
    return [*EVERYWHERE, *ways]


def entry_at(path: str) -> Entry | None:
    """Return the entry under which an address lies, or None."""
    first, *rest = path.strip("/").split("/")
    inside = rest[1] if first == "models" and len(rest) > 1 else ""
    own = next((entry for entry in ENTRIES if inside in entry.inside), None)
    return own or next((entry for entry in ENTRIES if first in entry.covers), None)
