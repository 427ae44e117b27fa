"""Things that have lineage: how each is read, called and found, and what it says itself that it rests on."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.urls import reverse

from portal.core.actors import Actor
from registry.choices import LineageKind, ReleaseState
from registry.models import (
    Artifact,
    DatasetSnapshot,
    FeaturePipelineVersion,
    LineageRun,
    ModelVersion,
    RegisteredModel,
    Release,
    TrainingRun,
)
from registry.rules.lineage import Named

MOST_ROOTS = 50
"""Things that one commit or digest may mean."""


class Key(NamedTuple):
    """A thing's kind, and its row's key; of a commit repository and commit."""

    kind: LineageKind
    of: Any


Above = tuple[Key, str]
"""What a thing rests on, and what that is to it, in words."""


@dataclass(frozen=True)
class Thing:
    """A thing of the lineage as lists and the graph show it; `reference` is what finds it again."""

    key: Key
    name: str
    note: str
    reference: str
    url: str = ""
    row: Any = None
    above: Sequence[Above] = ()

    @property
    def kind(self) -> str:
        """Return what it is, in words."""
        return str(self.key.kind.label)

    @property
    def lineage_url(self) -> str:
        """Return the address of its lineage."""
        return f"{reverse('lineage')}?of={quote(self.reference)}"


@dataclass(frozen=True)
class _Kind:
    rows: Callable[[Actor], QuerySet[Any]]
    described: Callable[[Any], Thing]


def things(actor: Actor, keys: Iterable[Key]) -> dict[Key, Thing]:
    """Return the things of these keys that the actor may see: one query for each kind. Commits have no rows."""
    wanted: dict[LineageKind, list[Any]] = {}
    found: dict[Key, Thing] = {}
    for key in keys:
        if key.kind == LineageKind.COMMIT:
            found[key] = commit_thing(*key.of)
        else:
            wanted.setdefault(key.kind, []).append(key.of)
    for kind, ids in wanted.items():
        for row in _KINDS[kind].rows(actor).filter(pk__in=ids).order_by("pk"):
            thing = _KINDS[kind].described(row)
            found[thing.key] = thing
    return found


def roots_of(actor: Actor, asked: Named) -> list[Thing]:
    """Return what a name means to the actor; a digest or the beginning of a commit may mean several things."""
    if asked.kind == LineageKind.COMMIT:
        return _commits(actor, Q(commit=asked.commit), Q(training_run__commit=asked.commit))
    if asked.kind:
        rows = _KINDS[LineageKind(asked.kind)].rows(actor).filter(**_lookup(asked)).order_by("pk")
        return [_KINDS[LineageKind(asked.kind)].described(row) for row in rows[:MOST_ROOTS]]
    begins = asked.digest
    versions = Q(digest__startswith=begins) | Q(
        pk__in=Artifact.objects.visible_to(actor).filter(sha256__startswith=begins).order_by().values("version")
    )
    found = {
        LineageKind.SNAPSHOT: Q(sha256__startswith=begins),
        LineageKind.VERSION: versions,
        LineageKind.PIPELINE: Q(digest__startswith=begins),
    }
    of_rows = [
        _KINDS[kind].described(row)
        for kind, condition in found.items()
        for row in _KINDS[kind].rows(actor).filter(condition).order_by("pk")[:MOST_ROOTS]
    ]
    commits = _commits(actor, Q(commit__startswith=begins), Q(training_run__commit__startswith=begins))
    return [*of_rows, *commits][:MOST_ROOTS]


def things_like(actor: Actor, kind: LineageKind, condition: Q, most: int) -> list[Thing]:
    """Return the things of a kind that the actor may see and the condition keeps, the newest first."""
    rows = _KINDS[kind].rows(actor).filter(condition).order_by("-pk")
    return [_KINDS[kind].described(row) for row in rows[:most]]


def _commits(actor: Actor, own: Q, of_training: Q) -> list[Thing]:
    """Return the commits that versions, feature pipelines and runs of the actor's name."""
    versions = ModelVersion.objects.visible_to(actor).filter(of_training).order_by()
    pairs: set[tuple[str, str]] = set(
        versions.values_list("training_run__repository", "training_run__commit").distinct()[:MOST_ROOTS]
    )
    for rows in (FeaturePipelineVersion.objects.visible_to(actor), LineageRun.objects.visible_to(actor)):
        pairs |= set(rows.filter(own).order_by().values_list("repository", "commit").distinct()[:MOST_ROOTS])
    return [commit_thing(repository, commit) for repository, commit in sorted(pairs)]


def _lookup(asked: Named) -> Mapping[str, Any]:
    lookups: dict[LineageKind, dict[str, Any]] = {
        LineageKind.MODEL: {"slug": asked.slug},
        LineageKind.VERSION: {"model__slug": asked.slug, "number": asked.number},
        LineageKind.SNAPSHOT: {"dataset__slug": asked.slug, "number": asked.number},
        LineageKind.PIPELINE: {"pipeline__slug": asked.slug, "number": asked.number},
        LineageKind.RUN: {"run_id": asked.run},
        LineageKind.RELEASE: {"pk": asked.number},
    }
    return lookups[LineageKind(asked.kind)]


