"""Parts that hold other content: cards, tables, lists, forms, charts. Pages load them by `countersign`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from portal.charts.numbers import count
from portal.charts.plotly import figure_json
from portal.charts.specification import ChartSpecification
from portal.charts.tables import table as table_behind
from portal.ui.cells import labelled
from portal.ui.differences import differences
from portal.ui.templatetags.inline import copy, icon, moment, seal, status

register = template.Library()
NOTE_ICONS = {"good": "ok", "warn": "warn", "bad": "error", "a": "stale", "b": "lock", "": "lock"}

# --- what holds content ------------------------------------------------------------------------------------------


@register.simple_block_tag
def card(content: str, title: str = "", aside: Any = "", id: str = "", css: str = "") -> SafeString:  # noqa: A002 (HTML's word)
    """A card: one question that a page answers."""
    return format_html(
        '<section class="{}"{}><header><h2>{}</h2>{}</header>{}</section>',
        f"card {css}".strip(),
        format_html(' id="{}"', id) if id else "",
        title,
        format_html('<small class="row">{}</small>', aside) if aside else "",
        content,
    )


@register.simple_block_tag
def table(content: str, label: str, css: str = "") -> SafeString:
    """A table that scrolls inside its card and can be reached by keyboard; on a narrow screen its rows are cards."""
    return format_html(
        '<div class="scroll" role="region" aria-label="{}" tabindex="0"><table{}>{}</table></div>',
        label,
        format_html(' class="{}"', css) if css else "",
        mark_safe(labelled(content)),  # noqa: S308 (the template's own output; labels are escaped)
    )


@register.simple_block_tag
def nothing(content: str, symbol: str, title: str, text: str = "") -> SafeString:
    """An empty state: what appears here, and what to do first (the content: links, buttons)."""
    return format_html(
        '<div class="empty">{}<p><b>{}</b></p><p class="muted">{}</p>{}</div>',
        icon(symbol),
        title,
        text,
        format_html('<p class="row">{}</p>', content) if content.strip() else "",
    )


@register.simple_block_tag
def broken(content: str, title: str, text: str = "") -> SafeString:
    """What stands in place of a list that could not be read: what happened, and the way on (the content)."""
    return format_html(
        '<div class="empty" role="alert">{}<p><b>{}</b></p><p class="muted">{}</p>{}</div>',
        icon("error", "bad"),
        title,
        text,
        format_html('<p class="row">{}</p>', content) if content.strip() else "",
    )


@register.simple_tag
def loading(label: str, lines: int = 3) -> SafeString:
    """What stands in place of a list that is still being read; it keeps the room of so many lines."""
    bars = SafeString("<i></i>" * lines)
    return format_html('<div class="loading" role="status"><span class="vh">{}</span>{}</div>', label, bars)


@register.simple_block_tag
def snippet(content: str, label: str, id: str = "") -> SafeString:  # noqa: A002 (HTML's word)
    """Text to take along, as it is, with a button that copies it."""
    return format_html(
        '<div class="snippet"><pre tabindex="0" role="group" aria-label="{}"><code{}>{}</code></pre>{}</div>',
        label,
        format_html(' id="{}"', id) if id else "",
        content,
        copy("", label, text="Copy"),
    )


@register.simple_tag
def difference(before: str, after: str) -> SafeString:
    """What became of a text: words taken out struck through, words put in marked, the rest as it is."""
    pieces = ((_changed(piece.kind, piece.text),) for piece in differences(str(before), str(after)))
    return format_html('<span class="diff">{}</span>', format_html_join(" ", "{}", pieces))


@register.simple_block_tag
def note(content: str, tone: str = "", title: str = "", symbol: str = "", role: str = "") -> SafeString:
    """Feedback in place; tones good, warn, bad, a, or none."""
    return format_html(
        '<div class="{}"{}>{}<div>{}{}</div></div>',
        f"note wash flex {tone}".strip(),
        format_html(' role="{}"', role) if role else "",
        icon(symbol or NOTE_ICONS[tone]),
        format_html("<b>{}</b>", title) if title else "",
        format_html("<div>{}</div>", content) if content.strip() else "",
    )


@register.simple_block_tag
def behind(content: str, title: str) -> SafeString:
    """Details below a chart or a list: the table behind it."""
    return format_html("<details><summary>{}</summary>{}</details>", title, content)


@register.simple_block_tag
def item(content: str, title: str, url: str = "", aside: Any = "", note: Any = "") -> SafeString:
    """One line of `<ul class="list">`: name, note under it, and at the end the content."""
    name = format_html('<a class="main" href="{}">{}</a>', url, title) if url else format_html("<b>{}</b>", title)
    return format_html(
        '<li><div><p>{} <span class="muted">{}</span></p>{}</div><div class="end">{}</div></li>',
        name,
        aside,
        format_html('<p class="sm muted">{}</p>', note) if note else "",
        content,
    )


@register.simple_block_tag
def event(content: str, when: datetime, who: str, more: Any = "") -> SafeString:
    """One line of `<ol class="list line">`: time, who, what."""
    return format_html(
        '<li><div class="when sm">{}</div><div><b>{}</b> {}{}</div></li>',
        moment(when, "short"),
        who,
        content,
        format_html('<p class="sm muted">{}</p>', more) if more else "",
    )


# --- signatures --------------------------------------------------------------------------------------------------


@register.simple_tag
def seat(
    role: str,
    state: str,
    *,
    name: str = "",
    when: datetime | None = None,
    meaning: str = "",
    value: str = "",
) -> SafeString:
    """A line to sign on, one `<li>`: signed and voided carry the seal of the digest `value`, waiting an empty ring."""
    drawn = {"signed": "signed", "voided": "void"}.get(state, "open")
    return format_html(
        '<li>{}<div><p class="name row">{}<span class="push">{}</span></p>'
        '<p class="sm row"><b>{}</b><span class="push muted">{}</span></p><p class="sm muted">{}</p></div></li>',
        seal(value, 48, drawn),
        name or "\N{NO-BREAK SPACE}",
        status(state),
        role,
        moment(when) if when else "",
        meaning,
    )


@register.inclusion_tag("components/bundle.html")
def bundle(parts: Sequence[Any], label: str = "Covered parts", *, broken: bool = False) -> dict[str, Any]:
    """The covered parts: each with `name`, `digest`, and `changed`, which is a dot; `broken` makes it an alarm."""
    return {"parts": parts, "label": label, "broken": broken}


# --- long work and lists -----------------------------------------------------------------------------------------


@register.inclusion_tag("components/job.html")
def job(work: Any, title: str, url: str = "") -> dict[str, Any]:
    """One line of `<ul class="list">`: a job's state, done of total, what it does now."""
    return {"job": work, "title": title, "url": url}


