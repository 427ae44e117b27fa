"""The guides of docs/guides as pages show them: filled in for the reader, and whether a token of theirs would do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from portal.accounts.models import ApiToken, User
from portal.accounts.roles import ROLES
from portal.core.actors import Actor
from portal.core.clock import now

NEW_MODEL = ("read", "register_model", "register_version", "submit_version", "upload_dataset")
NEW_VERSION = ("read", "register_version", "submit_version")
EXAMPLES = ("portal_client.py", "register.ipynb")
"""Files of docs/examples that guides ask for."""
_CODE = re.compile(r"^```\w*\n(?P<fenced>.*?)^```$|^(?P<indented>(?: {4}[^\n]*\n)+)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)")


@dataclass(frozen=True)
class Guide:
    """A guide: its file's name without ending, what it is for, and the scopes that its snippets need."""

    slug: str
    name: str
    about: str
    scopes: tuple[str, ...]
    machine: bool = False
    """Whether a service account runs it, with a token of its own."""


GUIDES = (
    Guide("scikit-learn", "scikit-learn", "a fitted pipeline, held as skops", NEW_MODEL),
    Guide("lightgbm", "LightGBM", "a booster’s own file; XGBoost and CatBoost go the same way", NEW_MODEL),
    Guide("notebook", "Notebook", "cells that train and register what is committed", NEW_MODEL),
    Guide("ci", "CI", "every tagged commit, by a service account", NEW_VERSION, machine=True),
)


@dataclass(frozen=True)
class Part:
    """A piece of a guide: prose as CommonMark, or text to take along."""

    text: str
    is_code: bool


@dataclass(frozen=True)
class Readiness:
    """What the reader needs for a guide: `missing` are scopes that their roles don't hold, so no token of theirs can.

    `able` are names of their working tokens that carry every scope, `short` those that lack some, with what they lack.
    """

    scopes: Sequence[str]
    missing: Sequence[str]
    able: Sequence[str]
    short: Mapping[str, Sequence[str]]

    @property
    def roles(self) -> list[str]:
        """Return the roles that hold every scope."""
        return [str(role) for role, held in ROLES.items() if held.issuperset(self.scopes)]


def guide_named(slug: str) -> Guide | None:
    """Return the guide, if there is one of this name."""
    return next((one for one in GUIDES if one.slug == slug), None)


def readiness(actor: Actor, user: User, wanted: Iterable[Sequence[str]]) -> list[Readiness]:
    """Return for each list of scopes whether the reader's roles and working tokens carry it."""
    tokens = [row for row in ApiToken.objects.filter(user=user, revoked_at=None) if row.works_at(now())]
    held = {grant.capability for grant in actor.grants}
    return [_ready(held, tokens, scopes) for scopes in wanted]


def parts_of(guide: Guide, *, filled: Mapping[str, str], addresses: Mapping[str, str]) -> list[Part]:
    """Return a guide without its title, in pieces.

    `filled` says what stands in place of the examples' own words, `addresses` where files and other guides are: what
    has none is named instead. Raises OSError where the installation has no guides.
    """
    text = (Path(settings.DOCS) / "guides" / f"{guide.slug}.md").read_text().split("\n", 1)[1]
    for own, theirs in filled.items():
        text = text.replace(own, theirs)
    parts, at = [], 0
    for found in _CODE.finditer(text):
        parts.append(Part(_linked(text[at : found.start()], addresses), is_code=False))
        code = found["fenced"] or re.sub(r"^ {4}", "", found["indented"], flags=re.MULTILINE)
        parts.append(Part(code.rstrip("\n"), is_code=True))
        at = found.end()
    parts.append(Part(_linked(text[at:], addresses), is_code=False))
    return [part for part in parts if part.text.strip()]


def _ready(held: set[str], tokens: Sequence[ApiToken], scopes: Sequence[str]) -> Readiness:
    missing = [scope for scope in scopes if scope not in held]
    lacks = {row.name: [scope for scope in scopes if scope not in row.scopes] for row in tokens}
    return Readiness(
        scopes=scopes,
        missing=missing,
        able=[] if missing else [name for name, lacking in lacks.items() if not lacking],
        short={name: lacking for name, lacking in lacks.items() if lacking},
    )


def _linked(prose: str, addresses: Mapping[str, str]) -> str:
    """Point links at the portal's own addresses."""

    def point(found: re.Match[str]) -> str:
        to = addresses.get(found["to"].rpartition("/")[2])
        return f"[{found['text']}]({to})" if to else f"{found['text']} (`docs/{found['to'].removeprefix('../')}`)"

    return _LINK.sub(point, prose)
