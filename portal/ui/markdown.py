"""CommonMark that people write, as HTML that can do nothing: two parsers in turn, the second of which trusts nobody.

HTML in the text is shown as text. Images are links, so that a page fetches nothing from elsewhere. Headings are bold
lines: the outline is the page's own. A text that would take long to read is shown as it was written.
"""

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
SCHEMES = {"http", "https", "mailto"}
LONGEST, MOST_BRACKETS = 10_000, 300
"""Of what is read as Markdown: what takes longer to read is no help to anybody (brackets take time by their square)."""
DEPTH = 20
"""Quotes and lists within each other; what is deeper is left out."""

_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes=SCHEMES,
    link_rel="noopener nofollow",
    strip_comments=True,
)


@lru_cache(500)  # the worst text takes a tenth of a second, and a page shows many
def markdown(text: str, *, flowing: bool = False) -> SafeString:
    """Return a text as sanitised HTML; in a flowing one the ends of lines say nothing, as in files with short lines."""
    if not flowing and (len(text) > LONGEST or text.count("[") > MOST_BRACKETS):
        return SafeString(linebreaks(text, autoescape=True))
    reader = _FLOWING if flowing else _WRITTEN
    return mark_safe(_cleaner.clean(reader.render(text)))  # noqa: S308 (cleaned)


def _heading(_: Any, tokens: Sequence[Token], place: int, *__: MutableMapping[str, Any]) -> str:
    return "<p><strong>" if tokens[place].nesting > 0 else "</strong></p>\n"


def _reader(*, breaks: bool) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": breaks, "maxNesting": DEPTH}).disable("image")
    for name in ("heading_open", "heading_close"):
        made.add_render_rule(name, _heading)
    return made


_WRITTEN, _FLOWING = _reader(breaks=True), _reader(breaks=False)
