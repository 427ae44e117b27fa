"""Small marks that stand beside numbers: SVG text, presentation attributes only, one drawing for page and paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from portal.charts.palette import PAGE, Palette

FIRST_STROKE = "M2 15.5l9.5 9.5L22.95 13.55M27.05 9.45L30 6.5"
SECOND_STROKE = "M30 16.5L20.5 7 9.05 18.45M4.95 22.55L2 25.5"
SealState = Literal["signed", "void", "open"]
Side = Literal["below", "above"]


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; `low <= value <= high` in the unit of the measure."""

    low: float
    value: float
    high: float


def seal(
    digest: str,
    size: int = 48,
    *,
    state: SealState = "signed",
    label: str = "",
    strands: int = 1,
    palette: Palette = PAGE,
) -> str:
    """Draw the rosette of a digest (hexadecimal): same bytes, same seal. `strands` multiplies its lines.

    It helps the eye and proves nothing. An open seal is a dashed ring and needs no digest.
    """
    tone = palette.accent if state == "signed" else palette.muted
    if state == "open":
        body = '<circle cx="50" cy="50" r="47" stroke-width="1.5" stroke-dasharray="4"/>'
    else:
        body = f'<g stroke-width="{_short(0.6 * 100 / size)}">{_rosette(digest, strands)}</g>'
    first, second = (palette.muted, palette.muted) if state == "open" else (palette.ink, palette.accent)
    strokes = (
        f'<circle cx="50" cy="50" r="21" fill="{palette.card}" stroke="none"/>'
        f'<g stroke-width="3.4" transform="translate(34 34)"><path stroke="{first}" d="{FIRST_STROKE}"/>'
        f'<path stroke="{second}" d="{SECOND_STROKE}"/></g>'
    )
    cut = f'<path stroke="{palette.bad}" stroke-width="5" d="M8 92L92 8"/>' if state == "void" else ""
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="seal" viewBox="0 0 100 100" width="{size}" height="{size}" '
        f'fill="none" stroke="{tone}" {told}>{body}{strokes}{cut}</svg>'
    )


def _rosette(digest: str, strands: int) -> str:
    raw = bytes.fromhex((digest.replace(" ", "") * 2)[:16])
    outer = _ellipses(48, 20 + raw[2] % 14, (7 + raw[0] % 4) * strands, raw[4] % 20)
    inner = _ellipses(37, 23 + raw[3] % 9, (5 + raw[1] % 4) * strands, raw[5] % 30)
    return outer + inner


def _ellipses(wide: int, narrow: int, number: int, turn: int) -> str:
    return "".join(
        f'<ellipse cx="50" cy="50" rx="{wide}" ry="{narrow}" transform="rotate({turn + i * 180 / number:.4g} 50 50)"/>'
        for i in range(number)
    )


def interval(
    estimate: Estimate,
    *,
    start: float,
    end: float,
    limit: float | None = None,
    fails: Side = "below",
    passed: bool = True,
    production: float | None = None,
    label: str = "",
    width: int = 150,
    height: int = 22,
    palette: Palette = PAGE,
) -> str:
    """Draw dot and whisker on a scale; the side of the limit that fails is tinted; a grey tick is production."""
    scale, middle = Scale(start, end, 3, width), height / 2
    parts = [f'<path stroke="{palette.line}" stroke-width="1" d="M0 {_short(middle)}H{width}"/>']
    if limit is not None:
        at = scale(limit)
        left, right = (0.0, at) if fails == "below" else (at, float(width))
        tint = f"M{_short(left)} 3H{_short(right)}V{height - 3}H{_short(left)}z"
        parts.append(f'<path fill="{palette.bad}" stroke="none" opacity=".13" d="{tint}"/>')
        parts.append(_dashed(f"M{_short(at)} 1V{height - 1}", palette.bad))
    if production is not None:
        parts.append(f'<path stroke="{palette.muted}" d="M{_short(scale(production))} 5V{height - 5}"/>')
    tone = palette.accent if passed else palette.bad
    parts.append(_whisker(estimate, scale, middle, tone))
    parts.append(_dot(scale(estimate.value), middle, tone))
    return _svg("".join(parts), width, height, label)


