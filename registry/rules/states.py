"""What may happen to a thing in each of its states: tables, and how to ask them."""

from collections.abc import Mapping

from registry.choices import (
    AssessmentState,
    CardState,
    FindingState,
    FindingVerb,
    ReleaseState,
    SnapshotState,
    UseCaseState,
    VersionState,
)

Table = Mapping[str, Mapping[str, str]]
"""Verb -> state before -> state after; what is not in it is refused."""

USE_CASE: Table = {
    "change": {UseCaseState.PROPOSED: UseCaseState.PROPOSED},
    "tier": {UseCaseState.PROPOSED: UseCaseState.TIERED},
    "approve": {
        UseCaseState.PROPOSED: UseCaseState.APPROVED_FOR_DEVELOPMENT,
        UseCaseState.TIERED: UseCaseState.APPROVED_FOR_DEVELOPMENT,
    },
    "reject": {
        UseCaseState.PROPOSED: UseCaseState.REJECTED,
        UseCaseState.TIERED: UseCaseState.REJECTED,
    },
    "find not a model": {
        UseCaseState.PROPOSED: UseCaseState.REJECTED,
        UseCaseState.TIERED: UseCaseState.REJECTED,
    },
    "link a model": {
        UseCaseState.PROPOSED: UseCaseState.PROPOSED,
        UseCaseState.TIERED: UseCaseState.TIERED,
        UseCaseState.APPROVED_FOR_DEVELOPMENT: UseCaseState.APPROVED_FOR_DEVELOPMENT,
        UseCaseState.IN_USE: UseCaseState.IN_USE,
    },
    "retire": {UseCaseState.APPROVED_FOR_DEVELOPMENT: UseCaseState.RETIRED},
}
"""`tiered` is in the table, but no verb leads there yet: what is assessed today are models, not what they are for.

`in_use` is approved for development with a model in production (`selectors.with_state_now`). No verb enters or leaves
it, so a use case is retired once none of its models takes live decisions any more.
"""
VERSION: Table = {
    "add a file": {VersionState.RECEIVING: VersionState.RECEIVING},
    "submit": {VersionState.RECEIVING: VersionState.INSPECTING},
    "seal": {VersionState.INSPECTING: VersionState.SEALED},
    "quarantine": {VersionState.INSPECTING: VersionState.QUARANTINED},
    "fail": {VersionState.INSPECTING: VersionState.FAILED},
    "withdraw": {
        VersionState.RECEIVING: VersionState.WITHDRAWN,
        VersionState.SEALED: VersionState.WITHDRAWN,
        VersionState.QUARANTINED: VersionState.WITHDRAWN,
        VersionState.FAILED: VersionState.WITHDRAWN,
    },
}
SNAPSHOT: Table = {
    "accept": {SnapshotState.INSPECTING: SnapshotState.READY},
    "refuse": {SnapshotState.INSPECTING: SnapshotState.REFUSED},
    "fail": {SnapshotState.INSPECTING: SnapshotState.FAILED},
}
CARD: Table = {
    "publish": {CardState.DRAFT: CardState.PUBLISHED},
    "supersede": {CardState.PUBLISHED: CardState.SUPERSEDED},
}
TIER: Table = {
    "supersede": {
        AssessmentState.IN_FORCE: AssessmentState.SUPERSEDED,
        AssessmentState.PROPOSED: AssessmentState.SUPERSEDED,
    },
    "withdraw": {AssessmentState.PROPOSED: AssessmentState.WITHDRAWN},
}
"""No verb leads from proposed into force yet: an approval will."""
FINDING: Table = {
    FindingVerb.START: {
        FindingState.OPEN: FindingState.IN_REMEDIATION,
        FindingState.REOPENED: FindingState.IN_REMEDIATION,
    },
    FindingVerb.HAND_IN: {FindingState.IN_REMEDIATION: FindingState.READY_TO_VERIFY},
    FindingVerb.CLOSE: {FindingState.READY_TO_VERIFY: FindingState.CLOSED},
    FindingVerb.SEND_BACK: {FindingState.READY_TO_VERIFY: FindingState.IN_REMEDIATION},
    FindingVerb.REOPEN: {FindingState.CLOSED: FindingState.REOPENED},
    FindingVerb.HAND_OVER: {
        FindingState.OPEN: FindingState.OPEN,
        FindingState.IN_REMEDIATION: FindingState.IN_REMEDIATION,
        FindingState.REOPENED: FindingState.REOPENED,
    },
    FindingVerb.CHANGE_SEVERITY: {state: state for state in FindingState.values if state != FindingState.CLOSED},
}
"""Nothing is closed that nobody handed in: a finding that was none is handed in with the reason why."""
RELEASE: Table = {
    "activate": {ReleaseState.PLANNED: ReleaseState.ACTIVE},
    "supersede": {
        ReleaseState.ACTIVE: ReleaseState.SUPERSEDED,
        ReleaseState.DECLARED: ReleaseState.SUPERSEDED,
    },
    "end": {ReleaseState.DECLARED: ReleaseState.RETIRED},
}
"""What is declared never becomes active: an approved release takes its place."""


def after(table: Table, verb: str, state: str) -> str | None:
    """Return the state after the verb, None where the verb is refused; raises KeyError for a verb nobody knows."""
    return table[verb].get(state)
