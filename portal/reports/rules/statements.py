"""Every sentence of a pack that makes a claim, worked out from its document and frozen with it."""

from collections.abc import Mapping
from typing import Any

from monitoring.rules.measures import measure_named
from portal.reports.rules.openings import openings
from portal.reports.rules.tiles import tiles
from portal.reports.rules.words import day, listed, sentence, spelled

Document = Mapping[str, Any]
ENDED = {
    "superseded": "it was superseded",
    "rolled_back": "it was rolled back",
    "halted": "it was halted",
    "retired": "it was retired",
}


def statements(document: Document) -> dict[str, Any]:
    """Return the sentences by the place where they are printed."""
    return {
        "verdict": _verdict(document),
        "what": _what(document),
        "evidence": _evidence(document),
        "tiles": tiles(document),
        "open": openings(document),
        "decision": _decision(document),
        "model": _model(document),
        "data": _data(document),
        "validation": _validation(document),
        "gate": _gate(document),
        "ledger": _ledger(document),
    }


def _verdict(document: Document) -> str:
    release, decision, gate = document["release"], document["decision"], document["gate"]
    environment = document["subject"]["environment"]
    if decision is None:
        opening = f"In {environment} without an approval."
    elif decision["request"]["state"] == "approved":
        people = spelled(len(decision["signatures"]), "person", "people")
        opening = f"Approved for {environment} on {day(decision['signatures'][-1]['at'])} by {people}"
        opening += f", replacing {release['replaced']['version']}." if release["replaced"] else "."
    else:
        opening = f"Not approved for {environment}: the request is {_plain(decision['request']['state'])}."
    if release["state"] in ENDED:
        when = f" on {day(release['ended_at'])}" if release["ended_at"] else ""
        opening = f"{opening.removesuffix('.')}; {ENDED[release['state']]}{when}."
    return f"{opening} {_checks_passed(gate)}"


def _what(document: Document) -> list[list[str]]:
    release, subject = document["release"], document["subject"]
    pipeline = document["version"]["feature_pipeline"]
    runs = f"{release['id']}, in {subject['environment']}: {subject['version']}"
    runs += f" with feature pipeline {pipeline['name']}" if pipeline else ", features inside the artifact"
    state = f"{_plain(release['state'])} since {day(release['activated_at'])}" if release["activated_at"] else "planned"
    if release["state"] in ENDED and release["activated_at"]:
        state = f"{_plain(release['state'])}, active from {day(release['activated_at'])}"
        state += f" to {day(release['ended_at'])}" if release["ended_at"] else ""
    return [["Release", runs], ["For", subject["purpose"]], ["State", state], ["Fallback", release["fallback"]]]


def _evidence(document: Document) -> str:
    validation, gate = document["validation"], document["gate"]
    first = f"Gate evaluation {gate['id']}: {_checks_passed(gate, short=True)}." if gate else "No gate was evaluated."
    if validation is None:
        return f"{first} No validation run was read."
    results = validation["results"]
    rows = f"{results['n']:,} labelled rows" if "n" in results else "no rows"
    return f"{first} Validation run {validation['id']} {_plain(validation['state'])}, on {rows}; intervals are 95 %."


def _checks_passed(gate: Document | None, *, short: bool = False) -> str:
    if gate is None:
        return "No gate was evaluated."
    passed, total = sum(one["outcome"] == "passed" for one in gate["checks"]), len(gate["checks"])
    if short:
        return f"{passed} of {total} checks passed"
    if passed == total and total:
        return f"All {total} checks of the gate passed."
    return f"{passed} of {total} checks of the gate passed, {total - passed} did not."


def _decision(document: Document) -> str:
    decision = document["decision"]
    if decision is None:
        return "No approval of this release was ever asked for."
    request, signed = decision["request"], decision["signatures"]
    if not signed:
        return f"Request {request['id']} is {_plain(request['state'])}. Nobody has signed it."
    people = sentence(spelled(len(signed), "person", "people"))
    same = all(one["verified"] for one in signed)
    which, whose = ("same bundle digest", "each") if len(signed) > 1 else ("bundle digest", "the")
    proved = f"; {whose} signature was verified when this pack was frozen" if same else ""
    return f"Request {request['id']} is {_plain(request['state'])}. {people} signed the {which}{proved}."


def _model(document: Document) -> str:
    version, subject = document["version"], document["subject"]
    files = spelled(len(version["artifacts"]), "file", "files")
    sealed = f"was sealed on {day(version['sealed_at'])}" if version["sealed_at"] else f"is {_plain(version['state'])}"
    return (
        f"{subject['model']} {subject['version']} {sealed}: {files}, hashed on receipt, and named by digest from the "
        "rows it learned from to the release that runs."
    )


def _data(document: Document) -> str:
    uses = [
        f"{one['rows']:,} rows of {one['name']} for {one['use']}"
        if one["rows"] is not None
        else f"{one['name']} for {one['use']}"
        for one in document["data"]
    ]
    return f"{sentence(listed(uses))}. The same bytes have the same digest."


def _validation(document: Document) -> str:
    validation = document["validation"]
    if validation is None:
        return "No validation run was read by the gate. There is no data."
    results, version = validation["results"], document["subject"]["version"]
    if "n" not in results:
        return f"The run {_plain(validation['state'])}. {validation['cause']}".strip()
    unit = "rows assumed independent" if results["unit"] == "row" else f"resampled by {results['unit']}"
    drawn = f"{results['n']:,} rows, {results['resamples']:,} resamples, {unit}"
    if validation["champion"] is None:
        return f"Measured on {drawn}. No version was in production to compare with."
    against = f"v{validation['champion']['number']} in production"
    return f"{version} against {against} on the same rows ({drawn}): {_verdicts(validation)}."


def _verdicts(validation: Document) -> str:
    names: dict[str, list[str]] = {}
    for one in validation["measures"]:
        if one["verdict"]:
            names.setdefault(one["verdict"], []).append(measure_named(one["name"]).word)
    return "; ".join(f"{listed(found)} {verdict}" for verdict, found in names.items()) or "no margin was declared"


def _gate(document: Document) -> str:
    gate, validation = document["gate"], document["validation"]
    if gate is None:
        return "No gate was evaluated. Nothing passed."
    policy = gate["policy"]
    name = f"{policy['title']}, version {policy['number']},"
    before = ""
    if validation is not None and validation["started_at"] and policy["published_at"]:
        early = policy["published_at"] <= validation["started_at"]
        before = " before the run it judges started" if early else " after the run it judges had started"
    published = f"was published on {day(policy['published_at'])}{before}" if policy["published_at"] else "is a draft"
    return f"The policy {name} {published}. {_checks_passed(gate)}"


def _ledger(document: Document) -> str:
    ledger = document["ledger"]
    total = len(ledger["agreement"])
    agree = sum(one["agrees"] for one in ledger["agreement"])
    words = f"All {total} things printed here agree with it" if agree == total else f"{agree} of {total} things agree"
    return (
        "What is printed here was recorded when it happened, in a ledger that can only grow. "
        f"The checkpoint below fixes its {ledger['checkpoint']['size']:,} entries at once. {words}."
    )


def _plain(state: str) -> str:
    return state.replace("_", " ")
