"""A directed graph as SVG: boxes that are links, in layers from left to right; presentation attributes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from portal.charts.layers import laid_out
from portal.charts.palette import PAGE, Palette

WIDE, HIGH = 196, 42
"""Of a box, in pixels."""
ACROSS, DOWN = 56, 12
"""Between boxes."""
EDGE = 8
LONGEST = 27
"""Characters of a line of 12 pixels that a box holds, also in wide faces."""


@dataclass(frozen=True)
class Node:
    """A box: name, note under it, and where it leads; `marked` is what the graph is about."""

    key: str
    name: str
    note: str
    url: str
    marked: bool = False


@dataclass(frozen=True)
class Arrow:
    """From one box to another; `words` say what the first is to the second."""

    source: str
    target: str
    words: str


def picture(nodes: Sequence[Node], arrows: Sequence[Arrow], *, label: str, palette: Palette = PAGE) -> str:
    """Draw the graph at its own size. It is a group for assistive technology, with a link for each box."""
    layout = laid_out([node.key for node in nodes], [(arrow.source, arrow.target) for arrow in arrows])
    width = max(layout.layers * (WIDE + ACROSS) - ACROSS, 0) + 2 * EDGE
    height = round(max(layout.height * (HIGH + DOWN) - DOWN, 0)) + 2 * EDGE
    names = {node.key: node.name for node in nodes}
    lines = "".join(
        _line(layout.routes[arrow.source, arrow.target], f"{names[arrow.source]} {arrow.words} {names[arrow.target]}")
        for arrow in arrows
        if (arrow.source, arrow.target) in layout.routes
    )
    # By layers and from the top down, so that the Tab key goes the way that the eye does.
    ordered = sorted(nodes, key=lambda node: layout.places[node.key])
    boxes = "".join(_box(node, *layout.places[node.key], palette) for node in ordered)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="group" aria-label="{escape(label)}" fill="none" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" class="graph">'
        f'<g stroke="{palette.muted}" stroke-width="1.2" aria-hidden="true">{lines}</g>{boxes}</svg>'
    )


def _line(route: Sequence[tuple[int, float]], words: str) -> str:
    """Draw a curve through the layers, from the right side of its source to the left of its target, with a head."""
    backwards = route[0][0] > route[-1][0]
    points = list(reversed(route)) if backwards else list(route)
    path = ""
    for (layer, height), (further, there) in pairwise(points):
        start, end = _left(layer) + WIDE, _left(further)
        y, y_end, bend = _middle(height), _middle(there), ACROSS / 2
        path += f"{'M' if not path else 'L'}{start} {y}C{start + bend:g} {y} {end - bend:g} {y_end} {end} {y_end}"
    tip, at = (_left(points[0][0]) + WIDE, points[0][1]) if backwards else (_left(points[-1][0]), points[-1][1])
    back = 6 if backwards else -6
    head = f"M{tip + back} {_middle(at, -4)}L{tip} {_middle(at)}L{tip + back} {_middle(at, 4)}"
    return f'<path d="{path}{head}"><title>{escape(words)}</title></path>'


def _box(node: Node, layer: int, height: float, palette: Palette) -> str:
    x, y = _left(layer), round(height * (HIGH + DOWN)) + EDGE
    tone, weight = (palette.accent, 2) if node.marked else (palette.muted, 1)
    return (
        f'<a href="{escape(node.url)}" aria-label="{escape(f"{node.name}, {node.note}")}">'
        f"<title>{escape(f'{node.name}, {node.note}')}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6" fill="{palette.card}" stroke="{tone}" '
        f'stroke-width="{weight}"/><text x="{x + 10}" y="{y + 17}"><tspan fill="{palette.ink}" font-weight="600">'
        f"{escape(_cut(node.name))}</tspan></text>"
        f'<text x="{x + 10}" y="{y + 33}">{escape(_cut(node.note))}</text></a>'
    )


def _left(layer: int) -> int:
    return layer * (WIDE + ACROSS) + EDGE


def _middle(height: float, more: float = 0) -> str:
    return f"{round(height * (HIGH + DOWN)) + EDGE + HIGH / 2 + more:g}"


def _cut(text: str) -> str:
    """Return a name that fits; of a long one the beginning and the end, where numbers stand."""
    if len(text) <= LONGEST:
        return text
    end = LONGEST // 3
    return f"{text[: LONGEST - end - 1]}…{text[-end:]}"
