"""Kinds of jobs and the queue of each. An app declares its kinds in `choices.py`; a task of that name does the work."""

QUEUES = ("intake", "validation", "monitoring", "reports", "notices")
KINDS: dict[str, str] = {}
"""Queue by kind."""


def declare_kind(name: str, *, queue: str) -> str:
    """Declare a kind of job once and return its name; raises ValueError for a second one or an unknown queue."""
    if name in KINDS:
        raise ValueError(f"job kind {name} is declared twice")
    if queue not in QUEUES:
        raise ValueError(f"{queue} is no queue: {', '.join(QUEUES)}")
    KINDS[name] = queue
    return name
