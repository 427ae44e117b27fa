"""Numbers as people read them: three significant digits, a true minus sign, thin spaces, words for nothing."""

import math

NO_DATA = "no data"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


def significant(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """Return the value with so many significant digits, or its whole part; NaN and None are "no data"."""
    if value is None or math.isnan(value):
        return NO_DATA
    if math.isinf(value):
        return MINUS + "∞" if value < 0 else "∞"
    sign = "+" if signed else ""
    if value and abs(value) < 10**-6:
        mantissa, _, exponent = f"{value:{sign}.{digits - 1}e}".partition("e")
        return f"{mantissa} × 10{_raised(int(exponent))}".replace("-", MINUS)
    rounded = float(f"{value:.{digits - 1}e}")
    return fixed(value, _places(rounded, digits), signed=signed)


def fixed(value: float | None, places: int, *, signed: bool = False) -> str:
    """Return the value with so many places, thousands separated; what rounds to zero carries no sign."""
    if value is None or math.isnan(value):
        return NO_DATA
    text = f"{value:{'+' if signed else ''},.{places}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Return [low, high], both with the places that the larger needs; "" where one is missing."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    places = _places(max(abs(low), abs(high)), 3)
    return f"[{fixed(low, places, signed=signed)},\N{NO-BREAK SPACE}{fixed(high, places, signed=signed)}]"


def percent(share: float | None, *, signed: bool = False) -> str:
    """Return a share of 1 as percent with three significant digits."""
    if share is None or math.isnan(share):
        return NO_DATA
    return f"{significant(share * 100, signed=signed)}{NARROW}%"


def count(number: int | None) -> str:
    """Return an exact count with its thousands separated."""
    return NO_DATA if number is None else f"{number:,}".replace("-", MINUS)


def size(number: int | None) -> str:
    """Return a number of bytes in B, kB, MB, GB or TB (powers of 1,000)."""
    if number is None:
        return NO_DATA
    if number < 1000:  # noqa: PLR2004 (the kilo of kB)
        return f"{number}{NARROW}B"
    value = float(number)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5:  # noqa: PLR2004 (what would round to 1,000)
            return f"{significant(value)}{NARROW}{unit}"
    return f"{significant(value / 1000)}{NARROW}TB"


def duration(seconds: float | None) -> str:
    """Return a time span in words, its two largest units: "41 seconds", "3 h 20 min", "12 days"."""
    if seconds is None or math.isnan(seconds):
        return NO_DATA
    whole = round(abs(seconds))
    if whole < 1:
        return "under a second"
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    if days >= 2:  # noqa: PLR2004 (under two days hours still tell something)
        return f"{days:,} days"
    if days or hours:
        return _pair(days * 24 + hours, "h", minutes, "min")
    if minutes:
        return _pair(minutes, "min", left, "s")
    return f"{whole} second{'' if whole == 1 else 's'}"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def _places(value: float, digits: int) -> int:
    """Places after the point that give so many significant digits; at most eight."""
    return 0 if value == 0 else min(8, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
