"""What may be said, and by whom it may be changed: values in, words out."""

REASON_LIMIT = 2_000
"""Characters of why somebody else's comment is withdrawn."""
LIMIT = 10_000
"""Characters of a comment."""
MOST_BRACKETS = 300
"""Beginnings of links: to look for the end of each takes time by their square."""


def plain(text: str) -> str:
    """Return the text as it is kept: lines end as on the web's other side, and nothing blank stands around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def text_problem(text: str) -> str:
    """Return what is wrong with a comment's text, or nothing."""
    if not text:
        return "Say something: a comment of spaces is none."
    if "\0" in text:
        return "Take out the NUL character, which no column holds."
    if text.count("[") > MOST_BRACKETS:
        return f"It has more than {MOST_BRACKETS} opening brackets “[”. Write less in one comment."
    if len(text) > LIMIT:
        return f"It has {len(text):,} characters; a comment has at most {LIMIT:,}. Write two, or link to a document."
    return ""


def change_problem(author_id: int, user_id: int | None) -> str:
    """Return why this person may not edit or withdraw a comment, or nothing."""
    return "" if author_id == user_id else "Only who wrote a comment edits or withdraws it."


def withdrawal_problem(author_id: int, user_id: int | None, *, author_is_open: bool) -> str:
    """Return why this person may not withdraw a comment, or nothing; whose account is closed can't do it themselves."""
    if author_id == user_id or not author_is_open:
        return ""
    return "Only who wrote a comment withdraws it; who may withdraw others’ does so once that account is closed."


def reason_problem(reason: str) -> str:
    """Return what is wrong with why somebody else's comment is withdrawn, or nothing."""
    if not reason:
        return "Say why: who wrote it can't be asked."
    if "\0" in reason:
        return "Take out the NUL character, which no column holds."
    return f"Use at most {REASON_LIMIT:,} characters." if len(reason) > REASON_LIMIT else ""
