"""Words of the pack: numbers in words, dates, and what the terms mean here."""

from collections.abc import Iterable
from datetime import UTC, datetime

SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
GLOSSARY = (
    ("AUC", "Chance that a positive case gets a higher score than a negative one. 0.5 is guessing, 1 is perfect."),
    ("Bundle digest", "One digest over every part that an approval covers. If a part changes, the request is void."),
    ("Brier score", "Mean squared difference between probability and outcome. Lower is better."),
    ("Calibration", "Slope 1 and intercept 0 mean that predicted probabilities come true as often as they say."),
    ("Checkpoint", "Signed statement of the ledger’s size and root. Two can be proven to be the same history."),
    ("Content digest", "SHA-256 of the attached snapshot.json. The same snapshot gives the same digest anywhere."),
    ("DSSE", "Signed envelope around a statement (in-toto). Can be verified with openssl."),
    ("Expected calibration error", "Mean gap between predicted and observed share; it is never 0, even if perfect."),
    ("Gate", "All checks of a policy, evaluated on stored evidence. Missing, failed or stale is not passed."),
    ("Inclusion proof", "Hashes that lead from one ledger entry to the checkpoint’s root."),
    ("Interval", "95 % interval: the middle of the resamples of the validation rows, drawn by the unit named there."),
    ("Log loss", "Mean penalty for confident errors. Lower is better."),
    ("Margin", "How much worse than production a version may be and still count as not worse; fixed before the run."),
    ("Not assessed", "Too few rows to say anything. Not the same as passed."),
    ("Sealed", "Bytes fixed and hashed; nothing can be added or removed."),
    ("Second line", "People who check models and do not build them."),
    ("Tier", "How much depends on the model: 1 is the highest impact, 3 the lowest."),
)  # fmt: skip


def spelled(number: int, one: str, many: str) -> str:
    """Return "one check", "three checks", "14 checks"."""
    word = SMALL[number] if 0 <= number < len(SMALL) else f"{number:,}"
    return f"{word} {one if number == 1 else many}"


def listed(names: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def day(text: str) -> str:
    """Return the day of an ISO instant as a person writes it, in UTC."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day} {at:%B %Y}"
