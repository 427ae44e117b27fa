"""What erasing the rows of a snapshot takes."""

from registry.rules.values import text_problems


def erasure_problems(*, name: str, typed: str, reason: str) -> dict[str, list[str]]:
    """Return what is wrong with a wish to erase, by field: the name is typed, so that nothing goes by a slip."""
    found = text_problems({"reason": reason})
    if typed.split() != name.split():
        found["typed"] = [f"Type {name} to erase its rows."]
    return found
