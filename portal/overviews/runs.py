"""One validation run: its verdict in words, checks, comparison, segments, claims, charts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitoring.charts import run_charts
from monitoring.choices import CheckOutcome, Measured, RunState
from monitoring.models import Measurement, ValidationCheck, ValidationRun
from monitoring.rules.comparisons import HIGHER_IS_BETTER, Verdict
from monitoring.rules.measures import Measure, measure_named
from portal.charts.numbers import count, interval, significant
from portal.charts.specification import ChartSpecification
from portal.core.actors import Actor
from portal.jobs.models import Job
from portal.overviews.claims import ClaimLine, claim_lines
from portal.overviews.people import names_of
from portal.overviews.sights import seen_measurements, seen_results, sight_of
from portal.overviews.work import WorkDone, work_of

OPEN = frozenset({RunState.QUEUED, RunState.RUNNING})
STOPPING = frozenset({CheckOutcome.FAILED, CheckOutcome.ERRORED, CheckOutcome.NO_DATA})


@dataclass(frozen=True)
class ComparedMeasure:
    """One measure of candidate and production on the same rows; `margin` is how much worse is acceptable."""

    name: str
    candidate: Measurement
    champion: Measurement | None
    difference: Measurement | None
    verdict: str
    reason: str = ""
    margin: float | None = None

    @property
    def measure(self) -> Measure:
        """Return how people call it."""
        return measure_named(self.name)

    @property
    def higher_is_better(self) -> bool | None:
        """Return the better direction; None where there is none."""
        return HIGHER_IS_BETTER.get(self.name)

    @property
    def limit(self) -> float | None:
        """Return the difference beyond which the candidate is worse than acceptable."""
        if self.margin is None:
            return None
        return -self.margin if self.higher_is_better else self.margin

    @property
    def fails(self) -> str:
        """Return the side of the limit that is worse."""
        return "below" if self.higher_is_better else "above"

    @property
    def holds(self) -> bool:
        """Whether the candidate is shown to be good enough; where nothing is judged, nothing is alarming."""
        return self.verdict not in {Verdict.WORSE, Verdict.NOT_ASSESSED}

    @property
    def candidate_interval(self) -> str:
        """Return the candidate's interval in words."""
        return interval(self.candidate.lower, self.candidate.upper)

    @property
    def candidate_words(self) -> str:
        """Return what the candidate's mark shows."""
        return f"{significant(self.candidate.value)} {self.candidate_interval}".strip()

    @property
    def pair_words(self) -> str:
        """Return what the two marks show."""
        champion = significant(self.champion.value if self.champion else None)
        return f"production {champion}, candidate {self.candidate_words}"

    @property
    def difference_interval(self) -> str:
        """Return the difference's interval in words."""
        return interval(self.difference.lower, self.difference.upper, signed=True) if self.difference else ""

    @property
    def difference_words(self) -> str:
        """Return what the difference's mark shows."""
        margin = "no margin" if self.limit is None else f"margin {significant(self.limit, signed=True)}"
        value = significant(self.difference.value if self.difference else None, signed=True)
        return f"{value}, {margin}"

    @property
    def pair(self) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
        """Return production and candidate as (low, value, high); None where one has no value."""
        ends = [_estimate(one) for one in (self.champion, self.candidate)]
        return (ends[0], ends[1]) if ends[0] and ends[1] else None


@dataclass(frozen=True)
class SegmentLine:
    """One level of a declared slice; `cells` are its measures in the order of the table's columns.

    `n` is None for a small level of a column that is masked.
    """

    column: str
    level: str
    n: int | None
    measures: dict[str, Measurement]
    cells: Sequence[Measurement | None] = ()

    @property
    def reason(self) -> str:
        """Return why nothing was assessed here; empty where something was."""
        known = list(self.measures.values())
        return "" if any(m.value is not None for m in known) else next((m.reason for m in known if m.reason), "")


@dataclass(frozen=True)
class SegmentGroup:
    """The levels of one slice: those that were assessed, and those that were not, with the reason."""

    column: str
    assessed: Sequence[SegmentLine]
    others: Sequence[SegmentLine]
    masked: bool = False


