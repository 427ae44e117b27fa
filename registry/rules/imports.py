"""Files of models: which columns they have, and what is wrong with a line before anything is looked up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from registry.choices import Environment, Implementation, Origin, Task
from registry.rules.links import Contact, Link, contacts_of, links_of
from registry.rules.registration import TIERS
from registry.rules.tags import separated
from registry.rules.values import is_text

MOST_BYTES, MOST_LINES = 1_500_000, 2_000
"""A page holds the bytes between the dry run and the import, and one transaction writes all lines."""


@dataclass(frozen=True)
class Column:
    """A column of a file of models."""

    name: str
    meaning: str
    required: bool = False


DECLARED: Mapping[str, tuple[str, str, str]] = {
    Environment.PRODUCTION: ("in_use_since", "deadline", "in_use_as"),
    Environment.STAGING: ("staging_in_use_since", "staging_deadline", "staging_in_use_as"),
}
"""By environment, the columns that declare what was in use there before the portal: since, deadline, what."""
COLUMNS = (
    Column("slug", "Its name in addresses: letters, digits, hyphens, underscores; unique in the installation.", True),
    Column("name", "What people call it.", True),
    Column("purpose", "The decision that is made with it.", True),
    Column("team", "Slug of the team that owns it; you may register models there.", True),
    Column("owner", "E-mail address of who answers for it.", True),
    Column(
        "tier", "1 (the highest impact), 2 or 3. It counts as not assessed until somebody answers the questions.", True
    ),
    Column("task", f"One of {', '.join(Task.values)}.", True),
    Column("implementation", f"One of {', '.join(Implementation.values)}.", True),
    Column("backup", "E-mail address of who answers when the owner can't."),
    Column("origin", "own, or vendor; empty: own."),
    Column("mlflow_name", "By which MLflow clients know it; unique in the installation."),
    Column("tags", "Labels, with commas between them; spelled with small letters, and hyphens for spaces."),
    Column("links", "Pages elsewhere, one a line: its title, then its address over https."),
    Column("contacts", "Whom to ask, one a line: name; role; e-mail address, page or number."),
    Column("use_case", "Slug of a use case of its team that takes models."),
    Column("retirement", "Why it was retired; empty for what is in service."),
    Column("in_use_since", "Day since when it is in use in production, where that was before the portal: 2021-03-01."),
    Column("deadline", "Day by which it goes through the gates then."),
    Column("in_use_as", "What is in use then, in words: version, place. Empty: its name."),
    Column("staging_in_use_since", "The same for staging."),
    Column("staging_deadline", "The same for staging."),
    Column("staging_in_use_as", "The same for staging."),
)
NAMES = tuple(column.name for column in COLUMNS)
REQUIRED = tuple(column.name for column in COLUMNS if column.required)
PERSONAL = frozenset({"owner", "backup", "contacts"})
"""Columns that name people."""
MOST_SHOWN = 60
COMPUTED = frozenset({"tier_standing", "created_at", "retired_at"})
"""What the portal's own lists say beside these, and nobody can bring along."""


@dataclass(frozen=True)
class Line:
    """A line of a file: its number, and its texts by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Flaw:
    """What is wrong where, and what to do; no column where it is the whole line.

    `slug` is the model that the line names, `value` what its cell holds; empty where nothing could be read.
    """

    line: int
    column: str
    words: str
    slug: str = ""
    value: str = ""

    @property
    def place(self) -> str:
        """Return the name of the place, as errors are told by."""
        return f"line {self.line}, {self.column}" if self.column else f"line {self.line}"

    @property
    def told(self) -> str:
        """Return the words with the model and the value; people's addresses are left out, because jobs keep this."""
        about = f"“{self.value}”" if self.value and self.column not in PERSONAL else ""
        of = self.slug if self.column != "slug" else ""
        start = " of ".join(part for part in (about, of) if part)
        return f"{start}: {self.words}" if start else self.words


def in_full(flaws: Iterable[Flaw], lines: Iterable[Line]) -> list[Flaw]:
    """Return the flaws with what their lines and cells say, cut where it is long, in the order of the lines."""
    cells = {line.number: line.cells for line in lines}
    return [
        replace(
            flaw, slug=shown(cells.get(flaw.line, {}).get("slug", "")),
            value=shown(cells.get(flaw.line, {}).get(flaw.column, "")),
        )
        for flaw in sorted(flaws, key=lambda flaw: flaw.line)
    ]  # fmt: skip


