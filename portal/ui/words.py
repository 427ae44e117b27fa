"""The vocabulary of states: each word has one shape and one tone, everywhere."""

from typing import NamedTuple


class Look(NamedTuple):
    """A symbol of icons.svg, and a tone class: a (accent), good, warn, bad, or none."""

    shape: str
    tone: str


class UnknownStateError(LookupError):
    """A page wants to show a state that has no shape yet; add it to LOOKS."""


LOOKS: dict[str, Look] = {
    word: Look(shape, tone)
    for tone, shapes in {
        "good": {
            "ok": "passed passing active in_use resolved closed no_drift reviewed ready done holds better held healthy "
            "complete valid",
        },
        "a": {
            "seal": "verified sealed signed approved published approved_for_development included",
            "run": "running receiving training baking in_remediation inspecting sending started",
            "open": "in_approval open submitted tiered triggered requested",
            "ok": "registered referenced owned in_force assessed_by_first_line assessed_by_second_line",
            "half": "contained ready_to_verify ramping",
            "quarter": "canary",
            "draft": "shadow",
            "seen": "acknowledged",
        },
        "warn": {
            "warn": "drift changes_requested finding_open alert_open no_owner owner_deactivated medium",
            "waive": "waived accepted waiver_active",
            "stale": "stale expired expiring lapsed declared",
        },
        "bad": {
            "fail": "failed rejected breached severe not_passed refused worse does_not_hold missing",
            "lock": "blocked quarantined",
            "error": "errored",
            "warn": "high",
            "stale": "timed_out overdue",
            "stop": "halted",
            "back": "rolled_back",
            "void": "voided revoked",
            "open": "reopened",
        },
        "": {
            "draft": "proposed draft pending planned queued named awaited upcoming written edited",
            "open": "waiting",
            "warn": "low",
            "none": "no_data not_enough_data not_assessed",
            "skip": "skipped cancelled aborted not_worse not_a_model",
            "old": "withdrawn superseded replaced retired deactivated",
            "mute": "muted",
            "void": "erased",
        },
    }.items()
    for shape, words in shapes.items()
    for word in words.split()
}


def look_of(word: str) -> Look:
    """Return the shape and tone of a state, written as stored ("timed_out") or as read ("Timed out").

    Raises UnknownStateError: a word without a shape is a defect of the page, not something to hide.
    """
    key = word.strip().lower().replace(" ", "_")
    if key not in LOOKS:
        raise UnknownStateError(f"No shape for the state “{word}”: add it to portal.ui.words.LOOKS.")
    return LOOKS[key]


def spoken(word: str) -> str:
    """Return a stored state as a person reads it: "timed_out" becomes "Timed out"."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
