"""What a release would change in production: its parts beside those of what runs now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.models import ApprovalRequest
from portal.charts.numbers import count, percent
from registry.models import CardRevision, DatasetSnapshot, ModelVersion, Release

NAMED = 8
"""How many hyperparameters or inputs a cell names with their values; the others are counted."""
NAMED_ALONE = 40
"""How many that came or went are named without values."""
NOT_READ = "not read"
WORDS_OF_JSON = frozenset({"true", "false", "null", "NaN", "Infinity"})


@dataclass(frozen=True)
class PartChange:
    """One part of a release; `digest` is the new one's, `before` is empty where nothing runs yet."""

    name: str
    before: str
    after: str
    note: str = ""
    digest: str = ""
    url: str = ""
    known: bool = True

    @property
    def differs(self) -> bool:
        """Whether the release changes it; what can't be compared is never called the same."""
        return not self.known or self.before != self.after


@dataclass(frozen=True)
class Production:
    """What takes live decisions now, and the request that allowed it (None: there is none on record)."""

    release: Release
    request: ApprovalRequest | None


def production_beside(request: ApprovalRequest) -> Production | None:
    """Return what ran in the request's environment when it was opened, or runs there now while it is open.

    For a release that has been activated that is what it superseded, so that the page keeps saying what changed.
    """
    release = request.release
    others = release.model.releases.filter(environment=release.environment, activated_at__isnull=False)
    others = others.exclude(pk=release.pk).select_related(
        "version__training_run__training_snapshot__dataset",
        "version__model",
        "feature_pipeline_version__pipeline",
        "approval_request__policy_version__policy",
    )
    until = release.activated_at or request.closed_at
    if until is not None:
        others = others.filter(activated_at__lte=until)
    found = others.order_by("-activated_at").first()
    if found is None:
        return None
    return Production(found, getattr(found, "approval_request", None))


def part_changes(request: ApprovalRequest, production: Production | None) -> list[PartChange]:
    """Return every part with what it is now and what it becomes, those that differ first."""
    release = request.release
    old = production.release if production else None
    parts = [
        *version_parts(old.version if old else None, release.released),
        pipeline_change(old, release),
        _card(request, production),
        PartChange(
            "Policy",
            str(production.request.policy_version) if production and production.request else "",
            str(request.policy_version),
            digest=request.policy_version.digest,
            url=request.policy_version.get_absolute_url(),
        ),
        PartChange("Fallback", old.fallback if old else "", release.fallback, "decides while no version serves"),
    ]
    return sorted(parts, key=lambda part: not part.differs)


def version_parts(old: ModelVersion | None, new: ModelVersion) -> list[PartChange]:
    """Return the parts that a version has of itself, beside those of the one before; None: there was none."""
    return [_trained_on(old, new), _code(old, new), _hyperparameters(old, new), _inputs(old, new)]


def changed_parts(request: ApprovalRequest, production: Production | None) -> frozenset[str]:
    """Return the covered parts whose digest is not the one that was allowed for production; none without one."""
    if production is None or production.request is None:
        return frozenset()
    old = production.request.bundle
    return frozenset(part for part, digest in request.bundle.items() if old.get(part) != digest)


def _trained_on(old: ModelVersion | None, new: ModelVersion) -> PartChange:
    snapshot = new.training_run.training_snapshot
    before = old.training_run.training_snapshot if old else None
    note = ""
    if before and before.rows and snapshot.rows and before.pk != snapshot.pk:
        note = f"{percent(snapshot.rows / before.rows - 1, signed=True)} rows"
    return PartChange(
        "Trained on",
        _rows(before) if before else "",
        _rows(snapshot),
        note,
        snapshot.sha256,
        snapshot.get_absolute_url(),
    )


def _rows(snapshot: DatasetSnapshot) -> str:
    return f"{snapshot}, {count(snapshot.rows)} rows"


def _code(old: ModelVersion | None, new: ModelVersion) -> PartChange:
    run = new.training_run
    before = f"{old.training_run.repository} {old.training_run.commit[:12]}" if old else ""
    return PartChange("Training code", before, f"{run.repository} {run.commit[:12]}")


