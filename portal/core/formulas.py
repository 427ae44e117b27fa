"""Cells of files for spreadsheets: what one would calculate is guarded on the way out, and read back as it was."""

import re

_CALCULATED = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
"""Apostrophes that were there before get one more, so that each text has one way out and one way back."""


def guarded(text: str) -> str:
    """Return the text as a cell: after an apostrophe a spreadsheet reads text and calculates nothing."""
    return f"'{text}" if _CALCULATED.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell."""
    return cell[1:] if _GUARDED.match(cell) else cell
