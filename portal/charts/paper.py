"""Fonts and style of charts on paper, and the way from a matplotlib figure to inline SVG without style attributes."""

import hashlib
import html
import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import font_source_sans_pro
import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text

from portal.charts.palette import PAPER

FAMILY = "Source Sans Pro"
FALLBACK = ["Noto Sans Arabic", "Noto Sans CJK JP", "DejaVu Sans"]
"""For texts that go out as outlines; DejaVu Sans comes with matplotlib."""
SIZE = 8.2
"""Points; nothing in a chart is set smaller than 8."""
MM = 25.4
"""Millimetres of an inch."""
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells of every weight a fallback lacks

STYLE = {
    "font.family": [FAMILY, *FALLBACK],
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "xtick.labelsize": SIZE,
    "ytick.labelsize": SIZE,
    "legend.fontsize": SIZE,
    "text.color": PAPER.ink,
    "axes.labelcolor": PAPER.muted,
    "xtick.color": PAPER.muted,
    "ytick.color": PAPER.muted,
    "xtick.labelcolor": PAPER.ink,
    "ytick.labelcolor": PAPER.ink,
    "axes.edgecolor": PAPER.muted,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": PAPER.line,
    "grid.linewidth": 0.4,
    "xtick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.2,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.borderpad": 0,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "svg.fonttype": "none",
    "svg.hashsalt": "countersign",
}

_PROLOG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_STYLE_ELEMENT = re.compile(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_FONT = re.compile(r"(?:(italic|oblique) )?(?:(bold|[1-9]00) )?([\d.]+)px (.+)")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(|href=")#([^")]+)')


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of the evidence pack, measured with the fonts that the PDF embeds."""
    _use_fonts()
    with mpl.rc_context(STYLE):
        yield


def inline_svg(figure: Figure, title: str) -> str:
    """Return the figure as inline SVG whose title is its text alternative; the same figure gives the same bytes."""
    buffer = io.StringIO()
    outlines = any(_needs_shaping(text.get_text()) for text in figure.findobj(Text))
    with mpl.rc_context({"svg.fonttype": "path" if outlines else "none"}):
        FigureCanvasSVG(figure).print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = _STYLE_ELEMENT.sub("", _METADATA.sub("", _PROLOG.sub("", buffer.getvalue(), count=1)))
    text = _own_ids(_STYLE.sub(_as_attributes, text), title)
    head = f' role="img" stroke-linejoin="round"><title>{html.escape(title)}</title>'
    return re.sub(r"<svg([^>]*)>", lambda found: f"<svg{found[1]}{head}", text, count=1)


def shortened(text: str, width: float) -> str:
    """Return the text, cut with an ellipsis where it is wider than so many points."""
    if _advance(text) <= width:
        return text
    while text and _advance(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _use_fonts() -> None:
    for path in sorted(font_source_sans_pro.font_files_ttf.values()):
        fontManager.addfont(path)


@cache
def _advance(text: str) -> float:
    """Width in points, as the font says; a guess for letters that it lacks."""
    if _needs_shaping(text):
        return len(text) * SIZE * 0.6
    font = get_font(fontManager.findfont(FontProperties(family=[FAMILY, "DejaVu Sans"])))
    font.set_size(SIZE, 72)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64


def _needs_shaping(text: str) -> bool:
    """Beyond Latin, Greek and Cyrillic WeasyPrint sets SVG text letter by letter, so it goes out as paths."""
    return any(ord(c) > 0x52F and not 0x1E00 <= ord(c) <= 0x23FF for c in text)  # noqa: PLR2004 (ends of Unicode blocks)


def _as_attributes(found: re.Match[str]) -> str:
    """style="a: b" as attributes: WeasyPrint would parse, and warn about, every style of an inline SVG."""
    out: dict[str, str] = {}
    for declaration in html.unescape(found[1]).split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font" and (font := _FONT.fullmatch(value)):
            # The shorthand would lose its weight: WeasyPrint reads "size family" only.
            out |= {"font-style": font[1] or "normal", "font-weight": font[2] or "400", "font-size": f"{font[3]}px"}
            out["font-family"] = font[4].replace("'", "")
        elif name:
            out[name] = value
    return "".join(f' {name}="{html.escape(value)}"' for name, value in out.items())


def _own_ids(text: str, title: str) -> str:
    """Drop ids that nothing points to (each would be an anchor of the document) and make the rest unique."""
    used = set(_REFERENCE.findall(text))
    key = hashlib.sha256(f"{title}{text}".encode()).hexdigest()[:8]
    text = _ID.sub(lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", text)
    return _REFERENCE.sub(lambda found: found[0].replace(f"#{found[1]}", f"#{key}-{found[1]}"), text)
