"""Whole runs over real rows with real models in the real cage: what goes well, and what must never pass."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error, roc_auc_score

from monitoring.choices import CheckOutcome, Measured, RunState
from monitoring.rules.claims import Claim
from monitoring.rules.plans import PlanSpecification, default_plan
from monitoring.runners.orders import ModelFile, ValidationOrder
from monitoring.runners.validation import ValidationResult, run
from portal.blobs import store
from portal.core.canonical import digest_of
from portal.core.progress import Cancelled
from portal.core.sandbox import Limits
from registry.rules.kinds import STORED_MEDIA_TYPES
from tests.factories.monitoring import simulated
from tests.monitoring import files

ONNX = "application/vnd.onnx"
LIMITS = Limits(cpu_seconds=30, wall_seconds=30)


def plan(task: str = "binary", **changes: Any) -> PlanSpecification:
    label = "label" if task == "binary" else "value"
    made = default_plan(task=task, label_column=label, unit_column="day", slices=("site", "shift"))
    return replace(made, resamples=200, **changes)


def kept(data: bytes) -> str:
    return store.write(iter([data]))[0]


@cache
def rows() -> pd.DataFrame:
    return files.held_out_rows()


def model(data: bytes, name: str = "late v2") -> ModelFile:
    return ModelFile(name, kept(data), ONNX, ("a", "b"))


def order(candidate: bytes, *, table: pd.DataFrame | None = None, **changes: Any) -> ValidationOrder:
    made = ValidationOrder(
        plan=plan(),
        table=kept(files.parquet(rows() if table is None else table)),
        columns=files.COLUMNS,
        training_columns=files.COLUMNS,
        candidate=model(candidate),
        champion=None,
    )
    return replace(made, **changes)


def outcomes(result: ValidationResult) -> Mapping[str, CheckOutcome]:
    return {check.key: check.outcome for check in result.checks}


def test_a_better_candidate_passes_beside_production_with_scikit_learns_numbers() -> None:
    steps: list[tuple[int, int, str]] = []
    told = order(files.linear_onnx(2, 0), champion=model(files.linear_onnx(0.5, 0.5), "late v1"))
    result = run(told, limits=LIMITS, progress=lambda *step: steps.append(step))
    assert (result.outcome.state, result.outcome.reasons) == (RunState.PASSED, ())
    assert {"Candidate: scoring", "Production: scoring"} < {message for _, _, message in steps}
    assert not any(message.endswith(": ") for _, _, message in steps)
    numbers = {(one.measured, one.name): one for one in result.measurements if not one.slice_column}
    auc = numbers[Measured.CANDIDATE, "auc"]
    assert auc.value == pytest.approx(roc_auc_score(rows()["label"], rows()["a"]), abs=1e-6)
    assert auc.lower is not None
    assert auc.upper is not None
    assert auc.lower < (auc.value or 0) < auc.upper
    assert numbers[Measured.DIFFERENCE, "auc"].value == pytest.approx(
        (auc.value or 0) - (numbers[Measured.CHAMPION, "auc"].value or 0)
    )
    results = result.results or {}
    assert [(one["name"], one["verdict"]) for one in results["comparison"]] == [
        ("auc", "better"),
        ("log_loss", "better"),
    ]
    assert results["versions"] == {"candidate": "late v2", "champion": "late v1"}
    assert {segment["column"] for segment in results["segments"] if segment["assessed"]} == {"site", "shift"}
    assert (results["unit"], results["seed"], results["resamples"], results["positive"]) == ("day", 1, 200, "1")
    assert {
        one.slice_column: one.value for one in result.measurements if one.measured is Measured.DATA
    } == dict.fromkeys(("a", "b", "label", "day", "site", "shift"), 0.0)
    assert steps[-1][0] == steps[-1][1]
    assert any(message.startswith("Resampling") for _, _, message in steps)


def test_the_same_order_gives_the_same_results_byte_for_byte() -> None:
    again = simulated.__wrapped__(has_champion=True)
    assert digest_of(again.results) == digest_of(simulated(has_champion=True).results)


def test_a_worse_candidate_fails_the_comparison() -> None:
    told = order(files.linear_onnx(0.2, 1), champion=model(files.linear_onnx(2, 0)))
    result = run(told, limits=LIMITS)
    assert result.outcome.state is RunState.FAILED
    assert outcomes(result)["comparison"] is CheckOutcome.FAILED
    assert "AUC: Worse by" in result.outcome.reasons[0]


def test_a_regression_is_measured_in_its_own_unit() -> None:
    told = order(
        files.linear_onnx(3, 1, sigmoid=False),
        plan=plan("regression"),
        champion=model(files.linear_onnx(2.9, 1, sigmoid=False)),
    )
    result = run(told, limits=LIMITS)
    assert result.outcome.state is RunState.PASSED, result.outcome
    rmse = next(one for one in result.measurements if one.name == "rmse" and one.measured is Measured.CANDIDATE)
    assert rmse.value == pytest.approx(
        np.sqrt(mean_squared_error(rows()["value"], 3 * rows()["a"] + rows()["b"])), rel=1e-5
    )
    assert (result.results or {})["positive"] == ""


def test_a_missing_column_fails_before_anything_is_scored() -> None:
    result = run(order(files.linear_onnx(2, 0), table=rows().drop(columns="b")), limits=LIMITS)
    assert result.outcome.state is RunState.FAILED
    assert result.outcome.reasons == ("Columns and types: “b” is missing.",)
    assert outcomes(result)["scores"] is CheckOutcome.SKIPPED
    assert result.results is None


def test_rows_with_too_few_labels_fail_before_anything_is_scored() -> None:
    table = rows().assign(label=rows()["label"].where(rows()["a"] > 0))
    result = run(order(files.linear_onnx(2, 0), table=table), limits=LIMITS)
    assert result.outcome.state is RunState.FAILED
    assert re.search(r"Labels: \d+ of 1,200 rows have no label", " ".join(result.outcome.reasons))
    assert outcomes(result)["metrics"] is CheckOutcome.SKIPPED


def test_a_column_that_inspection_saw_and_the_file_lacks_is_an_error() -> None:
    result = run(order(files.linear_onnx(2, 0), table=rows().drop(columns="site")), limits=LIMITS)
    assert result.outcome.state is RunState.ERRORED
    assert "lacks 1 column(s): site" in result.outcome.reasons[0]


def test_nan_scores_fail_and_are_counted() -> None:
    result = run(order(files.root_onnx()), limits=LIMITS)
    negative = int((rows()["a"].astype(np.float32) < 0).sum())
    assert result.outcome.state is RunState.FAILED
    assert result.outcome.reasons == (f"Scores: {negative} of {files.ROWS:,} scores are NaN.",)
    assert result.results is None


def test_an_endless_predict_times_out() -> None:
    result = run(order(files.endless_onnx()), limits=Limits(cpu_seconds=60, wall_seconds=4))
    assert result.outcome.state is RunState.TIMED_OUT
    assert result.outcome.reasons == ("Scores: The model could not be scored. It did not end within 4 seconds.",)
    assert outcomes(result)["scores"] is CheckOutcome.ERRORED


def test_a_broken_model_file_is_an_error() -> None:
    result = run(order(files.linear_onnx(2, 0)[:-20]), limits=LIMITS)
    assert result.outcome.state is RunState.ERRORED
    assert "The model could not be scored." in result.outcome.reasons[0]
    assert "protobuf" in result.outcome.reasons[0].lower()


def test_words_of_a_library_are_not_kept_where_columns_are_sensitive() -> None:
    result = run(order(files.linear_onnx(2, 0)[:-20], may_quote=False), limits=LIMITS)
    assert result.outcome.state is RunState.ERRORED
    assert "protobuf" not in result.outcome.reasons[0].lower()
    assert "may quote sensitive columns" in result.outcome.reasons[0]


def test_a_file_that_nothing_scores_is_an_error() -> None:
    told = order(files.linear_onnx(2, 0))
    result = run(replace(told, candidate=replace(told.candidate, media_type="")), limits=LIMITS)
    assert result.outcome.state is RunState.ERRORED


@pytest.mark.parametrize("media_type", sorted(STORED_MEDIA_TYPES))
def test_a_file_that_is_never_opened_is_an_error_that_says_what_it_needs(media_type: str) -> None:
    told = order(files.linear_onnx(2, 0))
    result = run(replace(told, candidate=replace(told.candidate, media_type=media_type)), limits=LIMITS)
    assert result.outcome.state is RunState.ERRORED
    assert "never opened: needs ONNX or blind scoring" in result.outcome.reasons[0]
    assert result.results is None


def test_a_production_version_that_breaks_is_no_pass_for_the_candidate() -> None:
    told = order(files.linear_onnx(2, 0), champion=model(files.root_onnx()))
    result = run(told, limits=LIMITS)
    assert result.outcome.state is RunState.FAILED
    found = outcomes(result)
    assert (found["champion_scores"], found["comparison"]) == (CheckOutcome.FAILED, CheckOutcome.NO_DATA)
    assert found["metrics"] is CheckOutcome.PASSED
    broken = run(replace(told, champion=model(files.linear_onnx(2, 0)[:-20])), limits=LIMITS)
    assert broken.outcome.state is RunState.ERRORED


def test_claims_are_held_against_what_was_recomputed() -> None:
    told = order(files.linear_onnx(2, 0))
    claims = (Claim("auc", 0.99, files.ROWS, told.table), Claim("auc", 0.8, 100, "f" * 64), Claim("brier", 0.1))
    result = run(replace(told, claims=claims), limits=LIMITS)
    assert result.outcome.state is RunState.FAILED
    results = result.results or {}
    assert [one["verdict"] for one in results["claims"]] == ["differs", "not contradicted", "not comparable"]
    assert set(results["claims"][0]) >= {"metric", "claimed", "recomputed", "verdict", "reason"}


def test_slices_by_month_and_labels_in_words() -> None:
    table = rows().assign(label=np.where(rows()["label"] == 1, "yes", "no"))
    told = order(files.linear_onnx(2, 0), table=table, plan=plan(slices=("day",)))
    result = run(replace(told, plan=replace(told.plan, slices=("day",), unit_column=None)), limits=LIMITS)
    assert result.outcome.state is RunState.PASSED, result.outcome
    results = result.results or {}
    assert results["positive"] == "yes"
    assert {segment["level"] for segment in results["segments"]} == {"2026-01", "2026-02", "2026-03"}
    assert results["notes"] == ["rows assumed independent"]


def test_damaged_bytes_are_refused() -> None:
    told = order(files.linear_onnx(2, 0))
    path = store.path_of(told.candidate.sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(store.BlobDamaged):
        run(told, limits=LIMITS)


def test_a_request_to_stop_ends_the_run_at_once() -> None:
    def stop(done: int, total: int, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run(order(files.linear_onnx(2, 0)), limits=LIMITS, progress=stop)
