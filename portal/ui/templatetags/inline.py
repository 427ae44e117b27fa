"""Parts without content of their own: words, numbers, times, marks. Pages load them by `countersign`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.charts import marks, numbers
from portal.core import clock
from portal.ui import markdown as writing
from portal.ui.words import look_of, spoken

register = template.Library()
EMPTY = SafeString("")

# --- words and symbols -------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, tone: str = "") -> SafeString:
    """Draw a symbol of the sprite; a word must stand beside it."""
    classes = f"i {tone}".strip()
    sprite = static("countersign/icons.svg")
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, sprite, name)


@register.simple_tag
def status(state: str, word: str = "", qualifier: str = "") -> SafeString:
    """Show a state as shape and word; `qualifier` tells an open finding or alert ("finding") from an open request."""
    look = look_of(f"{qualifier} {state}" if qualifier else str(state))
    return format_html(
        '<span class="{}">{}{}</span>', f"st {look.tone}".strip(), icon(look.shape), word or spoken(str(state))
    )


@register.filter
def markdown(text: str, how: str = "") -> SafeString:
    """Show CommonMark as sanitised HTML, without images; `:"flowing"` for a text whose lines are only short."""
    return writing.markdown(text, flowing=how == "flowing")


@register.simple_tag
def tier(number: int) -> SafeString:
    """Show a tier, 1 to 3, as bars and words."""
    return format_html('<span class="st">{}Tier {}</span>', icon(f"tier{number}"), number)


@register.simple_tag
def copy(value: str, what: str, text: str = "") -> SafeString:
    """A button that copies `value`, or without one the text that stands before it; `what` names it when it is read."""
    shown = format_html("{}<span>{}</span>", icon("copy"), text) if text else icon("copy")
    return format_html(
        '<button type="button" class="{}" data-copy="{}" aria-label="Copy {}">{}</button>',
        "copy btn small" if text else "copy",
        value,
        what,
        shown,
    )


@register.simple_tag
def digest(value: str | None, groups: int = 2, *, copied: bool = True) -> SafeString:
    """Show the first groups of four digits; the button copies all of them, and so does a click with Ctrl-C."""
    if not value:
        return format_html('<span class="muted">{}</span>', "none yet")
    shown = format_html_join(
        "", "<span>{}</span>", ((value[i : i + 4],) for i in range(0, min(len(value), groups * 4), 4))
    )
    rest = format_html('<span class="rest" aria-hidden="true">{}</span>', value[groups * 4 :])
    chip = format_html('<code class="chip" title="{}">{}{}</code>', value, shown, rest)
    return format_html('<span class="dig">{}{}</span>', chip, copy(value, f"digest {value[:8]}")) if copied else chip


@register.simple_tag
def full_digest(value: str) -> SafeString:
    """Show a whole digest in groups that differ by a gap, not by a space: a copy is in one piece."""
    groups = ((value[i : i + 8],) for i in range(0, len(value), 8))
    shown = format_html_join(mark_safe("<wbr>"), "<span>{}</span>", groups)
    return format_html('<code class="whole">{}</code>{}', shown, copy(value, f"digest {value[:8]}"))


@register.simple_tag
def key(tone: str, text: str) -> SafeString:
    """Explain a line of a chart: "a" candidate, "b" production."""
    line = f'<svg width="16" height="8" stroke-width="3" aria-hidden="true"><path class="ln {tone}" d="M0 4h16"/></svg>'
    return format_html('<span class="row">{}{}</span>', mark_safe(line), text)  # noqa: S308 (tone is the page's own)


# --- numbers and times -------------------------------------------------------------------------------------------


@register.filter
def significant(value: float | None, how: str = "") -> str:
    """Three significant digits; `:"signed"` for a difference."""
    return numbers.significant(value, signed=how == "signed")


@register.filter
def percent(value: float | None, how: str = "") -> str:
    """A share of 1 as percent. Put n beside it, or use `rate`."""
    return numbers.percent(value, signed=how == "signed")


@register.filter
def count(value: int | None) -> str:
    """An exact count with its thousands separated."""
    return numbers.count(value)


@register.filter
def size(value: int | None) -> str:
    """A number of bytes."""
    return numbers.size(value)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A time span in words."""
    return numbers.duration(value.total_seconds() if isinstance(value, timedelta) else value)


@register.simple_tag
def measure(value: float | None, low: float | None = None, high: float | None = None, how: str = "") -> SafeString:
    """Show an estimate with its interval beside it and full precision on hover; `how` is "", "signed" or "percent"."""
    if value is None:
        return format_html('<span class="muted">{}</span>', numbers.NO_DATA)
    signed, factor = how == "signed", 100 if how == "percent" else 1
    shown = numbers.percent(value) if how == "percent" else numbers.significant(value, signed=signed)
    ends = numbers.interval(_times(low, factor), _times(high, factor), signed=signed)
    return format_html(
        '<span title="{}">{}</span>{}', repr(value), shown, format_html(" <small>{}</small>", ends) if ends else ""
    )


@register.simple_tag
def rate(share: float | None, n: int | None) -> SafeString:
    """Show a share of 1 as percent, with its n."""
    return format_html("{} <small>of {}</small>", numbers.percent(share), numbers.count(n))


