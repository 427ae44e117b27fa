"""Two versions side by side: files, signature, hyperparameters, environment, data, metrics, card text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.models import ApprovalRequest
from monitoring.choices import Measured
from monitoring.models import Measurement, ValidationRun
from monitoring.rules.measures import Measure, measure_named
from portal.core.actors import Actor
from portal.overviews.changes import PartChange, inputs_of, pipeline_change, spoken, version_parts
from portal.overviews.packages import packages_of
from registry.choices import ArtifactRole, CardState
from registry.models import Artifact, CardRevision, DatasetSnapshot, ModelVersion

RUNS_READ = 50
CHOICES = 100


@dataclass(frozen=True)
class Row:
    """One name with what it is on either side; empty where that side does not have it."""

    name: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        """Whether the sides say different things."""
        return self.a != self.b


@dataclass(frozen=True)
class Sides:
    """Two sides of a table of names; `missing` says why they are not compared."""

    rows: Sequence[Row]
    missing: str = ""

    @property
    def differing(self) -> list[Row]:
        """Return the rows that differ."""
        return [row for row in self.rows if row.differs]

    @property
    def same(self) -> list[Row]:
        """Return the rows that are equal."""
        return [row for row in self.rows if not row.differs]

    @property
    def same_count(self) -> int:
        """Return how many rows are equal."""
        return len(self.same)

    @property
    def counted(self) -> str:
        """Return how many names came, went and changed, in words."""
        changed = [row for row in self.differing if row.a and row.b]
        added = sum(not row.a for row in self.differing)
        gone = sum(not row.b for row in self.differing)
        parts = ((added, "added"), (gone, "removed"), (len(changed), "changed"), (len(self.same), "the same"))
        return ", ".join(f"{number} {word}" for number, word in parts if number)


@dataclass(frozen=True)
class FilePair:
    """The file of one role, or one name, on either side."""

    label: str
    a: Artifact | None
    b: Artifact | None

    @property
    def same(self) -> bool:
        """Whether both sides have the same bytes."""
        return self.a is not None and self.b is not None and self.a.sha256 == self.b.sha256


@dataclass(frozen=True)
class Difference:
    """Right minus left; without ends where no run measured both at once, because nobody knows them then."""

    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class MetricPair:
    """One measure with its interval on either side, and the difference; None where the sides can't be compared."""

    measure: Measure
    a: Measurement | None
    b: Measurement | None
    difference: Difference | None = None


@dataclass(frozen=True)
class Metrics:
    """What the runs measured; on other rows the numbers stand beside each other and say nothing of each other."""

    a: ValidationRun | None
    b: ValidationRun | None
    pairs: Sequence[MetricPair]

    @property
    def same_rows(self) -> bool:
        """Whether both runs measured on the same snapshot."""
        return self.a is not None and self.b is not None and self.a.plan.held_out_id == self.b.plan.held_out_id

    @property
    def paired(self) -> ValidationRun | None:
        """Return the run that measured both on the same rows and so knows the difference, if one did."""
        for run, other in ((self.b, self.a), (self.a, self.b)):
            if run is not None and other is not None and run.champion_id == other.version_id:
                return run
        return None


@dataclass(frozen=True)
class CardPair:
    """The card that goes with either version; `how` says why it is that one."""

    a: CardRevision | None
    b: CardRevision | None
    how_a: str
    how_b: str

    @property
    def same(self) -> bool:
        """Whether both go with one text."""
        return self.a is not None and self.b is not None and self.a.digest == self.b.digest


@dataclass(frozen=True)
class VersionComparison:
    """Everything that the page of two versions shows; `a` stands left, as what was before."""

    a: ModelVersion
    b: ModelVersion
    parts: Sequence[PartChange]
    files: Sequence[FilePair]
    inputs: Sides
    outputs: Sides
    hyperparameters: Sides
    environment: Sides
    columns: Sides
    metrics: Metrics
    card: CardPair

    @property
    def one_model(self) -> bool:
        """Whether both are versions of one model."""
        return self.a.model_id == self.b.model_id

    @property
    def name_a(self) -> str:
        """Return the left version's name, short where both are of one model."""
        return f"v{self.a.number}" if self.one_model else str(self.a)

    @property
    def name_b(self) -> str:
        """Return the right version's name, short where both are of one model."""
        return f"v{self.b.number}" if self.one_model else str(self.b)

    @property
    def differing(self) -> list[PartChange]:
        """Return the parts that differ."""
        return [part for part in self.parts if part.differs]


def compare(a: ModelVersion, b: ModelVersion) -> VersionComparison:
    """Return two versions side by side; both come with their parts joined."""
    return VersionComparison(
        a=a,
        b=b,
        parts=[*version_parts(a, b), pipeline_change(a, b)],
        files=file_pairs(list(a.artifacts.all()), list(b.artifacts.all())),
        inputs=_signature(a, b, "inputs"),
        outputs=_signature(a, b, "outputs"),
        hyperparameters=sides(spoken(a.training_run.hyperparameters), spoken(b.training_run.hyperparameters)),
        environment=_environment(a, b),
        columns=_columns(a.training_run.training_snapshot, b.training_run.training_snapshot),
        metrics=_metrics(a, b),
        card=_cards(a, b),
    )


def comparable(actor: Actor, model_ids: Sequence[int]) -> list[ModelVersion]:
    """Return the versions of these models that the actor may choose between, newest first."""
    rows = ModelVersion.objects.visible_to(actor).filter(model__in=model_ids).select_related("model")
    return list(rows.order_by("model__slug", "-number")[:CHOICES])