@register.inclusion_tag("components/post_button.html")
def post_button(url: str, text: str, css: str = "", label: str = "") -> dict[str, Any]:
    """A form of one button that posts; classes small, primary, danger; `label` where the text alone says too little."""
    return {"url": url, "text": text, "css": css, "label": label}


@register.simple_block_tag(takes_context=True)
def confirm(context: Context, content: str, url: str, button: str, act: str, *, css: str = "danger") -> SafeString:
    """A button that first says exactly what will happen (the content), then does it; no script is needed.

    `button` ends with "…"; `act` names the deed and its object, and is the text of the button that posts.
    """
    name = f"confirm-{slugify(url.replace('/', '-'))}"
    return format_html(
        '<button type="button" class="btn {css}" popovertarget="{name}">{button}</button>'
        '<form class="confirm card" id="{name}" popover role="dialog" aria-labelledby="{name}-title" '
        'method="post" action="{url}"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        '<header><h2 id="{name}-title">{act}</h2></header><div class="body stack">{content}<p class="row">'
        '<button class="btn danger">{act}</button>'
        '<button type="button" class="btn" popovertarget="{name}" popovertargetaction="hide" autofocus>Leave it'
        "</button></p></div></form>",
        css=css,
        name=name,
        button=button,
        url=url,
        token=str(context.get("csrf_token", "")),
        act=act,
        content=content,
    )


