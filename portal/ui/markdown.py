"""CommonMark that people write, as HTML that can do nothing: two parsers in turn, the second of which trusts nobody.

HTML in the text is shown as text. Images are links, so that a page fetches nothing from elsewhere. Headings are bold
lines: the outline is the page's own.
"""

from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
SCHEMES = {"http", "https", "mailto"}
DEPTH = 20
"""Quotes and lists within each other; what is deeper is left out."""

_reader = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEPTH}).disable("image")
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes=SCHEMES,
    link_rel="noopener nofollow",
    strip_comments=True,
)


def markdown(text: str) -> SafeString:
    """Return a text as sanitised HTML."""
    return mark_safe(_cleaner.clean(_reader.render(text)))  # noqa: S308 (cleaned)


def _heading(_: Any, tokens: Sequence[Token], place: int, *__: MutableMapping[str, Any]) -> str:
    return "<p><strong>" if tokens[place].nesting > 0 else "</strong></p>\n"


for _name in ("heading_open", "heading_close"):
    _reader.add_render_rule(_name, _heading)