def commit_thing(repository: str, commit: str) -> Thing:
    """Return a commit as a thing."""
    key = Key(LineageKind.COMMIT, (repository, commit))
    return Thing(key, commit[:12], repository, f"commit:{commit}")


def commit_key(repository: str, commit: str) -> Key:
    """Return the key of a commit."""
    return Key(LineageKind.COMMIT, (repository, commit))


# --- kinds -------------------------------------------------------------------------------------------------------


def _versions(actor: Actor) -> QuerySet[Any]:
    rows = ModelVersion.objects.visible_to(actor).select_related("model__team", "training_run__parent__version")
    return rows.defer("signature", "claims", "description", "training_run__hyperparameters")


def version_thing(row: ModelVersion) -> Thing:
    """Return a version as a thing; its training run is joined."""
    run = row.training_run
    above = [
        (Key(LineageKind.SNAPSHOT, run.training_snapshot_id), "trained"),
        (commit_key(run.repository, run.commit), "is the code of"),
    ]
    if row.feature_pipeline_version_id:
        above.insert(1, (Key(LineageKind.PIPELINE, row.feature_pipeline_version_id), "makes the features of"))
    if run.lineage_run_id:
        above.append((Key(LineageKind.RUN, run.lineage_run_id), "made"))
    former = _version_of(run.parent)
    if former is not None:
        above.append((Key(LineageKind.VERSION, former.pk), "was trained further as"))
    return Thing(
        Key(LineageKind.VERSION, row.pk), str(row), row.get_state_display(), f"version:{row.model.slug}:{row.number}",
        row.get_absolute_url(), row, above,
    )  # fmt: skip


def _version_of(run: TrainingRun | None) -> ModelVersion | None:
    return getattr(run, "version", None)


def _snapshot(row: DatasetSnapshot) -> Thing:
    return Thing(
        Key(LineageKind.SNAPSHOT, row.pk), str(row), row.get_state_display(),
        f"snapshot:{row.dataset.slug}:{row.number}", row.get_absolute_url(), row,
    )  # fmt: skip


def _pipeline(row: FeaturePipelineVersion) -> Thing:
    return Thing(
        Key(LineageKind.PIPELINE, row.pk), str(row), f"{len(row.columns)} columns",
        f"pipeline:{row.pipeline.slug}:{row.number}", "", row,
        [(commit_key(row.repository, row.commit), "is the code of")],
    )  # fmt: skip


def run_thing(row: LineageRun) -> Thing:
    """Return a run as a thing."""
    above = [(commit_key(row.repository, row.commit), "is the code of")] if row.commit else []
    if row.parent_id:
        above.append((Key(LineageKind.RUN, row.parent_id), "started"))
    return Thing(
        Key(LineageKind.RUN, row.pk), row.name, row.get_state_display(), f"run:{row.run_id}", row.get_absolute_url(),
        row, above,
    )  # fmt: skip


def _model(row: RegisteredModel) -> Thing:
    note = "retired" if row.retired_at else f"tier {row.tier}"
    return Thing(Key(LineageKind.MODEL, row.pk), row.slug, note, f"model:{row.slug}", row.get_absolute_url(), row)


def _release(row: Release) -> Thing:
    return Thing(
        Key(LineageKind.RELEASE, row.pk), str(row.version), row.environment,
        f"release:{row.pk}", row.get_absolute_url(), row,
        [(Key(LineageKind.VERSION, row.version_id), "runs as")],
    )  # fmt: skip


def active_releases(actor: Actor) -> QuerySet[Any]:
    """Return the releases that take live decisions, wherever."""
    return Release.objects.visible_to(actor).filter(state=ReleaseState.ACTIVE)


_KINDS: Mapping[LineageKind, _Kind] = {
    LineageKind.MODEL: _Kind(lambda actor: RegisteredModel.objects.visible_to(actor).select_related("team"), _model),
    LineageKind.VERSION: _Kind(_versions, version_thing),
    LineageKind.SNAPSHOT: _Kind(
        lambda actor: DatasetSnapshot.objects.visible_to(actor).select_related("dataset__team").defer("columns"),
        _snapshot,
    ),
    LineageKind.RUN: _Kind(
        lambda actor: LineageRun.objects.visible_to(actor).select_related("team").defer("parameters"), run_thing
    ),
    LineageKind.PIPELINE: _Kind(
        lambda actor: FeaturePipelineVersion.objects.visible_to(actor).select_related("pipeline__team"), _pipeline
    ),
    LineageKind.RELEASE: _Kind(
        lambda actor: active_releases(actor).select_related("version__model__team", "model__team"), _release
    ),
}


def of_kind(keys: Collection[Key], kind: LineageKind) -> list[Any]:
    """Return what the keys of one kind point at."""
    return [key.of for key in keys if key.kind == kind]
