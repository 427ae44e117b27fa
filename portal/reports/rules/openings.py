"""What is open: everything in a pack that did not pass, is missing, or can't be told."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from portal.reports.rules.words import day, spelled

Document = Mapping[str, Any]
MOST = 9
STATUS = {"failed": "not_passed", "passed": "passed"}
"""Outcomes that are printed by another word; all others by their own."""


class Opening(NamedTuple):
    """One line: a status, what it is about, what is to be known, and when or where."""

    status: str
    what: str
    text: str
    when: str = ""


def openings(document: Document) -> list[dict[str, str]]:
    """Return the lines, the loudest first; one line that says so where nothing is open."""
    parts = (_approval, _gate, _findings, _documents, _erased, _validation, _ledger, _release)
    found = [one for part in parts for one in part(document)]
    if len(found) > MOST:
        found = [
            *found[: MOST - 1],
            Opening("open", f"{len(found) - MOST + 1} more", "in the sections behind this page"),
        ]
    if not found:
        found = [Opening("nothing_open", "", "Every check passed, every seat is signed, and the ledger agrees.")]
    return [one._asdict() for one in found]


def status_of(outcome: str) -> str:
    """Return the status under which an outcome is printed."""
    return STATUS.get(outcome, outcome)


def _approval(document: Document) -> Iterator[Opening]:
    decision = document["decision"]
    if decision is None:
        yield Opening("missing", "Approval", "nobody was asked", "section 1")
        return
    request = decision["request"]
    if request["state"] != "approved":
        yield Opening(request["state"], f"Request {request['id']}", "is not approved", "section 1")
    for one in decision["signatures"]:
        if not one["verified"]:
            yield Opening("not_passed", "Signature", f"of {one['name']} could not be verified", "section 1")
    excluded = {one["id"] for one in decision["excluded"]}
    for one in decision["signatures"]:
        if one["signer"]["id"] in excluded:
            yield Opening("not_passed", "Separation of duty", f"{one['name']} had a part in the work", "section 1")
    for seat in decision["seats"]:
        if seat["signed_by"] is None:
            yield Opening("open", "Seat", f"{seat['title']}: nobody signed", "section 1")


def _gate(document: Document) -> Iterator[Opening]:
    gate = document["gate"]
    if gate is None:
        yield Opening("missing", "Gate", "no evaluation", "section 5")
        return
    for one in gate["checks"]:
        if one["outcome"] != "passed":
            yield Opening(status_of(one["outcome"]), one["title"], one["message"] or one["limit"], "section 5")


def _findings(document: Document) -> Iterator[Opening]:
    for one in document.get("findings", ()):
        held = f"held by {one['holder']['name']}" if one["holder"] else "held by nobody"
        due = f"due {day(one['due'])}" if one["due"] else ""
        about = one["version"] or "the model as a whole"
        yield Opening(
            "open", f"Finding {one['number']}", f"{one['severity']}, about {about}, {held}: {one['title']}", due
        )


def _documents(document: Document) -> Iterator[Opening]:
    for one in document.get("documents", ()):
        if one["state"] == "expired":
            yield Opening("expired", f"Document {one['number']}", one["title"], f"since {one['valid_until']}")


def _erased(document: Document) -> Iterator[Opening]:
    for one in document["data"]:
        if erased := one.get("erased"):
            text = f"rows for {one['use']}: not recomputable"
            yield Opening("erased", one["name"], text, f"since {day(erased['at'])}")


def _validation(document: Document) -> Iterator[Opening]:
    validation = document["validation"]
    if validation is None:
        yield Opening("missing", "Validation", "the gate read no run", "section 4")
        return
    if validation["state"] != "passed":
        yield Opening("not_passed", f"Run {validation['id']}", validation["cause"] or validation["state"], "section 4")
    results = validation["results"]
    small = sum(not one["assessed"] for one in results.get("segments", []))
    if small:
        text = f"{spelled(small, 'level has', 'levels have')} too few rows to be assessed"
        yield Opening("not_assessed", "Segments", text, "section 4")
    open_claims = [one for one in validation["claims"] if one["verdict"] not in {"equal", "not contradicted"}]
    if open_claims:
        yield Opening("open", "Claims", f"{len(open_claims)} of {len(validation['claims'])} not borne out", "section 4")
    if results.get("unit") == "row":
        yield Opening("open", "Intervals", "rows were assumed independent; they may be too narrow", "section 4")


def _ledger(document: Document) -> Iterator[Opening]:
    for one in document["ledger"]["agreement"]:
        if not one["agrees"]:
            lacks = "no entry yet" if one["index"] is None else f"entry {one['index']} says something else"
            yield Opening("not_passed", "Ledger", f"{one['name']}: {lacks}", "section 6")


def _release(document: Document) -> Iterator[Opening]:
    release = document["release"]
    if release["state"] != "active":
        when = day(release["ended_at"]) if release["ended_at"] else ""
        yield Opening(release["state"], f"Release {release['id']}", "no longer takes live decisions", when)
