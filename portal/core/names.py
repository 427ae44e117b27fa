"""What a name may hold: characters that one sees. Names are read before something is signed."""

import unicodedata

JOINERS = "\u200c\u200d"
"""Not seen, and yet written in Persian and in Indic scripts."""
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}  # controls, formats such as changes of direction, separators of lines, of paragraphs


def unseen_in(name: str) -> str | None:
    """Return in words which character of a name can't be seen or turns the others around; None where there is none."""
    found = next((one for one in name.strip() if unicodedata.category(one) in _UNSEEN and one not in JOINERS), None)
    if found is None:
        return None
    return f"Leave out the character U+{ord(found):04X}: it can't be seen, and lets a name look like another one."


def name_errors(name: str) -> list[str]:
    """Return what is wrong with the name of a person, a team or a token, in words."""
    if not name.strip():
        return ["Enter a name."]
    return [words] if (words := unseen_in(name)) else []
