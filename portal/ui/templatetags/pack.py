"""Parts of evidence packs: for paper, without symbols from files, styles or scripts. Templates of reports load them."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.charts import marks, numbers
from portal.charts.palette import PAPER

register = template.Library()

# A status is a shape and a word. Shapes differ in outline and weight, so that grey print and fax keep them apart.
SHAPES: Mapping[str, str] = {
    "✓": "passed held verified signed approved closed resolved equal nothing_open",
    "▲": "better",
    "△": "not_worse not_contradicted",
    "✕": "not_passed failed errored missing worse differs overstated rejected timed_out",
    "◇": "active waived voided withdrawn superseded rolled_back halted retired",
    "◐": "stale expired lapsed",
    "○": "open changes_requested queued running planned",
    "–": "no_data skipped not_assessed not_comparable excluded cancelled",
    "·": "info",
}
SHAPE_OF = {word: shape for shape, words in SHAPES.items() for word in words.split()}
WORDS = {"failed": "not passed", "info": "reported", "excluded": "may not sign", "equal": "equal"}
LOUD = frozenset(SHAPES["✕"].split())
MARKED = frozenset(f"{SHAPES['◇']} {SHAPES['◐']} {SHAPES['○']}".split()) - {"active"}
DIGITS_SHOWN = 12
DIGEST = re.compile(r"[0-9a-f]{64}")
LONG_TITLE, LONGER_TITLE = 26, 60
OWN_BLOCK = 300
"""Characters from which a text from right to left gets a block of its own."""

# --- words -------------------------------------------------------------------------------------------------------


@register.simple_tag
def status(name: str) -> SafeString:
    """Show a state as shape and word; an unknown one is printed with the shape of what is open."""
    key = str(name).replace(" ", "_")
    weight = "loud" if key in LOUD else "marked" if key in MARKED or key not in SHAPE_OF else "quiet"
    word = WORDS.get(key, key.replace("_", " "))
    return format_html(
        '<span class="st {}"><span class="sh">{}</span>\u00a0{}</span>',
        weight,
        SHAPE_OF.get(key, "○"),
        word.replace(" ", "\u00a0"),
    )


@register.filter
def line(text: str) -> SafeString:
    """Show what a person typed (cleaned before), breakable anywhere, isolated from its neighbours."""
    if _first_direction(text) == "ltr":
        return format_html('<bdi class="free">{}</bdi>', text)
    # WeasyPrint knows no unicode-bidi: isolate; a box of its own isolates as well.
    return format_html('<bdi class="free rtl {}">{}</bdi>', "block" if len(text) > OWN_BLOCK else "", text)


@register.filter
def paragraphs(text: str) -> SafeString:
    """Show a text of several lines, a paragraph for each."""
    lines = [one.strip() for one in text.splitlines() if one.strip()]
    return format_html_join(
        "", '<p class="{}">{}</p>', (("" if _first_direction(one) == "ltr" else "rtl", one) for one in lines)
    )


@register.filter
def shorten(text: str, limit: int) -> str:
    """Cut a text for the cover, where the sections behind it have all of it."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@register.filter
def title_size(text: str) -> str:
    """The class of a title: long names are set smaller."""
    return "" if len(text) <= LONG_TITLE else "long" if len(text) <= LONGER_TITLE else "longer"


@register.filter
def add_number(text: str, number: int) -> str:
    """A text with a number behind it: "4.3." and 2 give "4.3.2"."""
    return f"{text}{number}"


@register.filter
def spaced(text: str) -> str:
    """A stored word as a person reads it."""
    return str(text).replace("_", " ")


def _first_direction(text: str) -> str:
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


# --- digests -----------------------------------------------------------------------------------------------------


@register.filter
def short(digest: str) -> SafeString:
    """Show the first twelve digits: enough to recognise, never enough to prove."""
    return format_html('<code class="dg">{}</code>', digest[:DIGITS_SHOWN] or "none")


@register.filter
def full(digest: str) -> SafeString:
    """Show all digits in groups that differ in tone, not by a space: a copy is in one piece."""
    groups = ((digest[i : i + 8],) for i in range(0, len(digest), 8))
    return format_html(
        '<code class="dg full">{}</code>', format_html_join(mark_safe("<wbr>"), "<span>{}</span>", groups)
    )


@register.filter
def bundle_value(value: object) -> SafeString | str:
    """Show what a part of a bundle comes to: a digest in full, anything else as it is."""
    text = "none" if value is None else str(value)
    return full(text) if DIGEST.fullmatch(text) else text


@register.simple_tag
def pack_seal(digest: str, millimetres: int = 27) -> SafeString:
    """Draw the seal of a digest for paper."""
    drawn = marks.seal(digest, 100, palette=PAPER)
    return _for_paper(drawn, 'width="100" height="100"', f"{millimetres}mm", f"Seal of {digest[:DIGITS_SHOWN]}")


