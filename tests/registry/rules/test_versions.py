from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.versions import (
    Claim,
    Conclusion,
    FoundFile,
    VersionParts,
    claim_problems,
    conclude,
    training_problems,
    version_digest,
)

SIGNATURE = {"inputs": [{"name": "x"}], "outputs": []}
MODEL = FoundFile("model.onnx", "model", "accepted", "", "onnx", SIGNATURE, {})
LOCK = FoundFile("lock.txt", "environment", "accepted", "", "environment lock", None, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), True, 2**60])
def test_claims_are_finite_numbers(value: Any) -> None:
    assert "claims.0.value" in claim_problems([Claim("auc", value)])


@pytest.mark.parametrize(
    ("claim", "field"),
    [
        (Claim(" ", 0.5), "claims.0.metric"),
        (Claim("m" * 61, 0.5), "claims.0.metric"),
        (Claim("auc", 0.5, n=0), "claims.0.n"),
        (Claim("auc", 0.5, n=2**60), "claims.0.n"),
        (Claim("auc", 0.5, snapshot_sha256="ABC"), "claims.0.snapshot_sha256"),
    ],
)
def test_a_claim_says_what_is_wrong_with_it(claim: Claim, field: str) -> None:
    assert set(claim_problems([claim])) == {field}


def test_a_metric_is_claimed_once_for_a_snapshot() -> None:
    twice = [Claim("auc", 0.5), Claim("auc", 0.6)]
    assert "claims" in claim_problems(twice)
    assert claim_problems([twice[0], replace(twice[1], snapshot_sha256="a" * 64)]) == {}
    assert "claims" in claim_problems([Claim(f"m{number}", 1.0) for number in range(101)])


def test_training_runs_say_what_is_wrong_with_them() -> None:
    good: dict[str, Any] = {
        "repository": "https://git.example.org/m",
        "commit": "c",
        "commit_authors": ["a@example.org"],
        "hyperparameters": {},
        "environment_lock_sha256": "a" * 64,
        "seed": 1,
    }
    assert training_problems(**good) == {}
    bad = {
        "repository": "",
        "commit": "\0",
        "commit_authors": [],
        "hyperparameters": {"rate": float("nan")},
        "environment_lock_sha256": "x",
        "seed": 2**60,
    }
    for name, value in bad.items():
        assert set(training_problems(**good | {name: value})) == {f"training_run.{name}"}
    large = {
        "repository": "https://git.example.org/" + "m" * 400,
        "commit": "c" * 65,
        "commit_authors": ["a@example.org"] * 101,
        "hyperparameters": {"grid": ["x" * 99] * 700},
    }
    for name, value in large.items():
        assert set(training_problems(**good | {name: value})) == {f"training_run.{name}"}
    assert set(training_problems(**good | {"commit_authors": ["a" * 255]})) == {"training_run.commit_authors"}


def test_accepted_files_seal_the_version() -> None:
    found = conclude([MODEL, LOCK], "onnx")
    assert (found.verb, found.signature) == ("seal", SIGNATURE)


def test_one_refused_file_quarantines_and_every_reason_is_named() -> None:
    bad = [replace(MODEL, verdict="refused", reason="A pickle."), replace(LOCK, verdict="refused", reason="Not text.")]
    found = conclude(bad, "onnx")
    assert (found.verb, found.reason) == ("quarantine", "model.onnx: A pickle.\nlock.txt: Not text.")


@pytest.mark.parametrize(("kind", "implementation", "verb"), [
    ("skops", "scikit-learn", "seal"),
    ("onnx", "scikit-learn", "seal"),
    ("onnx", "onnx", "seal"),
    ("skops", "onnx", "quarantine"),
    ("onnx", "unheard", "quarantine"),
    ("lightgbm", "lightgbm", "seal"),
    ("onnx", "xgboost", "seal"),
    ("catboost", "lightgbm", "quarantine"),
    ("pt2", "pytorch", "seal"),
    ("ods", "spreadsheet", "seal"),
    ("pt2", "scikit-learn", "quarantine"),
])  # fmt: skip
def test_the_file_is_of_a_kind_that_the_implementation_takes(kind: str, implementation: str, verb: str) -> None:
    assert conclude([replace(MODEL, detected=kind)], implementation).verb == verb


def test_what_is_never_opened_is_sealed_without_a_signature() -> None:
    stored = replace(MODEL, detected="xlsx", signature=None)
    assert conclude([stored, LOCK], "spreadsheet") == Conclusion("seal", "", {})
    assert conclude([replace(MODEL, signature=None)], "onnx").verb == "fail"


def test_what_cannot_be_recorded_is_quarantined() -> None:
    assert "can't be recorded" in conclude([replace(MODEL, details={"opset": 2**60})], "onnx").reason


words = st.sampled_from(["accepted", "refused", "failed", "", "ACCEPTED", "passed"])
files = st.lists(
    st.builds(
        FoundFile,
        name=st.text(max_size=5),
        role=st.sampled_from(["model", "environment"]),
        verdict=words,
        reason=st.text(max_size=5),
        detected=st.sampled_from(["onnx", "skops", "unknown"]),
        signature=st.none() | st.just(SIGNATURE),
        details=st.just({}),
    ),
    max_size=4,
)


@given(files)
def test_nothing_is_sealed_unless_every_file_is_accepted_and_the_model_is_described(found: list[FoundFile]) -> None:
    if conclude(found, "scikit-learn").verb == "seal":
        assert all(file.verdict == "accepted" for file in found)
        [model] = [file for file in found if file.role == "model"]
        assert model.signature is not None
        assert model.detected in {"onnx", "skops"}


PARTS = VersionParts(
    model="m",
    task="binary",
    implementation="onnx",
    artifacts=[{"name": "b", "sha256": "1"}, {"name": "a", "sha256": "2"}, {"name": "c", "sha256": "3"}],
    training_run={"commit": "c", "seed": None},
    feature_pipeline_version=None,
    signature=SIGNATURE,
    claims=[{"metric": "auc", "value": 0.5}],
)


def test_digest_does_not_depend_on_the_order_of_files() -> None:
    for order in permutations(PARTS.artifacts):
        assert version_digest(replace(PARTS, artifacts=order)) == version_digest(PARTS)


@pytest.mark.parametrize("change", [
    {"model": "n"},
    {"task": "regression"},
    {"implementation": "scikit-learn"},
    {"artifacts": []},
    {"training_run": {"commit": "d", "seed": None}},
    {"feature_pipeline_version": "p"},
    {"signature": {}},
    {"claims": []},
])  # fmt: skip
def test_digest_covers_every_part(change: dict[str, Any]) -> None:
    assert version_digest(replace(PARTS, **change)) != version_digest(PARTS)
