"""What a name may hold: characters that one sees. Names are read before something is signed."""

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""Not seen, and yet written in Persian and in Indic scripts."""
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}  # controls, formats such as changes of direction, separators of lines, of paragraphs
# The rest of what may be left out of sight (Unicode, Default_Ignorable_Code_Point), letters and marks by category.
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_JOINED_IN_VAIN = re.compile(f"(?:^|[ -\u05ff])[{JOINERS}]|[{JOINERS}](?:[ -\u05ff]|$)")
"""A joiner beside Latin, Greek, Cyrillic and the like, none of which it joins."""


def unseen_in(name: str) -> str | None:
    """Return in words which character of a name can't be seen or turns the others around; None where there is none."""
    said = name.strip()
    found = next((one for one in said if unicodedata.category(one) in _UNSEEN and one not in JOINERS), None)
    if found is None and (ignorable := _IGNORABLE.search(said)):
        found = ignorable[0]
    if found is None and (joined := _JOINED_IN_VAIN.search(said)):
        found = next(one for one in joined[0] if one in JOINERS)
    if found is None:
        return None
    return f"Leave out the character U+{ord(found):04X}: it can't be seen, and lets a name look like another one."


def name_errors(name: str) -> list[str]:
    """Return what is wrong with the name of a person, a team or a token, in words."""
    if not name.strip():
        return ["Enter a name."]
    return [words] if (words := unseen_in(name)) else []
