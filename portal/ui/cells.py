"""Labels of a table's cells, from its head: on a narrow screen each row is a card, and a cell says what it is."""

import re
from html import unescape

from django.utils.html import escape

TAG = re.compile(r"<(/?)(thead|tr|td|th)\b([^>]*)>")
HIDDEN = re.compile(r'<(\w+)[^>]*\saria-hidden="true"[^>]*>.*?</\1>', re.DOTALL)
ANY_TAG = re.compile(r"<[^>]+>")
SPANNED = re.compile(r'\bcolspan="(\d+)"')


def labelled(table: str) -> str:
    """Return the table's HTML with `data-label` on every cell below a head: the text of the head of its column.

    A cell that spans columns gets none, nor does a row's own head, which is the title of the card.
    """
    head, end, body = table.partition("</thead>")
    if not end:
        return table
    labels = [_text(cell) for cell in re.findall(r"<th\b[^>]*>(.*?)</th>", head, re.DOTALL)]
    column = 0

    def with_label(found: re.Match[str]) -> str:
        nonlocal column
        closing, name, attributes = found.groups()
        if closing:
            return found[0]
        if name == "tr":
            column = 0
            return found[0]
        spanned = SPANNED.search(attributes)
        here, column = column, column + (int(spanned[1]) if spanned else 1)
        if name != "td" or here >= len(labels) or not labels[here] or spanned:
            return found[0]
        return f'<td data-label="{escape(labels[here])}"{attributes}>'

    return head + end + TAG.sub(with_label, body)


def _text(cell: str) -> str:
    return " ".join(unescape(ANY_TAG.sub(" ", HIDDEN.sub("", cell))).split())