def _for_paper(drawn: str, size: str, side: str, title: str) -> SafeString:
    """Set a drawing's size, and its title as the text alternative: the PDF takes that alone."""
    opening, body = drawn.split(">", 1)
    opening = opening.replace(size, f'width="{side}" height="{side}"').replace(' aria-hidden="true"', ' role="img"')
    return format_html("{}><title>{}</title>{}", mark_safe(opening), title, mark_safe(body))  # noqa: S308 (ours)


# --- numbers and times -------------------------------------------------------------------------------------------


@register.filter
def placed(value: float | None, places: int) -> str:
    """A number with so many places, so that points stand under points."""
    return numbers.fixed(value, places)


@register.filter
def signed(value: float | None, places: int) -> str:
    """A difference with so many places and its sign."""
    return numbers.fixed(value, places, signed=True)


@register.simple_tag
def span(found: Mapping[str, float | None] | None, places: int, how: str = "") -> str:
    """The interval of an estimate, [low, high], never broken between its ends."""
    if found is None or found.get("lower") is None or found.get("upper") is None:
        return "–"
    ends = [numbers.fixed(found[end], places, signed=how == "signed") for end in ("lower", "upper")]
    return f"[{ends[0]},\u00a0{ends[1]}]"


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 as percent."""
    return numbers.percent(share)


@register.filter
def count(number: int | None) -> str:
    """An exact count with its thousands separated."""
    return numbers.count(number)


@register.filter
def size(number: int | None) -> str:
    """A number of bytes."""
    return numbers.size(number)


@register.filter
def utc(text: str | None) -> str:
    """An instant to the second, in UTC."""
    if not text:
        return "–"
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day}\u00a0{at:%b\u00a0%Y}, {at:%H:%M:%S}\u00a0UTC"


@register.filter
def day(text: str | None) -> str:
    """A day in UTC."""
    if not text:
        return "–"
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day}\u00a0{at:%b\u00a0%Y}"


@register.simple_tag
def drawn_interval(tile: Mapping[str, Any]) -> SafeString:
    """Draw low, value, high and limit from start to end, with boxes: decoration, since the numbers stand beside it."""
    start, end, limit = tile["start"], tile["end"], tile["limit"]
    left, right = _at(tile["low"], start, end), _at(tile["high"], start, end)
    tick = SafeString("")
    if limit is not None:
        tick = format_html('<i class="l" style="left:{}%"></i>', _at(limit, start, end))
    return format_html(
        '<span class="iv"><i class="a"></i>{}<i class="r" style="left:{}%;width:{}%"></i>'
        '<i class="d" style="left:{}%"></i></span>',
        tick,
        left,
        f"{max(float(right) - float(left), 0.6):.2f}",
        _at(tile["value"], start, end),
    )


def _at(value: float, start: float, end: float) -> str:
    return f"{100 * min(1.0, max(0.0, (value - start) / (end - start))):.2f}"


# --- headings, figures, captions ---------------------------------------------------------------------------------


@register.simple_tag
def h1(number: str, title: str, anchor: str) -> SafeString:
    """The heading of a section: a bookmark, and what the running head says."""
    run = f"{number}\u2002{title}" if number else title
    return format_html('<h1 id="{}" data-run="{}"><span class="no">{}</span>{}</h1>', anchor, run, number, title)


@register.simple_tag
def h2(number: str, title: str) -> SafeString:
    """The heading of a part of a section."""
    anchor = number.replace(".", "-")
    return format_html(
        '<h2 id="s{}" data-run="{}"><span class="no">{}</span>{}</h2>', anchor, f"{number}\u2002{title}", number, title
    )


@register.simple_tag
def figure(number: str, caption: str, svg: str, kind: str = "main") -> SafeString:
    """A drawing with its caption: in the rail (main), above it (wide), or one of two (half)."""
    return format_html(
        '<figure class="fig {}"><figcaption><b>Figure {}</b> {}</figcaption>{}</figure>',
        kind,
        number,
        caption,
        mark_safe(svg),  # noqa: S308 (drawn by portal.charts, which escapes its texts)
    )


@register.simple_tag
def caption(number: str, text: str) -> SafeString:
    """The caption of a table."""
    return format_html("<caption><b>Table {}</b> {}</caption>", number, text)


@register.simple_tag
def columns(*millimetres: float) -> SafeString:
    """The widths of a table's columns; together 172 mm."""
    cells = format_html_join("", '<col style="width:{}mm">', ((one,) for one in millimetres))
    return format_html("<colgroup>{}</colgroup>", cells)
