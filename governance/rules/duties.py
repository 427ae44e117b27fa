"""Separation of duty (invariant 5): who may not sign a request, and why, from what people did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Something that somebody did towards what is to be approved; `deed` completes "... because they"."""

    user_id: int
    deed: str


@dataclass(frozen=True)
class Account:
    """An account as the rule sees it; `owner_id` is the human owner of a service account."""

    user_id: int
    name: str
    owner_id: int | None = None


DEEDS: Mapping[str, str] = {
    "submitter": "handed in the version",
    "version_author": "registered the version",
    "artifact_uploader": "uploaded a file of the version",
    "card_author": "wrote the card",
    "card_publisher": "published the card",
    "pipeline_author": "registered the feature pipeline version",
    "training_owner": "own the training run",
    "training_data_author": "registered the training data",
    "commit_author": "are an author of the training commit",
    "finding_remediator": "remediated a finding about the model",
    "planner": "planned the release",
    "opener": "opened the approval request",
}


def exclusions(parts: Iterable[Part], accounts: Mapping[int, Account]) -> dict[int, tuple[str, ...]]:
    """Return {user: reasons in words}; what a service account did counts for its human owner, too."""
    found: dict[int, dict[str, None]] = {}
    for part in parts:
        found.setdefault(part.user_id, {})[part.deed] = None
        account = accounts.get(part.user_id)
        if account is not None and account.owner_id is not None:
            deed = f"own the service account {account.name} (which took part: {part.deed})"
            found.setdefault(account.owner_id, {})[deed] = None
    return {user: tuple(deeds) for user, deeds in found.items()}


def because(reasons: Iterable[str]) -> str:
    """Return the reasons as one clause."""
    listed = list(reasons)
    return " and ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed)
