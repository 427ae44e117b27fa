"""Every pair of state and verb: what is not named here is refused."""

import pytest

from registry.choices import (
    AssessmentState,
    CardState,
    FindingState,
    ReleaseState,
    SnapshotState,
    UseCaseState,
    VersionState,
)
from registry.rules.states import CARD, FINDING, RELEASE, SNAPSHOT, TIER, USE_CASE, VERSION, Table, after

ALLOWED = {
    "use case": {
        ("proposed", "change"): "proposed",
        ("proposed", "tier"): "tiered",
        ("proposed", "approve"): "approved_for_development",
        ("tiered", "approve"): "approved_for_development",
        ("proposed", "reject"): "rejected",
        ("tiered", "reject"): "rejected",
        ("proposed", "find not a model"): "rejected",
        ("tiered", "find not a model"): "rejected",
        ("proposed", "link a model"): "proposed",
        ("tiered", "link a model"): "tiered",
        ("approved_for_development", "link a model"): "approved_for_development",
        ("in_use", "link a model"): "in_use",
        ("approved_for_development", "retire"): "retired",
    },
    "version": {
        ("receiving", "add a file"): "receiving",
        ("receiving", "submit"): "inspecting",
        ("inspecting", "seal"): "sealed",
        ("inspecting", "quarantine"): "quarantined",
        ("inspecting", "fail"): "failed",
        ("receiving", "withdraw"): "withdrawn",
        ("sealed", "withdraw"): "withdrawn",
        ("quarantined", "withdraw"): "withdrawn",
        ("failed", "withdraw"): "withdrawn",
    },
    "snapshot": {
        ("inspecting", "accept"): "ready",
        ("inspecting", "refuse"): "refused",
        ("inspecting", "fail"): "failed",
    },
    "card": {("draft", "publish"): "published", ("published", "supersede"): "superseded"},
    "tier assessment": {
        ("in_force", "supersede"): "superseded",
        ("proposed", "supersede"): "superseded",
        ("proposed", "withdraw"): "withdrawn",
    },
    "finding": {
        ("open", "hand_over"): "open",
        ("in_remediation", "hand_over"): "in_remediation",
        ("reopened", "hand_over"): "reopened",
        ("open", "start"): "in_remediation",
        ("reopened", "start"): "in_remediation",
        ("in_remediation", "hand_in"): "ready_to_verify",
        ("ready_to_verify", "close"): "closed",
        ("ready_to_verify", "send_back"): "in_remediation",
        ("closed", "reopen"): "reopened",
        ("open", "change_severity"): "open",
        ("in_remediation", "change_severity"): "in_remediation",
        ("ready_to_verify", "change_severity"): "ready_to_verify",
        ("reopened", "change_severity"): "reopened",
    },
    "release": {
        ("planned", "activate"): "active",
        ("active", "supersede"): "superseded",
        ("declared", "supersede"): "superseded",
        ("declared", "end"): "retired",
    },
}
TABLES = {
    "use case": (USE_CASE, UseCaseState),
    "version": (VERSION, VersionState),
    "snapshot": (SNAPSHOT, SnapshotState),
    "card": (CARD, CardState),
    "tier assessment": (TIER, AssessmentState),
    "finding": (FINDING, FindingState),
    "release": (RELEASE, ReleaseState),
}
PAIRS = [
    (thing, table, state, verb)
    for thing, (table, states) in TABLES.items()
    for state in states.values
    for verb in table
]


@pytest.mark.parametrize(("thing", "table", "state", "verb"), PAIRS)
def test_a_verb_moves_a_thing_only_where_the_table_says_so(thing: str, table: Table, state: str, verb: str) -> None:
    assert after(table, verb, state) == ALLOWED[thing].get((state, verb))


@pytest.mark.parametrize("thing", TABLES)
def test_every_allowed_pair_is_walked(thing: str) -> None:
    walked = {(state, verb) for of, _, state, verb in PAIRS if of == thing}
    assert set(ALLOWED[thing]) <= walked


def test_unknown_verb_is_a_defect() -> None:
    with pytest.raises(KeyError):
        after(VERSION, "bless", "receiving")
