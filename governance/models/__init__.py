"""Columns, constraints and querysets of governance."""

from governance.models.gates import CheckResult, GateEvaluation
from governance.models.policies import Policy, PolicyCheck, PolicyVersion
from governance.models.requests import ApprovalRequest, Decision, Seat

__all__ = [
    "ApprovalRequest",
    "CheckResult",
    "Decision",
    "GateEvaluation",
    "Policy",
    "PolicyCheck",
    "PolicyVersion",
    "Seat",
]
