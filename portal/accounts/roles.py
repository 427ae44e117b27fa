"""The one table of roles and capabilities. Roles add up; separation of duty is decided per object, elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.accounts.choices import Role
from portal.core.actors import Grant
from portal.core.capabilities import HOLDERS

READING = frozenset({"read", "read_ledger"})
ANSWERING = READING | {"answer_finding"}
"""Of everybody who may be handed a finding; auditors only read, so they hold none."""
SPEAKING = ANSWERING | {"comment"}
"""Of everybody who has a part in the work; viewers and auditors read what is said."""

ROLES: dict[str, frozenset[str]] = {
    Role.VIEWER: ANSWERING,
    Role.DEVELOPER: SPEAKING
    | {
        "propose_use_case",
        "register_model",
        "assess_tier",
        "raise_finding",
        "add_document",
        "upload_dataset",
        "register_pipeline",
        "register_version",
        "record_lineage",
        "submit_version",
        "write_card",
        "request_validation",
        "declare_release",
        "open_request",
        "export_evidence",
        "cancel_job",
    },
    Role.VALIDATOR: SPEAKING
    | {
        # The second line challenges a use case before there is anything to sign: no digest, so not `sign`.
        "decide_use_case",
        "assess_tier",
        "challenge_tier",
        "raise_finding",
        "challenge_finding",
        "add_document",
        "declare_release",
        # Who must meet a deadline does not move it.
        "extend_deadline",
        "withdraw_comment",
        "plan_validation",
        "request_validation",
        "export_evidence",
        "cancel_job",
    },
    Role.APPROVER: SPEAKING | {"sign", "export_evidence"},
    Role.OPERATOR: SPEAKING | {"operate_release", "export_evidence", "cancel_job"},
    Role.POLICY_STEWARD: SPEAKING | {"draft_policy", "publish_policy"},
    Role.AUDITOR: READING | {"read_withdrawn", "export_evidence", "verify_ledger"},
    Role.ADMIN: frozenset({"manage_users", "manage_tokens", "administer", "verify_ledger", "withdraw_comment"}),
}
# Held by no role: granted one by one.
SINGLE = frozenset({"read_sensitive", "erase_data"})
CAPABILITIES = frozenset().union(SINGLE, *ROLES.values())
HOLDERS.update(
    {one: tuple(Role(role).label.lower() for role in ROLES if one in ROLES[role]) for one in CAPABILITIES - SINGLE}
)

# These take a second administrator before they count; else one could make a second self to confirm with.
CONFIRMED_ROLES = frozenset({Role.APPROVER, Role.VALIDATOR, Role.POLICY_STEWARD, Role.ADMIN})
_UNCONFIRMED = frozenset[str]().union(*(ROLES[role] for role in Role if role not in CONFIRMED_ROLES))
CONFIRMED_CAPABILITIES = frozenset[str]().union(*(ROLES[role] for role in CONFIRMED_ROLES)) - _UNCONFIRMED

# What lets one raise others: held for the whole installation, or not at all.
ADMINISTRATION = frozenset({"manage_users", "manage_tokens", "administer"})

# No token signs, erases, hands out rights or makes tokens.
TOKEN_SCOPES: tuple[str, ...] = tuple(sorted(CAPABILITIES - ADMINISTRATION - {"sign", "erase_data"}))


@dataclass(frozen=True)
class HeldGrant:
    """A grant within its dates, as the rule sees it; exactly one of role and capability is set."""

    role: str
    capability: str
    team_id: int | None
    granted_by: int | None
    confirmed_by: int | None


def needs_confirmation(*, role: str, capability: str) -> bool:
    """Whether such a grant counts only when a second administrator confirmed it."""
    return role in CONFIRMED_ROLES or capability in CONFIRMED_CAPABILITIES


def administers(*, role: str, capability: str) -> bool:
    """Whether such a grant lets one raise others."""
    return role == Role.ADMIN or capability in ADMINISTRATION


def counts(held: HeldGrant) -> bool:
    """Whether the grant gives anything: those that need it are confirmed by somebody else than who gave them.

    The first administrators are made at set-up, from the machine's own shell, where nobody could confirm them.
    """
    if not needs_confirmation(role=held.role, capability=held.capability):
        return True
    if held.granted_by is None and administers(role=held.role, capability=held.capability):
        return True
    return held.confirmed_by is not None and held.confirmed_by != held.granted_by


def capabilities_of(held: Iterable[HeldGrant]) -> frozenset[Grant]:
    """Return what the grants add up to. Who administers never signs, whatever else was granted."""
    counted = [one for one in held if counts(one)]
    given = {
        Grant(capability, one.team_id)
        for one in counted
        for capability in (ROLES[one.role] if one.role else {one.capability})
    }
    if any(grant.capability == "manage_users" for grant in given):
        given = {grant for grant in given if grant.capability != "sign"}
    return frozenset(given)


def narrowed(grants: Iterable[Grant], scopes: Iterable[str]) -> frozenset[Grant]:
    """Return the grants that a token of these scopes carries."""
    carried = frozenset(scopes) & frozenset(TOKEN_SCOPES)
    return frozenset(grant for grant in grants if grant.capability in carried)