def shown(cell: str) -> str:
    """Return a cell as a report shows it: in one line, cut where it is long, without what no page can say."""
    text = " ".join(cell.encode(errors="replace").decode().replace("\0", "?").split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


@dataclass(frozen=True)
class Declared:
    """What was in use in an environment before the portal."""

    environment: str
    in_use_since: date
    deadline: date
    description: str


@dataclass(frozen=True)
class ModelLine:
    """A line whose texts have the right shape; people, team and use case are names that may mean nothing."""

    number: int
    slug: str
    name: str
    purpose: str
    team: str
    owner: str
    backup: str
    tier: int
    task: str
    implementation: str
    origin: str
    mlflow_name: str | None
    tags: Sequence[str]
    links: Sequence[Link]
    contacts: Sequence[Contact]
    use_case: str
    retirement: str
    declared: Sequence[Declared]


def parsed(line: Line) -> tuple[ModelLine | None, list[Flaw]]:
    """Return what a line says, and what is wrong with its texts; None where something is."""
    reading = _Reading(line)
    reading.require(REQUIRED)
    read = ModelLine(
        number=line.number,
        **{name: reading.text(name) for name in ("slug", "name", "purpose", "team", "backup", "use_case")},
        owner=reading.text("owner"),
        tier=reading.tier(),
        task=reading.choice("task", Task.choices),
        implementation=reading.choice("implementation", Implementation.choices),
        origin=reading.choice("origin", Origin.choices) or Origin.OWN,
        mlflow_name=reading.text("mlflow_name") or None,
        tags=separated(reading.text("tags")),
        links=links_of(reading.text("links")),
        contacts=contacts_of(reading.text("contacts")),
        retirement=reading.text("retirement"),
        declared=[one for environment in DECLARED if (one := reading.declared(environment)) is not None],
    )
    if read.retirement and any(reading.text(name) for names in DECLARED.values() for name in names):
        reading.say("retirement", "What is retired is not in use: leave this empty, or the days since when it is.")
    return (None if reading.flaws else read), reading.flaws


class _Reading:
    """Reads the cells of one line, and keeps what is wrong with them."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.flaws: list[Flaw] = []
        for name, cell in line.cells.items():
            if not is_text(cell):
                self.say(name, "This holds a character that can't be stored. Write it anew, without it.")

    def say(self, column: str, words: str) -> None:
        self.flaws.append(Flaw(self._line.number, column, words))

    def text(self, column: str) -> str:
        return self._line.cells.get(column, "").strip()

    def require(self, columns: Iterable[str]) -> None:
        for name in columns:
            if not self.text(name):
                self.say(name, "This is empty. Fill it in.")

    def tier(self) -> int:
        text = self.text("tier")
        if text in {str(tier) for tier in TIERS}:
            return int(text)
        if text:
            self.say("tier", "A tier is 1 (the highest impact), 2 or 3. Where nobody knows, say 1.")
        return 0

    def choice(self, column: str, choices: Iterable[tuple[str, str]]) -> str:
        """Return the value that the cell names, by itself or by the words that pages show for it."""
        text = self.text(column)
        known = {spelling.lower(): value for value, label in choices for spelling in (label, value)}
        if text and text.lower() not in known:
            self.say(column, f"Choose one of {', '.join(dict.fromkeys(known.values()))}.")
        return known.get(text.lower(), "")

    def day(self, column: str) -> date | None:
        text = self.text(column)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            words = "Write the day as 2021-03-01; a spreadsheet keeps it so in a column that is formatted as text."
            self.say(column, words)
            return None

    def declared(self, environment: str) -> Declared | None:
        """Return what is declared in an environment; None where nothing is, or it can't be read."""
        since_in, deadline_in, what_in = DECLARED[environment]
        since, deadline, what = self.day(since_in), self.day(deadline_in), self.text(what_in)
        if self.text(since_in) and not self.text(deadline_in):
            self.say(deadline_in, "Say by which day it goes through the gates.")
        elif not self.text(since_in) and (self.text(deadline_in) or what):
            self.say(since_in, "Say since which day it is in use.")
        if since is None or deadline is None:
            return None
        return Declared(environment, since, deadline, what or self.text("name"))