@register.simple_tag
def moment(value: datetime | None, how: str = "minute", nothing: str = "never") -> SafeString:
    """Show an instant: UTC here, the reader's zone once the script has run; `how` is minute, second, day or short."""
    if value is None:
        return format_html('<span class="muted">{}</span>', nothing)
    at = value.astimezone(UTC)
    exact = f"{at.day} {at:%b %Y, %H:%M:%S} UTC"
    shapes = {"day": f"{at.day} {at:%b %Y}", "second": exact, "short": f"{at.day} {at:%b}, {at:%H:%M}"}
    shown = shapes.get(how, f"{at.day} {at:%b %Y, %H:%M} UTC")
    return format_html(
        '<time datetime="{}" data-how="{}" title="{}">{}</time>', f"{at:%Y-%m-%dT%H:%M:%SZ}", how, exact, shown
    )


@register.simple_tag
def since(value: datetime | None) -> SafeString:
    """Show how long ago an instant is, in words, with the instant on hover."""
    if value is None:
        return format_html('<span class="muted">{}</span>', "never")
    at = value.astimezone(UTC)
    gone = (clock.now() - at).total_seconds()
    words = f"{numbers.duration(gone)} ago" if gone >= 0 else f"in {numbers.duration(gone)}"
    title = f"{at.day} {at:%b %Y, %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', f"{at:%Y-%m-%dT%H:%M:%SZ}", title, words)


def _times(value: float | None, factor: int) -> float | None:
    return None if value is None else value * factor


# --- messages ----------------------------------------------------------------------------------------------------


@register.filter
def tone(level: str) -> str:
    """The tone of a message of django.contrib.messages."""
    return {"success": "good", "warning": "warn", "error": "bad"}.get(level, "a")


# --- facts -------------------------------------------------------------------------------------------------------


@register.simple_tag
def fact(name: str, value: Any) -> SafeString:
    """Put one label and value into `<dl class="facts">` (or `dl`)."""
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", name, value)


@register.simple_tag
def figure(name: str, value: Any, note: Any = "") -> SafeString:
    """Put one large figure into `<dl class="even">`: label, value, one line under it."""
    return format_html('<div><dt>{}</dt><dd class="big">{}</dd><dd class="sm muted">{}</dd></div>', name, value, note)


# --- marks -------------------------------------------------------------------------------------------------------


@register.simple_tag
def seal(value: str | None, size: int = 48, state: str = "signed", label: str = "", strands: int = 1) -> SafeString:
    """Draw the seal of a digest: only for what was signed or verified. States: signed, void, open."""
    known: marks.SealState = "void" if state == "void" else "signed" if state == "signed" and value else "open"
    return mark_safe(marks.seal(value or "00", size, state=known, label=label, strands=strands))  # noqa: S308 (ours)


@register.simple_tag
def mark_interval(
    low: float | None,
    value: float | None,
    high: float | None,
    *,
    limit: float | None = None,
    fails: str = "below",
    passed: bool = True,
    start: float | None = None,
    end: float | None = None,
    production: float | None = None,
    label: str = "",
) -> SafeString:
    """Draw an estimate with its interval against its limit; the numbers stand beside it."""
    if value is None:
        return format_html('<span class="muted sm">{}</span>', numbers.NO_DATA)
    estimate = marks.Estimate(value if low is None else low, value, value if high is None else high)
    shown = [v for v in (estimate.low, value, estimate.high, limit, production) if v is not None]
    first, last = _domain(shown, start, end)
    side: marks.Side = "above" if fails == "above" else "below"
    drawn = marks.interval(
        estimate, start=first, end=last, limit=limit, fails=side, passed=passed, production=production, label=label
    )
    return mark_safe(drawn)  # noqa: S308 (drawn by us, the label is escaped)


@register.simple_tag
def mark_pair(
    production: tuple[float, float, float], candidate: tuple[float, float, float], label: str = ""
) -> SafeString:
    """Draw production above the candidate, each as (low, value, high), on one scale."""
    first, last = _domain([*production, *candidate], None, None)
    drawn = marks.pair(marks.Estimate(*production), marks.Estimate(*candidate), start=first, end=last, label=label)
    return mark_safe(drawn)  # noqa: S308 (drawn by us, the label is escaped)


@register.simple_tag
def mark_share(reference: float, window: float, end: float = 1.0, label: str = "") -> SafeString:
    """Draw two shares from zero: reference above, window below."""
    return mark_safe(marks.share(reference, window, end=end, label=label))  # noqa: S308 (ours)


@register.simple_tag
def sparkline(values: list[float | None], limit: float | None = None, label: str = "") -> SafeString:
    """Draw a line over time with its limit."""
    return mark_safe(marks.sparkline(values, limit=limit, label=label))  # noqa: S308 (ours)


def _domain(shown: list[float], start: float | None, end: float | None) -> tuple[float, float]:
    """A scale around the values, with a quarter of their spread free at both ends."""
    low, high = min(shown), max(shown)
    free = (high - low or abs(high) or 1.0) / 4
    return (low - free if start is None else start, high + free if end is None else end)