@dataclass(frozen=True)
class RunOverview:
    """A run's page."""

    run: ValidationRun
    job: Job | None
    checks: Sequence[ValidationCheck]
    compared: Sequence[ComparedMeasure]
    segments: Sequence[SegmentLine]
    segment_measures: Sequence[str]
    claims: Sequence[ClaimLine]
    notes: Sequence[str]
    charts: Sequence[ChartSpecification]
    requested_by: str
    results: Mapping[str, Any] = field(default_factory=dict)
    masked: Sequence[str] = ()
    """Columns whose levels the reader may not see."""

    @property
    def is_open(self) -> bool:
        """Whether the run will still end."""
        return self.run.state in OPEN

    @property
    def work(self) -> WorkDone:
        """Return where the work is."""
        return work_of(self.job)

    @property
    def took(self) -> timedelta | None:
        """Return how long it worked; None before it ended, and where it never started."""
        if self.run.started_at is None or self.run.finished_at is None:
            return None
        return self.run.finished_at - self.run.started_at

    @property
    def short(self) -> str:
        """Return the version's name inside its model."""
        return f"v{self.run.version.number}"

    @property
    def title(self) -> str:
        """Return the run's name inside its version."""
        return f"Run {self.run.pk}"

    @property
    def work_title(self) -> str:
        """Return what is being done."""
        return f"Validation of {self.short}"

    @property
    def candidate_name(self) -> str:
        """Return the candidate as the legend names it."""
        return f"candidate {self.short}"

    @property
    def champion_name(self) -> str:
        """Return production as the legend names it."""
        return f"production v{self.run.champion.number}" if self.run.champion else ""

    @property
    def n(self) -> int | None:
        """Return how many labelled rows were measured; before that, how many are held out."""
        measured: int | None = self.results.get("n")
        return self.run.plan.held_out.rows if measured is None else measured

    @property
    def event_share(self) -> float | None:
        """Return the share of rows with the event."""
        events, n = self.results.get("events"), self.results.get("n")
        return events / n if events is not None and n else None

    @property
    def interval_words(self) -> str:
        """Return how the intervals were made."""
        said = self.run.plan.specification
        unit = said.get("unit_column")
        drawn = f"resamples of whole {unit} values" if unit else "resamples of rows"
        return f"95 %, {count(said.get('resamples'))} {drawn}"

    @property
    def counts(self) -> list[tuple[str, int, str]]:
        """Return how many checks came to each outcome, with words, the worst first."""
        order = (
            CheckOutcome.FAILED, CheckOutcome.ERRORED, CheckOutcome.NO_DATA, CheckOutcome.SKIPPED, CheckOutcome.PASSED
        )  # fmt: skip
        found = [check.outcome for check in self.checks]
        return [
            (outcome.value, number, f"{number} {outcome.label.lower()}")
            for outcome in order
            if (number := found.count(outcome))
        ]

    @property
    def stopping(self) -> frozenset[str]:
        """Return the outcomes that stop a run."""
        return STOPPING

    @property
    def checks_aside(self) -> str:
        """Return how many checks there are."""
        return f"{len(self.checks)} checks, all against limits fixed before the run"

    @property
    def segments_aside(self) -> str:
        """Return how many levels there are."""
        assessed = sum(len(group.assessed) for group in self.groups)
        return f"{assessed} of {len(self.segments)} levels assessed"

    @property
    def segment_overall(self) -> float | None:
        """Return the value over all rows of the measure that the segment table draws."""
        name = self.segment_measures[0] if self.segment_measures else ""
        return next((line.candidate.value for line in self.compared if line.name == name), None)

    @property
    def segment_scale(self) -> tuple[float, float]:
        """Return the one scale on which all segments are drawn."""
        cells = [line.cells[0] for line in self.segments if line.cells]
        ends = [end for cell in cells if cell is not None for end in (cell.lower, cell.value, cell.upper)]
        known = [end for end in [*ends, self.segment_overall] if end is not None] or [0.0, 1.0]
        free = (max(known) - min(known) or abs(max(known)) or 1.0) / 10
        return (min(known) - free, max(known) + free)

    @property
    def columns(self) -> list[Measure]:
        """Return the measures of the segment table."""
        return [measure_named(name) for name in self.segment_measures]

    @property
    def groups(self) -> list[SegmentGroup]:
        """Return the segments by slice, largest first."""
        found = []
        for column in dict.fromkeys(line.column for line in self.segments):
            own = sorted((one for one in self.segments if one.column == column), key=lambda one: -(one.n or 0))
            assessed, others = [one for one in own if not one.reason], [one for one in own if one.reason]
            found.append(SegmentGroup(column, assessed, others, masked=column in self.masked))
        return found

    @property
    def chart_pairs(self) -> list[Sequence[ChartSpecification]]:
        """Return the charts two by two, as the page shows them."""
        return [self.charts[at : at + 2] for at in range(0, len(self.charts), 2)]

    @property
    def verdict(self) -> str:
        """Return the run's verdict as the heading says it."""
        return verdict_of(self.run, self.checks, self.compared)