def pair(
    production: Estimate,
    candidate: Estimate,
    *,
    start: float,
    end: float,
    label: str = "",
    width: int = 200,
    height: int = 30,
    palette: Palette = PAGE,
) -> str:
    """Draw production (grey, hollow) above the candidate (accent, filled) on one scale."""
    scale = Scale(start, end, 5, width)
    parts = [f'<path stroke="{palette.line}" stroke-width="1" d="M0 9.5H{width}M0 21.5H{width}"/>']
    parts.append(_whisker(production, scale, 9.5, palette.muted))
    parts.append(_dot(scale(production.value), 9.5, palette.muted, hollow=palette.card))
    parts.append(_whisker(candidate, scale, 21.5, palette.accent))
    parts.append(_dot(scale(candidate.value), 21.5, palette.accent))
    return _svg("".join(parts), width, height, label)


def share(
    reference: float, window: float, *, end: float, label: str = "", width: int = 150, palette: Palette = PAGE
) -> str:
    """Draw two thin bars from zero to at most `end`: reference above, window below."""
    of = (width - 2) / end
    bars = (
        f'<path fill="{palette.muted}" stroke="none" d="M0 4h{_short(max(reference * of, 1))}v5H0z"/>'
        f'<path fill="{palette.accent}" stroke="none" d="M0 13h{_short(max(window * of, 1))}v5H0z"/>'
    )
    return _svg(bars, width, 22, label)


def sparkline(
    values: Sequence[float | None],
    *,
    limit: float | None = None,
    label: str = "",
    width: int = 112,
    height: int = 24,
    palette: Palette = PAGE,
) -> str:
    """Draw a line over time on a scale of its own from 0; a missing value leaves a gap; the limit is dashed."""
    known = [v for v in values if v is not None]
    top = max([*known, limit or 0.0, 1e-12])
    bottom = min([*known, 0.0])
    across = (width - 7) / max(1, len(values) - 1)

    def at(value: float) -> float:
        return height - 3 - (value - bottom) / (top - bottom) * (height - 6)

    line, pen = "", "M"
    for i, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        line += f"{pen}{_short(2 + i * across)} {_short(at(value))}"
        pen = "L"
    parts = [] if limit is None else [_dashed(f"M0 {_short(at(limit))}H{width}", palette.bad)]
    parts.append(f'<path stroke="{palette.muted}" d="{line}"/>')
    if values and values[-1] is not None:
        parts.append(_dot(2 + (len(values) - 1) * across, at(values[-1]), palette.muted, radius=2.2))
    return _svg("".join(parts), width, height, label)


class Scale:
    """Maps a value onto a width, within `side` units of its edges; what lies outside stays at the edge."""

    def __init__(self, start: float, end: float, side: int, width: int) -> None:
        if not end > start:
            raise ValueError(f"a scale from {start} to {end} shows nothing")
        self.start, self.span, self.side, self.width = start, end - start, side, width

    def __call__(self, value: float) -> float:
        """Return where the value lies."""
        within = min(1.0, max(0.0, (value - self.start) / self.span))
        return self.side + within * (self.width - 2 * self.side)


def _whisker(estimate: Estimate, scale: Scale, y: float, tone: str) -> str:
    low, high, y0 = _short(scale(estimate.low)), _short(scale(estimate.high)), _short(y - 3)
    return f'<path stroke="{tone}" d="M{low} {_short(y)}H{high}M{low} {y0}v6M{high} {y0}v6"/>'


def _dot(x: float, y: float, tone: str, *, hollow: str = "", radius: float = 3.5) -> str:
    paint = f'fill="{hollow}" stroke="{tone}"' if hollow else f'fill="{tone}" stroke="none"'
    return f'<circle {paint} cx="{_short(x)}" cy="{_short(y)}" r="{_short(radius - 0.5 if hollow else radius)}"/>'


def _dashed(path: str, tone: str) -> str:
    return f'<path stroke="{tone}" stroke-width="1" stroke-dasharray="4 2" d="{path}"/>'


def _svg(body: str, width: int, height: int, label: str) -> str:
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke-width="1.6" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" {told}>{body}</svg>'
    )


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
