"""The bundle of a request: a digest for each part that the approval covers (invariant 3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.core.canonical import digest_of

PARTS: Mapping[str, str] = {
    "version": "version",
    "feature_pipeline_version": "feature pipeline version",
    "training_snapshot": "training snapshot",
    "held_out_snapshot": "held-out snapshot",
    "card": "card revision",
    "policy_version": "policy version",
    "validation_plan": "validation plan",
    "validation_results": "validation results",
    "gate_evaluation": "gate evaluation",
    "production": "version in production",
    "open_findings": "open findings",
    "active_waivers": "active waivers",
    "documents": "documents",
    "tier": "tier",
    "rollout": "rollout plan and fallback",
    "environment": "environment",
}
"""Every covered part, with its name for people."""
WHERE_READ = frozenset({"documents"})
"""Parts of a bundle only where the policy reads them: of what it does not ask for, nothing voids a request."""


@dataclass(frozen=True)
class ChangedPart:
    """A covered part whose digest is no longer what the request covers; empty where there is none."""

    part: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """Its name for people."""
        return PARTS.get(self.part, self.part)

    def as_dict(self) -> dict[str, str]:
        """Return plain JSON values."""
        return {"part": self.part, "before": self.before, "after": self.after}


def complete(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the bundle in the order of PARTS; raises ValueError where a part is missing, unknown or has no digest."""
    if misfits := (parts.keys() ^ PARTS.keys()) - WHERE_READ:
        raise ValueError(f"not the parts of a bundle: {sorted(misfits)}")
    empty = [part for part, digest in parts.items() if not digest]
    if empty:
        raise ValueError(f"parts without a digest: {empty}")
    return {part: parts[part] for part in PARTS if part in parts}


def bundle_digest(bundle: Mapping[str, str]) -> str:
    """Return the digest that people sign."""
    return digest_of(dict(bundle))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[ChangedPart]:
    """Return the parts that differ, in the order of PARTS, then any other."""
    names = [*PARTS, *sorted((before.keys() | after.keys()) - PARTS.keys())]
    return [
        ChangedPart(part, before.get(part, ""), after.get(part, ""))
        for part in names
        if before.get(part, "") != after.get(part, "")
    ]


def sentence(parts: list[ChangedPart]) -> str:
    """Return what changed as words, such as "card revision and tier"."""
    names = [part.name for part in parts]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
