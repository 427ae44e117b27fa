"""Files of models, as spreadsheets and programs write them: CSV or JSON lines in, lines of texts out."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.core.formulas import unguarded
from registry.rules.imports import COMPUTED, DECLARED, MOST_LINES, NAMES, REQUIRED, Flaw, Line
from registry.rules.links import contacts_text, links_text

SPREADSHEETS = {
    b"PK\x03\x04": "This is a workbook, not a text.",
    b"\xd0\xcf\x11\xe0": "This is a workbook, not a text.",
    b"\xff\xfe": "This text is UTF-16.",
    b"\xfe\xff": "This text is UTF-16.",
}
SAVE = "Save the sheet as “CSV UTF-8”, then choose that file."
DELIMITERS = ",;\t"
LISTS: Mapping[str, tuple[Callable[[Any], str], tuple[str, ...]]] = {
    "tags": (", ".join, ()),
    "links": (links_text, ("title", "url")),
    "contacts": (contacts_text, ("name", "role", "address")),
}
"""What the API shows as a list and a file as a text: how the text is made, and of what each row consists."""
LONGEST_SHOWN = 60
MOST_NAMES, MOST_FLAWS = 100, 1_000
"""Names of columns that are looked at, and wrong lines after which no more is read: what has more is no such file."""


@dataclass
class Table:
    """The lines of a file, and what is wrong with those that are no lines of models."""

    lines: list[Line] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def say(self, line: int, words: str, column: str = "") -> None:
        """Note what is wrong; a name of a column is shown as far as it can be."""
        self.flaws.append(Flaw(line, column[:LONGEST_SHOWN].encode(errors="replace").decode(), words))

    @property
    def is_full(self) -> bool:
        """Whether so much is wrong that no more is read."""
        return len(self.flaws) >= MOST_FLAWS

    def add(self, number: int, cells: Mapping[str, str]) -> bool:
        """Keep a line; False where there are too many, and nothing more is read."""
        if len(self.lines) == MOST_LINES:
            self.say(number, f"A file has {MOST_LINES} models at most. Put this one and those below into another file.")
            return False
        self.lines.append(Line(number, cells))
        return True


def read(content: bytes) -> Table:
    """Return the lines of a file of models; JSON lines begin with a brace, anything else is CSV."""
    table = Table()
    text = _decoded(content, table)
    if text.lstrip().startswith("{"):
        _read_json(text, table)
    else:
        _read_csv(text, table)
    if not table.lines and not table.flaws:
        table.say(1, "The file is empty: it holds no model.")
    return table


def _decoded(content: bytes, table: Table) -> str:
    """Return the text without its byte-order mark; empty where it is none, which the table says then."""
    for beginning, words in SPREADSHEETS.items():
        if content.startswith(beginning):
            table.say(1, f"{words} {SAVE}")
            return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        table.say(content[: error.start].count(b"\n") + 1, f"A letter here is not in UTF-8. {SAVE}")
        return ""
    if "\0" in text:
        table.say(text[: text.index("\0")].count("\n") + 1, f"There is a NUL character: this is no text. {SAVE}")
        return ""
    return text


def _read_csv(text: str, table: Table) -> None:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    head: list[str] | None = None
    for number, cells in _records(text, delimiter, table):
        if not any(cell.strip() for cell in cells):
            continue
        if head is None:
            head = [cell.strip().lower().replace(" ", "_") for cell in cells]
            if not _is_head(head, number, table):
                return
            continue
        if table.is_full:
            return
        while len(cells) > len(head) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(head):
            words = f"This line has {len(cells)} cells, the head has {len(head)}."
            table.say(number, f"{words} A text that holds “{_shown(delimiter)}” stands in double quotes.")
        elif not table.add(number, {name: unguarded(cell) for name, cell in zip(head, cells, strict=True)}):
            return


def _records(text: str, delimiter: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of the line on which it begins: a text in quotes may go over many."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        words = "The double quotes from here on are not closed as they should be"
        table.say(number, f"{words} ({error}). Inside a quoted text each of them is written twice.")


def _is_head(head: Sequence[str], number: int, table: Table) -> bool:
    """Whether the first line names the columns, each known one once and all that are needed."""
    if len(head) > MOST_NAMES:
        table.say(number, f"The first line has {len(head)} cells: it does not name the columns of models.")
        return False
    for name in head:
        if name not in NAMES and name not in COMPUTED:
            table.say(number, f"There is no such column. The columns are {', '.join(NAMES)}.", name)
    for name in dict.fromkeys(name for name in head if head.count(name) > 1):
        table.say(number, "This column is there more than once.", name)
    for name in REQUIRED:
        if name not in head:
            table.say(number, "This column is missing.", name)
    return not table.flaws


def _read_json(text: str, table: Table) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if table.is_full:
            return
        if not line.strip():
            continue
        found = _object(line)
        if found is None:
            table.say(number, "This line is no JSON object. Each line is one, without line breaks in it.")
            continue
        _flatten(found)
        _flatten_lists(found)
        unknown = [name for name in found if name not in NAMES and name not in COMPUTED]
        wrong = [name for name, value in found.items() if value is not None and type(value) not in {str, int}]
        for name in unknown[:MOST_NAMES]:
            table.say(number, f"There is no such field. The fields are {', '.join(NAMES)}.", name)
        for name in wrong[:MOST_NAMES]:
            table.say(number, "Give a text, a whole number or null.", name)
        if unknown or wrong:
            continue
        if not table.add(number, {name: "" if value is None else str(value) for name, value in found.items()}):
            return


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _flatten(found: dict[str, Any]) -> None:
    """Put what the API's list of models declares into the columns for it."""
    declared = found.get("declared")
    if not isinstance(declared, list) or not all(isinstance(one, dict) for one in declared):
        return
    for one in found.pop("declared"):
        names = DECLARED.get(str(one.get("environment")), DECLARED["production"])
        keys = ("in_use_since", "deadline", "description")
        found |= {name: one.get(key) for name, key in zip(names, keys, strict=True)}


def _flatten_lists(found: dict[str, Any]) -> None:
    """Put the lists of tags, links and contacts that the API shows into a text each; others stay, and are refused."""
    for name, (text_of, parts) in LISTS.items():
        rows = found.get(name)
        if isinstance(rows, list) and all(_holds(row, parts) for row in rows):
            found[name] = text_of(rows)


def _holds(row: Any, parts: Sequence[str]) -> bool:
    """Whether a row of a list is a text, or an object of exactly these texts."""
    if not parts:
        return isinstance(row, str)
    return isinstance(row, dict) and row.keys() == set(parts) and all(isinstance(text, str) for text in row.values())


def _shown(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else delimiter
