"""What was in use before the portal: what its declaration says, and by when it goes through the gates."""

from datetime import date, timedelta

from registry.choices import Environment
from registry.rules.values import text_problems

LONGEST = timedelta(days=365)
"""How far ahead a deadline may lie, also one that the second line sets later."""


def latest_deadline(today: date) -> date:
    """Return the last day that can be a deadline."""
    return today + LONGEST


def problems(
    *, environment: str, description: str, has_version: bool, in_use_since: date, deadline: date,
    registered_on: date, today: date,
) -> dict[str, list[str]]:  # fmt: skip
    """Return what is wrong with a declaration, by field.

    What came into use after its model was registered here is no legacy: that needs an approval. A deadline may lie in
    the past; it is overdue at once then, as in another portal whose inventory comes here.
    """
    texts = {"description": description}
    found = text_problems({}, texts) if has_version else text_problems(texts)
    if environment not in Environment.values:
        found["environment"] = [f"Choose one of {', '.join(Environment.values)}."]
    if in_use_since > today:
        found["in_use_since"] = ["This day is still to come: what is not in use yet needs an approval."]
    elif in_use_since > registered_on:
        found["in_use_since"] = [
            f"The model was registered here on {registered_on}: what came into use after that needs an approval."
        ]
    if deadline > latest_deadline(today):
        found["deadline"] = [f"Choose a day within {LONGEST.days} days: {latest_deadline(today)} at the latest."]
    elif deadline < in_use_since:
        found["deadline"] = ["It lies before the day since when it is in use."]
    return found


def extension_problem(deadline: date, former: date | None, *, may_extend: bool) -> str | None:
    """Return why the deadline can't be this late, in words; `former` is the one that was set last, None the first."""
    if former is None or deadline <= former or may_extend:
        return None
    return f"The deadline is {former}; only the second line sets a later one."


def days_left(deadline: date, today: date) -> int:
    """Return how many days are left after today; below 0 it is overdue."""
    return (deadline - today).days


def due_words(left: int) -> str:
    """Return how long there is, in words."""
    if left == 0:
        return "Due today"
    count = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
    return f"Due in {count}" if left > 0 else f"Overdue by {count}"
