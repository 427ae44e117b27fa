"""What is allowed: policies, gates, approvals, decisions."""