def run_overview(actor: Actor, run: ValidationRun) -> RunOverview:
    """Return what the run's page shows the actor; everything is empty until the run has finished."""
    sight = sight_of(actor, run.plan.held_out.dataset)
    measurements, results = seen_measurements(run, sight), seen_results(run, sight)
    segments = segment_lines(measurements)
    return RunOverview(
        run=run,
        job=Job.objects.filter(pk=run.job_id).first() if run.job_id else None,
        checks=list(run.checks.all()),
        compared=compared_measures(measurements, results),
        segments=segments,
        segment_measures=list(dict.fromkeys(name for line in segments for name in line.measures)),
        claims=claim_lines(results, measurements),
        notes=[text.rstrip(".") for text in results.get("notes", []) if text],
        charts=run_charts(results) if results else [],
        requested_by=names_of([run.requested_by])[run.requested_by],
        results=results,
        masked=sight.masked_among(line.column for line in segments),
    )


def may_cancel(actor: Actor, overview: RunOverview) -> bool:
    """Return whether the actor may stop the run's job now."""
    job = overview.job
    if job is None or not job.is_open or job.cancel_requested:
        return False
    return actor.id == job.actor_id or actor.may("cancel_job", job.team_id)


def compared_measures(measurements: Sequence[Measurement], results: Mapping[str, Any]) -> list[ComparedMeasure]:
    """Return the measures over all rows, candidate beside production; those with a verdict first."""
    overall = [m for m in measurements if not m.slice_column]
    of = {(m.measured, m.name): m for m in overall}
    judged = {row["name"]: row for row in results.get("comparison", [])}
    found = [
        ComparedMeasure(
            name=m.name,
            candidate=m,
            champion=of.get((Measured.CHAMPION, m.name)),
            difference=of.get((Measured.DIFFERENCE, m.name)),
            verdict=judged.get(m.name, {}).get("verdict", ""),
            reason=judged.get(m.name, {}).get("reason", ""),
            margin=judged.get(m.name, {}).get("margin"),
        )
        for m in overall
        if m.measured == Measured.CANDIDATE
    ]
    return sorted(found, key=lambda one: not one.verdict)


def segment_lines(measurements: Sequence[Measurement]) -> list[SegmentLine]:
    """Return one line for each level of each slice, in the order measured."""
    lines: dict[tuple[str, str], dict[str, Measurement]] = {}
    for m in measurements:
        if m.slice_column and m.measured == Measured.CANDIDATE:
            lines.setdefault((m.slice_column, m.slice_level), {})[m.name] = m
    names = list(dict.fromkeys(name for measures in lines.values() for name in measures))
    return [
        SegmentLine(column, level, _rows(measures.values()), measures, [measures.get(n) for n in names])
        for (column, level), measures in lines.items()
    ]


def _rows(measured: Iterable[Measurement]) -> int | None:
    return max((one.n for one in measured if one.n is not None), default=None)


def verdict_of(run: ValidationRun, checks: Sequence[ValidationCheck], compared: Sequence[ComparedMeasure]) -> str:
    """Return one sentence: whether the version passed, and how it stands against production."""
    name = f"v{run.version.number}"
    plain = {
        RunState.QUEUED: f"{name} waits for its validation.",
        RunState.RUNNING: f"{name} is being validated.",
        RunState.ERRORED: f"{name} could not be validated; it is not passed.",
        RunState.CANCELLED: f"The validation of {name} was cancelled; it is not passed.",
        RunState.TIMED_OUT: f"The validation of {name} took too long; it is not passed.",
    }
    if run.state in plain:
        return plain[RunState(run.state)]
    stands = _against_production([one.verdict for one in compared if one.verdict])
    if run.state == RunState.PASSED:
        return f"{name} passes validation; {stands or 'nothing in production to compare with'}."
    titles = [check.title.lower() for check in checks if check.outcome in STOPPING]
    told = f"{name} does not pass validation: {_listed(titles)}" if titles else f"{name} does not pass validation"
    return f"{told}."


def _against_production(verdicts: Sequence[str]) -> str:
    if not verdicts:
        return ""
    if Verdict.WORSE in verdicts:
        return "worse than production"
    if Verdict.NOT_ASSESSED in verdicts:
        return "not enough data to compare it with production"
    return "better than production" if Verdict.BETTER in verdicts else "not worse than production"


def _listed(titles: Sequence[str]) -> str:
    most = 3
    if len(titles) > most:
        return f"{', '.join(titles[:most])} and {len(titles) - most} more"
    return " and ".join([", ".join(titles[:-1]), titles[-1]]) if len(titles) > 1 else titles[0]


def _estimate(one: Measurement | None) -> tuple[float, float, float] | None:
    if one is None or one.value is None:
        return None
    low = one.value if one.lower is None else one.lower
    high = one.value if one.upper is None else one.upper
    return (low, one.value, high)
