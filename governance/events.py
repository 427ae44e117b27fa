"""Events of governance: `data` is the subject's whole public state after the change."""

from portal.ledger.catalogue import declare

POLICY_DRAFTED = declare("governance.policy.drafted", "drafted the policy version")
POLICY_PUBLISHED = declare("governance.policy.published", "published the policy version")
POLICY_SUPERSEDED = declare("governance.policy.superseded", "superseded the policy version")
GATE_EVALUATED = declare("governance.gate.evaluated", "evaluated the gate")
REQUEST_OPENED = declare("governance.request.opened", "opened the approval request")
REQUEST_SIGNED = declare("governance.request.signed", "signed the approval request")
REQUEST_APPROVED = declare("governance.request.approved", "completed the approval")
REQUEST_REJECTED = declare("governance.request.rejected", "rejected the approval request")
REQUEST_CHANGES_REQUESTED = declare("governance.request.changes_requested", "asked for changes")
REQUEST_WITHDRAWN = declare("governance.request.withdrawn", "withdrew the approval request")
REQUEST_VOIDED = declare("governance.request.voided", "voided the approval request")
