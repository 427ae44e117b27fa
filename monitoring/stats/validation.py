"""The front of the validation statistics: labels and scores in, all figures of a run out.

Candidate, champion, their difference and every segment are measured under the same resamples of the declared units.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from monitoring.stats import binary, regression
from monitoring.stats.arrays import AnyArray, Floats, finite, outcomes, probabilities, same_length
from monitoring.stats.calibration import Reliability, brier_parts, calibration_errors
from monitoring.stats.figures import Measurement, ScoreHistogram, Segment, Subject, ValidationFigures
from monitoring.stats.measuring import Measures, Part, Vocabulary
from monitoring.stats.resampling import FEW_UNITS, Units, draws, units_of
from monitoring.stats.segments import MINIMUM_EVENTS, MINIMUM_ROWS, Slice, SliceLevel, all_levels

RESAMPLES = 2_000
BINS = 20
INDEPENDENT = "rows assumed independent"
Progress = Callable[[int, int, str], None]
MakeMeasures = Callable[[Subject, AnyArray | None, AnyArray, int, bool], Measures]
"""Subject, its rows (None: all), their units, how many units, whether every metric is wanted."""


def silent(done: int, total: int, message: str) -> None:
    """Report to nobody."""


def measure_binary(
    *,
    labels: AnyArray,
    candidate_scores: AnyArray,
    champion_scores: AnyArray | None,
    slices: Mapping[str, AnyArray | Slice],
    units: AnyArray | None,
    unit_name: str = "",
    threshold: float = 0.5,
    resamples: int = RESAMPLES,
    minimum_segment_rows: int = MINIMUM_ROWS,
    minimum_segment_events: int = MINIMUM_EVENTS,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> ValidationFigures:
    """Measure probabilities of the positive class against labels of 0 and 1, row by row in the same order.

    `units` are the values of the resampling unit (None: rows assumed independent). Raises NotMeasurable for labels
    that are neither 0 nor 1, for scores that are NaN, infinite or outside [0, 1], and for arrays of unequal length.
    """
    outcome = outcomes(labels)
    scores: dict[Subject, Floats] = {"candidate": probabilities(candidate_scores, "candidate scores")}
    if champion_scores is not None:
        scores["champion"] = probabilities(champion_scores, "champion scores")
    n = same_length([("labels", outcome), *scores.items()])
    drawn_units = units_of(n, units, unit_name)

    def make(subject: Subject, rows: AnyArray | None, unit: AnyArray, count: int, whole: bool) -> Measures:  # noqa: FBT001
        own = slice(None) if rows is None else rows
        return binary.BinaryMeasures(outcome[own], scores[subject][own], unit, count, threshold=threshold, whole=whole)

    minima = {"minimum_rows": minimum_segment_rows, "minimum_events": minimum_segment_events}
    levels = all_levels(slices=slices, labels=outcome, rows=n, **minima)
    parts = _parts(
        n=n,
        units=drawn_units,
        levels=levels,
        subjects=tuple(scores),
        make=make,
        whole=Vocabulary(binary.METRICS, binary.COMPARED, binary.UNDEFINED),
        segment=Vocabulary(binary.SEGMENT_METRICS, binary.COMPARED_IN_SEGMENTS, binary.UNDEFINED),
    )
    truth = outcome.astype(np.float64)
    reliability = _reliability(truth, scores, drawn_units)
    _resample(parts, reliability, drawn_units, n=n, resamples=resamples, rng=rng, progress=progress)
    progress(resamples, resamples, "Measuring calibration")
    return ValidationFigures(
        task="binary",
        n=n,
        events=int(outcome.sum()),
        unit=drawn_units.name,
        n_units=drawn_units.count,
        resamples=resamples,
        threshold=threshold,
        notes=_notes(drawn_units),
        measurements=_measurements(parts, levels, drawn_units, binary.SEGMENT_METRICS),
        segments=_segments(levels, drawn_units),
        reliability=tuple(one.table(subject) for subject, one in reliability.items()),
        histograms=tuple(_histogram(subject, own, truth) for subject, own in scores.items()),
        calibration_errors=tuple(
            error
            for subject, own in scores.items()
            for error in calibration_errors(subject=subject, labels=truth, scores=own, rng=rng)
        ),
        brier_parts=tuple(brier_parts(subject=subject, labels=truth, scores=own) for subject, own in scores.items()),
    )


def measure_regression(
    *,
    labels: AnyArray,
    candidate_scores: AnyArray,
    champion_scores: AnyArray | None,
    slices: Mapping[str, AnyArray | Slice],
    units: AnyArray | None,
    unit_name: str = "",
    resamples: int = RESAMPLES,
    minimum_segment_rows: int = MINIMUM_ROWS,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> ValidationFigures:
    """Measure predictions against numeric labels; otherwise as `measure_binary`. Scores are in the label's unit."""
    truth = finite(labels, "labels")
    scores: dict[Subject, Floats] = {"candidate": finite(candidate_scores, "candidate scores")}
    if champion_scores is not None:
        scores["champion"] = finite(champion_scores, "champion scores")
    n = same_length([("labels", truth), *scores.items()])
    drawn_units = units_of(n, units, unit_name)

    def make(subject: Subject, rows: AnyArray | None, unit: AnyArray, count: int, _whole: bool) -> Measures:  # noqa: FBT001
        own = slice(None) if rows is None else rows
        return regression.RegressionMeasures(truth[own], scores[subject][own], unit, count)

    levels = all_levels(slices=slices, labels=None, rows=n, minimum_rows=minimum_segment_rows, minimum_events=0)
    parts = _parts(
        n=n,
        units=drawn_units,
        levels=levels,
        subjects=tuple(scores),
        make=make,
        whole=Vocabulary(regression.METRICS, regression.COMPARED, regression.UNDEFINED),
        segment=Vocabulary(regression.SEGMENT_METRICS, regression.COMPARED_IN_SEGMENTS, regression.UNDEFINED),
    )
    reliability = _reliability(truth, scores, drawn_units)
    _resample(parts, reliability, drawn_units, n=n, resamples=resamples, rng=rng, progress=progress)
    return ValidationFigures(
        task="regression",
        n=n,
        events=None,
        unit=drawn_units.name,
        n_units=drawn_units.count,
        resamples=resamples,
        threshold=None,
        notes=_notes(drawn_units),
        measurements=_measurements(parts, levels, drawn_units, regression.SEGMENT_METRICS),
        segments=_segments(levels, drawn_units),
        reliability=tuple(one.table(subject) for subject, one in reliability.items()),
        histograms=tuple(_histogram(subject, own, None) for subject, own in scores.items()),
        calibration_errors=(),
        brier_parts=(),
    )


