"""What people write is shown as they meant it, and does nothing."""

import re
import time
from html.parser import HTMLParser

import pytest

from portal.threads.rules import LIMIT
from portal.ui.markdown import SCHEMES, TAGS, markdown

SCHEME = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.\-]*):")


class Seen(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**a** *b* `c`", "<p><strong>a</strong> <em>b</em> <code>c</code></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>\n'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
        ("# Title", "<p><strong>Title</strong></p>\n"),
        ("[run](/validation-runs/3)", '<p><a href="/validation-runs/3" rel="noopener nofollow">run</a></p>\n'),
        (
            "<https://example.org>",
            '<p><a href="https://example.org" rel="noopener nofollow">https://example.org</a></p>\n',
        ),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("", ""),
    ],
)
def test_what_is_written_reads_as_it_was_meant(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_flowing_text_has_no_lines_of_its_own() -> None:
    assert markdown("one\ntwo", flowing=True) == "<p>one\ntwo</p>\n"


def test_an_image_is_a_link_so_that_nothing_is_fetched() -> None:
    seen = Seen(markdown("![plan](https://elsewhere.example/pixel.png)"))
    assert seen.tags == ["p", "a"]


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.example/x.js></sCrIpT>",
        "<<script>alert(1)//<</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        '<svg><animate xlink:href="#x" attributeName="href" values="javascript:alert(1)"/></svg>',
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<div style='background:url(javascript:alert(1))'>x</div>",
        "<details open ontoggle=alert(1)>",
        "<form action=//evil.example><button>x</button></form>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<!-- <img src=x onerror=alert(1)> -->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java&#9;script:alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](vbscript:msgbox(1))",
        "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "[x](data:image/svg+xml,<svg onload=alert(1)>)",
        "![x](data:image/png;base64,AAAA)",
        "[x](file:///etc/passwd)",
        "[x](blob:https://example.org/1)",
        "<javascript:alert(1)>",
        "[x][1]\n\n[1]: javascript:alert(1)",
        '[x](https://example.org "\\" onmouseover=\\"alert(1)")',
        '[x](https://example.org/"onmouseover="alert(1))',
        '```"><script>alert(1)</script>\nx\n```',
        "`<script>alert(1)</script>`",
        "# <img src=x onerror=alert(1)>",
        "> <p><blockquote><script>alert(1)</script>",
        "*<b>*</b><i onclick=alert(1)>",
    ],
)  # fmt: skip
def test_nothing_that_is_written_acts(payload: str) -> None:
    seen = Seen(markdown(payload))
    assert set(seen.tags) <= TAGS
    assert {name for name, _ in seen.attributes} <= {"href", "rel", "start", "title"}
    schemes = [SCHEME.match(value) for name, value in seen.attributes if name == "href"]
    assert {one[1].lower() for one in schemes if one} <= SCHEMES


@pytest.mark.parametrize(
    "unit",
    [">", "- ", "1. ", "[", "![", "*", "_a_", "*a ", "**a *b ", "`", "<", "a<", "[a](", "[a](<", "&", "\\", "<div>",
     "<!--", "[a]:", "\n> ", "\n    - "],
)  # fmt: skip
def test_nesting_without_end_is_read_in_a_moment_and_shown_flat(unit: str) -> None:
    began = time.perf_counter()
    page = markdown((unit * LIMIT)[:LIMIT])
    assert time.perf_counter() - began < 5
    depth = deepest = 0
    for piece in page.split("<"):
        depth += piece.startswith(("ul>", "ol>", "blockquote>"))
        depth -= piece.startswith(("/ul>", "/ol>", "/blockquote>"))
        deepest = max(deepest, depth)
    assert deepest <= 30


def test_a_text_that_would_take_long_to_read_is_shown_as_it_was_written() -> None:
    shown = markdown("**a** <b>\n" + "[" * 301)
    assert shown.startswith("<p>**a** &lt;b&gt;<br>")
    assert markdown("*" * 10_001) == f"<p>{'*' * 10_001}</p>"