@register.simple_tag
def crumb(text: str, url: str = "") -> SafeString:
    """One step of the way here; the last has no address."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, text)
    return format_html('<li aria-current="page">{}</li>', text)


@register.inclusion_tag("components/paging.html")
def paging(rows: Page[Any], address: str, what: str = "rows") -> dict[str, Any]:
    """The foot of a table: how many, and the way to the other pages; `address` ends so that `page=` may follow."""
    shown = f"{count(rows.start_index())} to {count(rows.end_index())} of {count(rows.paginator.count)} {what}"
    return {"rows": rows, "address": address, "shown": shown}


@register.simple_tag(takes_context=True)
def sortable(context: Context, text: str, column: str, css: str = "") -> SafeString:
    """The head of a sortable column; a click sorts by it, a second one the other way; filters stay."""
    query = context["request"].GET.copy()
    now = context.get("sort") or query.get("sort", "")
    query.pop("page", None)
    query["sort"] = f"-{column}" if now == column else column
    direction = {column: "ascending", f"-{column}": "descending"}.get(now, "")
    arrow = {"ascending": " ↑", "descending": " ↓"}.get(direction, "")
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}<span aria-hidden="true">{}</span></a></th>',
        format_html(' class="{}"', css) if css else "",
        format_html(' aria-sort="{}"', direction) if direction else "",
        query.urlencode(),
        text,
        arrow,
    )


# --- forms -------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", optional: str = "optional") -> dict[str, Any]:
    """A field: label, control, help, and its errors under it."""
    return {"field": bound, "label": label or bound.label, "optional": "" if bound.field.required else optional}


@register.inclusion_tag("components/choices.html")
def choices(bound: BoundField, hints: Mapping[str, str] | None = None, label: str = "") -> dict[str, Any]:
    """Radio buttons as cards; `hints` says under each value what happens."""
    rows = [(radio, (hints or {}).get(str(radio.data["value"]), "")) for radio in bound.subwidgets]
    return {"field": bound, "rows": rows, "label": label or bound.label}


@register.simple_tag
def form_errors(form: forms.Form, title: str = "Not done.") -> SafeString:
    """The summary above a form: its own errors, and links to the fields that need a change."""
    if not form.errors:
        return SafeString("")
    own = format_html_join("", "<p>{}</p>", ((text,) for text in form.non_field_errors()))
    named = [(f.id_for_label or f.auto_id, f.label) for f in form.visible_fields() if f.errors]
    links = format_html_join(", ", '<a href="#{}">{}</a>', named)
    return format_html(
        '<div class="note wash flex bad" role="alert">{}<div><b>{}</b>{}{}</div></div>',
        icon("error"),
        title,
        own,
        format_html("<p>{}</p>", links) if links else "",
    )


# --- charts ------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/chart.html")
def chart(specification: ChartSpecification) -> dict[str, Any]:
    """A chart as a card: drawn by the script from JSON, with its sentence and the table behind it."""
    return {
        "chart": specification,
        "figure": figure_json(specification),
        "table": table_behind(specification),
        "data_id": f"{specification.key}-data",
    }


@register.inclusion_tag("components/chart_assets.html")
def chart_assets() -> dict[str, Any]:
    """What a page with charts loads, in `{% block assets %}`."""
    return {}


def _changed(kind: str, text: str) -> SafeString:
    return format_html({"out": "<del>{}</del>", "in": "<ins>{}</ins>"}.get(kind, "{}"), text)