def _parts(
    *,
    n: int,
    units: Units,
    levels: Sequence[SliceLevel],
    subjects: Sequence[Subject],
    make: MakeMeasures,
    whole: Vocabulary,
    segment: Vocabulary,
) -> list[Part]:
    everything = {subject: make(subject, None, units.index, units.count, True) for subject in subjects}
    parts = [Part(n, units.name, np.arange(units.count), everything, whole)]
    for level in levels:
        if level.problem:
            continue
        own, unit = np.unique(units.index[level.rows], return_inverse=True)
        measures = {subject: make(subject, level.rows, unit, len(own), False) for subject in subjects}
        parts.append(Part(len(level.rows), units.name, own, measures, segment, level.column, level.level))
    return parts


def _reliability(truth: Floats, scores: Mapping[Subject, Floats], units: Units) -> dict[Subject, Reliability]:
    return {
        subject: Reliability(labels=truth, scores=own, unit=units.index, units=units.count)
        for subject, own in scores.items()
    }


def _resample(
    parts: Sequence[Part],
    reliability: Mapping[Subject, Reliability],
    units: Units,
    *,
    n: int,
    resamples: int,
    rng: np.random.Generator,
    progress: Progress,
) -> None:
    done = 0
    progress(done, resamples, f"Resampling {units.count:,} units")
    for weights in draws(rng=rng, units=units.count, rows=n, resamples=resamples):
        for part in parts:
            part.add(weights)
        for one in reliability.values():
            one.add(weights)
        done += len(weights)
        progress(done, resamples, f"Resampling {units.count:,} units")


def _measurements(
    parts: Sequence[Part], levels: Sequence[SliceLevel], units: Units, metrics: Sequence[str]
) -> tuple[Measurement, ...]:
    assessed = [one for part in parts for one in part.measurements()]
    missing = [
        Measurement(
            subject="candidate",
            name=name,
            value=None,
            lower=None,
            upper=None,
            standard_error=None,
            n=len(level.rows),
            unit=units.name,
            n_units=len(np.unique(units.index[level.rows])),
            slice_column=level.column,
            slice_level=level.level,
            reason=level.problem,
        )
        for level in levels
        if level.problem
        for name in metrics
    ]
    return (*assessed, *missing)


def _segments(levels: Sequence[SliceLevel], units: Units) -> tuple[Segment, ...]:
    return tuple(
        Segment(
            column=level.column,
            level=level.level,
            n=len(level.rows),
            events=level.events,
            n_units=len(np.unique(units.index[level.rows])),
            assessed=not level.problem,
            reason=level.problem,
        )
        for level in levels
    )


def _histogram(subject: Subject, scores: Floats, truth: Floats | None) -> ScoreHistogram:
    if truth is None:
        counts, edges = np.histogram(scores, bins=BINS)
        return ScoreHistogram(subject, tuple(edges.tolist()), tuple(counts.tolist()), ())
    edges = np.linspace(0, 1, BINS + 1)
    negatives, positives = (np.histogram(scores[truth == outcome], bins=edges)[0] for outcome in (0, 1))
    return ScoreHistogram(subject, tuple(edges.tolist()), tuple(negatives.tolist()), tuple(positives.tolist()))


def _notes(units: Units) -> tuple[str, ...]:
    notes = []
    if not units.declared:
        notes.append(INDEPENDENT)
    if units.count < FEW_UNITS:
        notes.append(f"only {units.count} resampling units ({units.name}): intervals are somewhat too narrow")
    return tuple(notes)
