"""The colours of the look, once: tokens for the page, fixed values for plots and paper."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean: accent is candidate, window or signature; muted is production or reference."""

    ink: str
    muted: str
    accent: str
    good: str
    warn: str
    bad: str
    line: str
    card: str


PAGE = Palette(**{name: f"var(--{name})" for name in ("ink", "muted", "accent", "good", "warn", "bad", "line", "card")})
"""Custom properties of countersign.css: follow the scheme by themselves."""
LIGHT = Palette("#16202c", "#525c6b", "#3b4cca", "#11653a", "#7d4f00", "#a11c12", "#e3e6eb", "#ffffff")
DARK = Palette("#e6e9ee", "#98a2b3", "#8c9bff", "#4ade80", "#fbbf24", "#f87171", "#2a313c", "#161b22")
PAPER = Palette("#16202c", "#525c6b", "#3b4cca", "#16202c", "#16202c", "#16202c", "#d5dae1", "#ffffff")
"""Print: one accent; alarm is carried by weight and shape, never by a colour alone."""
