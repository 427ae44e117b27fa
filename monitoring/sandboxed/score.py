"""Scores a held-out table with one model in the cage; leaves `scores.npy` (float64, n or n by k)."""

import time
from typing import Any

import numpy as np

from monitoring.sandboxed.models import Scorer, Wanted
from portal.core.sandbox.child import CagedTask, Refusal
from registry.sandboxed.tables import TableFile


def run(task: CagedTask) -> dict[str, Any]:
    """Score the input `table` with the input `model`, batch by batch."""
    request = task.request
    table = TableFile(task, "table")
    if table.rows == 0:
        raise Refusal("The table has no rows.")
    wanted = Wanted(request["task"], tuple(request["features"]), request["positive"])
    scorer = _load_scorer(task, request["format"], wanted, table, request["threads"])
    parts, done, seconds = [], 0, 0.0
    task.progress(0, table.rows, "Scoring")
    for batch in table.batches(scorer.columns, request["batch_rows"]):
        started = time.perf_counter()
        parts.append(scorer.score(batch))
        seconds += time.perf_counter() - started
        done += batch.num_rows
        task.progress(done, table.rows, "Scoring")
    scores = np.concatenate(parts)
    if len(scores) != table.rows:
        raise Refusal(f"The table says {table.rows:,} rows, but has {len(scores):,}.")
    kind = scorer.kind
    if kind == "probability" and ((scores < 0) | (scores > 1)).any():
        kind = "decision"  # an ONNX output does not say that it is a margin
    np.save(task.output("scores.npy"), scores, allow_pickle=False)
    return {
        "rows": len(scores),
        "kind": kind,
        "classes": list(scorer.classes)[:1_000],
        "columns": list(scorer.columns),
        "not_finite": int((~np.isfinite(scores)).sum()),
        "seconds": seconds,
    }


def _load_scorer(task: CagedTask, model_format: str, wanted: Wanted, table: TableFile, threads: int) -> Scorer:
    """Return the scorer of the input `model`; raises Refusal when it can't score this table."""
    if wanted.task not in {"binary", "multiclass", "regression"}:
        raise Refusal(f"Models for the task “{wanted.task}” can't be scored here.")
    if model_format == "onnx":
        from monitoring.sandboxed.onnx_scoring import OnnxScorer  # noqa: PLC0415 - each library costs seconds to import

        scorer: Scorer = OnnxScorer(bytes(task.map("model")), wanted, threads)
    elif model_format == "skops":
        from monitoring.sandboxed.skops_scoring import SkopsScorer  # noqa: PLC0415

        with task.open("model") as file:
            scorer = SkopsScorer(file, wanted)
    elif model_format in {"lightgbm", "xgboost", "catboost"}:
        from monitoring.sandboxed.boosted_scoring import BoostedScorer  # noqa: PLC0415

        scorer = BoostedScorer(model_format, bytes(task.map("model")), wanted)
    else:
        raise Refusal(f"Models of the format “{model_format}” can't be scored here.")
    table.require(scorer.columns)
    return scorer