def _hyperparameters(old: ModelVersion | None, new: ModelVersion) -> PartChange:
    before = spoken(old.training_run.hyperparameters) if old else None
    return _by_name("Hyperparameters", before, spoken(new.training_run.hyperparameters))


def _inputs(old: ModelVersion | None, new: ModelVersion) -> PartChange:
    """Compare name, type and shape of each input as inspection read them, and their order."""
    part, after = "Model inputs", inputs_of(new)
    before = inputs_of(old) if old else None
    if not after or (old is not None and not before):
        was = "" if old is None else _listed(before or {}) or NOT_READ
        return PartChange(part, was, _listed(after) or NOT_READ, "not compared: no signature was read", known=False)
    if before == after and list(before) != list(after):
        moved = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        was, becomes = (_shortened(names) for names in zip(*moved, strict=True))
        return PartChange(part, was, becomes, "the same in another order")
    return _by_name(part, before, after)


def spoken(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values so that unequal ones never read the same: 1, 1.0, true and the text "1" are four."""
    return {
        name: value if isinstance(value, str) and value.isidentifier() and value not in WORDS_OF_JSON
        else json.dumps(value, ensure_ascii=False, sort_keys=True)
        for name, value in values.items()
    }  # fmt: skip


def inputs_of(version: ModelVersion, side: str = "inputs") -> dict[str, str]:
    """Return type and shape of each input, or of each of the "outputs", by name."""
    return {
        str(one.get("name", "")): f"{one.get('type', '')} {_shape(one.get('shape') or [])}".strip()
        for one in version.signature.get(side, [])
    }


def _shape(parts: Sequence[int | str | None]) -> str:
    return " × ".join("any" if part is None else str(part) for part in parts)


def _by_name(part: str, before: Mapping[str, str] | None, after: Mapping[str, str]) -> PartChange:
    """Return what differs, name by name, or that all of it is equal; without `before` everything is new."""
    if before is None:
        return PartChange(part, "", _listed(after) or "none")
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    changed = [name for name in before if name in after and before[name] != after[name]]
    if not (added or gone or changed):
        return PartChange(part, "the same", "the same")
    # What came and went stands first, and by name in the note: among many changed types it would not be seen.
    names = [*added, *gone, *changed]
    was, becomes = ({name: values.get(name, "not set") for name in names} for values in (before, after))
    told = (
        f"{len(added)} added: {_shortened(added, NAMED_ALONE)}" if added else "",
        f"{len(gone)} gone: {_shortened(gone, NAMED_ALONE)}" if gone else "",
        f"{len(changed)} changed" if changed else "",
        f"{len(before) - len(gone) - len(changed)} the same",
    )
    return PartChange(part, _listed(was), _listed(becomes), "; ".join(filter(None, told)))


def _listed(values: Mapping[str, str]) -> str:
    return _shortened([f"{name} {value}" for name, value in values.items()])


def _shortened(texts: Sequence[str], most: int = NAMED) -> str:
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def pipeline_change(old: Release | ModelVersion | None, new: Release | ModelVersion) -> PartChange:
    """Return the feature pipeline of a release or version beside the one before."""
    version = new.feature_pipeline_version
    inside = "inside the artifact"
    before = (str(old.feature_pipeline_version) if old.feature_pipeline_version else inside) if old else ""
    return PartChange(
        "Feature pipeline",
        before,
        str(version) if version else inside,
        f"commit {version.commit[:12]}" if version else "",
        version.digest if version else "",
    )


def _card(request: ApprovalRequest, production: Production | None) -> PartChange:
    """Cards are found by the digests that the requests cover: what is published now may be newer."""
    old = production.request.bundle.get("card", "") if production and production.request else ""
    new = request.bundle.get("card", "")
    revisions = CardRevision.objects.filter(model=request.release.model, digest__in=[old, new]).order_by("number")
    revisions = revisions.select_related("model")
    by_digest = {revision.digest: revision for revision in revisions}
    before, after = by_digest.get(old), by_digest.get(new)
    return PartChange(
        "Card",
        f"revision {before.number}" if before else "",
        f"revision {after.number}" if after else "none",
        digest=after.digest if after else "",
        url=after.get_absolute_url() if after else "",
    )
