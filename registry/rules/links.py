"""Places elsewhere that belong to a model, and people who can be asked about it; the portal visits and asks none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from portal.core.names import unseen_in
from registry.rules.values import is_text

MOST, LONGEST, LONGEST_URL = 20, 200, 2_000
URL = re.compile(r"https://(?!-)[^\s/@?#\\]+([/?#]\S*)?")
"""Over https, without a password in it."""
NOT_A_LINK = "Write a title, then its address, which begins with https:// and holds no password and no space."
NOT_A_CONTACT = "Write name; role; address with semicolons between them; leave the role empty where it is not known."


@dataclass(frozen=True)
class Link:
    """A page elsewhere."""

    title: str
    url: str


@dataclass(frozen=True)
class Contact:
    """Somebody, here or elsewhere, and by which e-mail address, page or number they are reached."""

    name: str
    role: str = ""
    address: str = ""

    @property
    def href(self) -> str:
        """Where a click leads; empty for a number and the like."""
        if URL.fullmatch(self.address):
            return self.address
        return f"mailto:{self.address}" if re.fullmatch(r"[^\s@:?&/]+@[^\s@:?&/]+", self.address) else ""


def links_of(text: str) -> list[Link]:
    """Return the links of a text, one a line: its title, then its address."""
    parts = [line.rpartition(" ") for line in _lines(text)]
    return [Link(title.strip(), url) for title, _, url in parts]


def contacts_of(text: str) -> list[Contact]:
    """Return the contacts of a text, one a line: name; role; address. What is too much stays in the address."""
    parts = [[part.strip() for part in line.split(";", 2)] for line in _lines(text)]
    return [Contact(*part) for part in parts]


def links_text(links: Sequence[Mapping[str, str]]) -> str:
    """Return kept links as the text that `links_of` reads."""
    return "\n".join(f"{one['title']} {one['url']}" for one in links)


def contacts_text(contacts: Sequence[Mapping[str, str]]) -> str:
    """Return kept contacts as the text that `contacts_of` reads."""
    return "\n".join("; ".join((one["name"], one["role"], one["address"])).rstrip("; ") for one in contacts)


def kept(rows: Sequence[Link] | Sequence[Contact]) -> list[dict[str, str]]:
    """Return links or contacts as a model keeps them, each once, without spaces around."""
    found = [{name: text.strip() for name, text in asdict(row).items()} for row in rows]
    return [row for place, row in enumerate(found) if row not in found[:place]]


def problems(links: Sequence[Link], contacts: Sequence[Contact]) -> dict[str, list[str]]:
    """Return what is wrong with them, by field."""
    wrong = {"links": [_wrong_link(one) for one in links], "contacts": [_wrong_contact(one) for one in contacts]}
    found = {name: next(filter(None, words), "") for name, words in wrong.items()}
    for name, words in wrong.items():
        if len(words) > MOST:
            found[name] = f"A model has at most {MOST}; these are {len(words)}."
    return {name: [words] for name, words in found.items() if words}


def _wrong_link(link: Link) -> str:
    if len(link.url) > LONGEST_URL or not URL.fullmatch(link.url) or not link.title.strip():
        return f"“{f'{link.title} {link.url}'.strip()[:LONGEST]}” is no link. {NOT_A_LINK}"
    return _unreadable(link.title) or (unseen_in(link.url) or "")


def _wrong_contact(contact: Contact) -> str:
    texts = (contact.name, contact.role, contact.address)
    # One part alone that holds an address was written with other separators.
    run_together = "," in contact.name and "@" in contact.name and texts[1:] == ("", "")
    if not contact.name.strip() or any(";" in text for text in texts) or run_together:
        return f"“{'; '.join(texts)[:LONGEST]}” is no contact. {NOT_A_CONTACT}"
    return next(filter(None, map(_unreadable, texts)), "")


def _unreadable(text: str) -> str:
    if not is_text(text) or "\n" in text or "\r" in text:
        return "This holds a character that can't be kept in one line."
    if len(text) > LONGEST:
        return f"Use at most {LONGEST} characters; one has {len(text)}."
    return unseen_in(text) or ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
