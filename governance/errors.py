"""Facts that went wrong in governance."""

from portal.core.errors import Conflict, Forbidden, Invalid


class SelfApprovalForbidden(Forbidden):
    """The signer made, submitted or sponsored what is to be approved (invariant 5)."""

    code = "conflict_of_duty"


class SignatureNeedsSession(Forbidden):
    """Only a person in a browser session signs; no token can."""

    code = "browser_session_required"


class RequestNotOpen(Conflict):
    """The request was decided, voided, withdrawn or has expired."""

    code = "request_not_open"


class BundleChanged(Conflict):
    """What would be signed is no longer what the request covers."""

    code = "bundle_changed"


class GateNotPassed(Conflict):
    """A check of the policy is not passed."""

    code = "gate_not_passed"


class PolicyInvalid(Invalid):
    """The policy's document or an expression in it can't be used."""

    code = "policy_invalid"