def sides(a: Mapping[str, str], b: Mapping[str, str]) -> Sides:
    """Return every name of both sides with what it is there, in the order of the sides."""
    return Sides([Row(name, a.get(name, ""), b.get(name, "")) for name in dict.fromkeys([*a, *b])])


def file_pairs(a: Sequence[Artifact], b: Sequence[Artifact]) -> list[FilePair]:
    """Pair model with model and lock with lock, whatever they are called, and the other files by name."""
    left, right = ({_label(file): file for file in files} for files in (a, b))
    return [FilePair(label, left.get(label), right.get(label)) for label in dict.fromkeys([*left, *right])]


def _label(file: Artifact) -> str:
    return file.name if file.role == ArtifactRole.OTHER else str(file.get_role_display())


def _signature(a: ModelVersion, b: ModelVersion, side: str) -> Sides:
    unread = [str(version) for version in (a, b) if not version.signature]
    if unread:
        return Sides([], f"Not compared: no signature was read of {' and '.join(unread)}.")
    return sides(inputs_of(a, side), inputs_of(b, side))


def _environment(a: ModelVersion, b: ModelVersion) -> Sides:
    locks = [packages_of(version) for version in (a, b)]
    unread = [str(version) for version, packages in zip((a, b), locks, strict=True) if not packages]
    if unread:
        return Sides([], f"Not compared: no environment lock with pinned packages came with {' and '.join(unread)}.")
    return sides(*locks)


def _columns(a: DatasetSnapshot, b: DatasetSnapshot) -> Sides:
    left, right = ({str(one["name"]): str(one["type"]) for one in snapshot.columns} for snapshot in (a, b))
    return sides(left, right)


def _metrics(a: ModelVersion, b: ModelVersion) -> Metrics:
    """Return the newest runs of both on the same rows, else the newest of each."""
    finished = ValidationRun.objects.filter(version__in=[a, b]).exclude(results_digest="")
    runs = list(finished.defer("results").select_related("plan__held_out__dataset", "version")[:RUNS_READ])
    of_a, of_b = ([run for run in runs if run.version_id == version.pk] for version in (a, b))
    shared = [(x, y) for x in of_a for y in of_b if x.plan.held_out_id == y.plan.held_out_id]
    newest = (of_a[0] if of_a else None, of_b[0] if of_b else None)
    run_a, run_b = max(
        shared, key=lambda pair: (min(one.pk for one in pair), max(one.pk for one in pair)), default=newest
    )
    both = Metrics(run_a, run_b, [])
    found = Measurement.objects.filter(
        run__in=[run.pk for run in (run_a, run_b) if run],
        measured__in=(Measured.CANDIDATE, Measured.DIFFERENCE),
        slice_column="",
    )
    measured: dict[str, dict[int, Measurement]] = {}
    paired: dict[str, Measurement] = {}
    for one in found:
        if one.measured == Measured.CANDIDATE:
            measured.setdefault(one.name, {})[one.run_id] = one
        elif both.same_rows and both.paired is not None and both.paired.pk == one.run_id:
            paired[one.name] = one
    pairs = []
    for name, by_run in measured.items():
        x, y = (by_run.get(run.pk) if run else None for run in (run_a, run_b))
        known = _difference(x, y, paired.get(name), turned=both.paired is run_a) if both.same_rows else None
        pairs.append(MetricPair(measure_named(name), x, y, known))
    return Metrics(run_a, run_b, pairs)


def _difference(
    a: Measurement | None, b: Measurement | None, paired: Measurement | None, *, turned: bool
) -> Difference | None:
    """Return the difference as a run measured it on both at once (`turned`: the other way), else by subtraction."""
    if paired is not None and paired.value is not None:
        if not turned:
            return Difference(paired.value, paired.lower, paired.upper)
        lower, upper = (None if end is None else -end for end in (paired.upper, paired.lower))
        return Difference(-paired.value, lower, upper)
    if a is None or b is None or a.value is None or b.value is None:
        return None
    return Difference(b.value - a.value)


def _cards(a: ModelVersion, b: ModelVersion) -> CardPair:
    """Return the revision that each version's newest request covers, else the one that is published now."""
    requests = ApprovalRequest.objects.filter(release__version__in=[a, b]).select_related("release").order_by("pk")
    covering = {one.release.version_id: one for one in requests if one.bundle.get("card")}
    revisions = CardRevision.objects.filter(model__in={a.model_id, b.model_id}).exclude(state=CardState.DRAFT)
    by_digest: dict[tuple[int, str], CardRevision] = {}
    published: dict[int, CardRevision] = {}
    for revision in revisions.select_related("model").order_by("number"):
        by_digest[revision.model_id, revision.digest] = revision
        if revision.state == CardState.PUBLISHED:
            published[revision.model_id] = revision
    (card_a, how_a), (card_b, how_b) = (_card_of(version, covering, by_digest, published) for version in (a, b))
    return CardPair(card_a, card_b, how_a, how_b)


def _card_of(
    version: ModelVersion,
    covering: Mapping[int | None, ApprovalRequest],
    by_digest: Mapping[tuple[int, str], CardRevision],
    published: Mapping[int, CardRevision],
) -> tuple[CardRevision | None, str]:
    request = covering.get(version.pk)
    if request is not None:
        covered = by_digest.get((version.model_id, request.bundle["card"]))
        if covered is not None:
            return covered, f"revision {covered.number}, covered by request #{request.pk}"
    current = published.get(version.model_id)
    return current, f"revision {current.number}, published now" if current else "no card is published"
