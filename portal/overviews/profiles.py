"""What each column of a snapshot holds, as far as the reader may see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.charts import column_chart
from monitoring.choices import ProfileState
from monitoring.models import ColumnProfile, SnapshotProfile
from portal.charts import numbers
from portal.charts.specification import ChartSpecification
from portal.core.actors import Actor
from portal.jobs.models import Job
from portal.overviews.sights import Sight, sight_of
from portal.overviews.work import WorkDone, work_of
from registry.choices import SnapshotState
from registry.models import DatasetSnapshot

Json = Mapping[str, Any]
FIGURES = (
    "n", "nulls", "nan", "infinite", "minimum", "maximum", "mean", "sd", "median", "distinct", "commonest",
    "earliest", "latest",
)  # fmt: skip
HEADS = ("column", "type", "kind", "masked", *FIGURES)
SHOWN_LEVELS = 50


@dataclass(frozen=True)
class ColumnLine:
    """One column; `summary` is None where it is masked or there is no profile, `told` the same in words."""

    position: int
    name: str
    type: str
    kind: str
    masked: bool
    summary: Json | None

    @property
    def missing(self) -> float | None:
        """The share of rows without a value, NaN among them."""
        if self.summary is None:
            return None
        absent = self.summary["nulls"] + self.summary.get("nan", 0)
        rows = self.summary["n"] + absent + self.summary.get("infinite", 0)
        return absent / rows if rows else None

    @property
    def shape(self) -> list[float | None]:
        """The small picture: rows by value or time; empty where there is none."""
        return list(self.summary.get("shape") or ()) if self.summary else []

    @property
    def told(self) -> str:
        """What the column holds, in words."""
        return _told(self.kind, self.summary) if self.summary else ""


@dataclass(frozen=True)
class ProfileOverview:
    """The profile of a snapshot and its columns; `profile` is None where none was asked for."""

    profile: SnapshotProfile | None
    work: WorkDone | None
    lines: Sequence[ColumnLine]
    sees_sensitive: bool
    may_request: bool

    @property
    def masked(self) -> int:
        """How many columns are masked for the reader."""
        return sum(line.masked for line in self.lines)

    @property
    def is_done(self) -> bool:
        """Whether there is a profile."""
        return self.profile is not None and self.profile.state == ProfileState.DONE


@dataclass(frozen=True)
class ColumnOverview:
    """One column in full; `cells` is None where it is masked."""

    profile: SnapshotProfile
    line: ColumnLine
    cells: Json | None
    chart: ChartSpecification | None
    levels: Sequence[tuple[str, int, float | None]]
    before: ColumnProfile | None
    after: ColumnProfile | None

    @property
    def quantiles(self) -> Sequence[tuple[float, float | None]]:
        """Shares of the values with the value that they lie below, rising."""
        found: Json = (self.cells or {}).get("quantiles", {})
        return sorted((float(share), value) for share, value in found.items())


def newest_profile(snapshot: DatasetSnapshot) -> SnapshotProfile | None:
    """Return the profile that counts, else the newest that came to nothing."""
    found = snapshot.profiles.first()
    if found is not None:
        found.snapshot = snapshot
    return found


def profile_overview(actor: Actor, snapshot: DatasetSnapshot) -> ProfileOverview:
    """Return a snapshot's columns with what its profile says of them."""
    profile = newest_profile(snapshot)
    waits = profile is not None and profile.state in {ProfileState.QUEUED, ProfileState.RUNNING}
    work = work_of(Job.objects.filter(pk=profile.job_id or 0).first()) if profile is not None and waits else None
    may_ask = actor.may("upload_dataset", snapshot.dataset.team_id) and snapshot.blob_id is not None
    over = profile is None or profile.state in {ProfileState.REFUSED, ProfileState.FAILED, ProfileState.CANCELLED}
    return ProfileOverview(
        profile=profile,
        work=work,
        lines=column_lines(snapshot, profile, sight_of(actor, snapshot.dataset)),
        sees_sensitive=actor.may("read_sensitive", snapshot.dataset.team_id),
        may_request=may_ask and over and snapshot.state == SnapshotState.READY,
    )


def column_lines(snapshot: DatasetSnapshot, profile: SnapshotProfile | None, sight: Sight) -> list[ColumnLine]:
    """Return a line for each column that the inspection read, in the order of the file."""
    found = {row.position: row for row in profile.columns.defer("cells")} if profile is not None else {}
    lines = []
    for position, column in enumerate(snapshot.columns, start=1):
        name, row = column["name"], found.get(position)
        summary = sight.of(row.summary, name) if row else None
        kind = row.kind if row else ""
        lines.append(ColumnLine(position, name, column["type"], kind, sight.masks(name), summary))
    return lines


def column_overview(actor: Actor, snapshot: DatasetSnapshot, position: int) -> ColumnOverview | None:
    """Return one column of a profile that is done; None where there is none."""
    profile = newest_profile(snapshot)
    if profile is None or not 1 <= position <= len(snapshot.columns):
        return None
    near = range(position - 1, position + 2)
    rows = {row.position: row for row in profile.columns.filter(position__in=near)}
    row = rows.get(position)
    if row is None:
        return None
    sight = sight_of(actor, snapshot.dataset)
    summary, cells = sight.of(row.summary, row.name), sight.of(row.cells, row.name)
    hidden = summary is None or cells is None
    return ColumnOverview(
        profile=profile,
        line=ColumnLine(position, row.name, row.type, row.kind, sight.masks(row.name), summary),
        cells=cells,
        chart=None if hidden else column_chart(row.name, row.kind, summary or {}, cells or {}),
        levels=[] if cells is None else _levels(cells, (summary or {}).get("n", 0)),
        before=rows.get(position - 1),
        after=rows.get(position + 1),
    )


def csv_lines(lines: Sequence[ColumnLine]) -> Iterator[Sequence[Any]]:
    """Yield a head and a line for each column; of a masked one, name and type alone."""
    yield HEADS
    for line in lines:
        figures = [(line.summary or {}).get(name) for name in FIGURES]
        yield [line.name, line.type, line.kind, "yes" if line.masked else "no", *figures]


def _levels(cells: Json, n: int) -> list[tuple[str, int, float | None]]:
    rows = cells.get("levels", ())[:SHOWN_LEVELS]
    return [(one["level"], one["count"], one["count"] / n if n else None) for one in rows]


def _told(kind: str, summary: Json) -> str:
    if not summary["n"]:
        return "no values"
    if kind == "number":
        low, high, mean = (numbers.significant(summary[name]) for name in ("minimum", "maximum", "mean"))
        return f"{low} to {high}, mean {mean}"
    if kind == "level":
        distinct = summary["distinct"]
        many = (
            "more than 10,000 levels" if distinct is None else f"{numbers.count(distinct)} level{'s' * (distinct != 1)}"
        )
        return f"{many}, most often “{summary['commonest']}”"
    if kind == "time":
        return f"{summary['earliest'][:10]} to {summary['latest'][:10]}"
    return ""
