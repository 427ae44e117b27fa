"""Real models score real rows in real children; the numbers are scikit-learn's own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from monitoring.runners.scoring import ScoringEnded, read_columns, score
from portal.core.sandbox import Limits, Outcome
from tests.factories.boosted import FEATURES as BOOSTED_FEATURES
from tests.factories.boosted import MAKERS
from tests.factories.boosted import rows as boosted_rows


@pytest.fixture(scope="module")
def cancer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame, Any]:
    folder = tmp_path_factory.mktemp("cancer")
    table, label = load_breast_cancer(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, label)
    held_out = table.assign(label=label, site=np.where(np.arange(len(table)) % 3 == 0, "north", "south"))
    held_out.to_parquet(folder / "rows.parquet")
    held_out.to_csv(folder / "rows.csv", index=False)
    skops.io.dump(model, folder / "model.skops")
    for name, options in (("zipmap", {}), ("array", {"zipmap": False})):
        made = to_onnx(model, table.to_numpy()[:1].astype(np.float32), options={id(model): options})
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString())
    return folder, table, model


@pytest.mark.parametrize("name", ["zipmap", "array"])
def test_onnx_classifier_scores_as_scikit_learn(cancer: tuple[Path, pd.DataFrame, Any], name: str) -> None:
    folder, table, model = cancer
    scores = score(
        model=folder / f"{name}.onnx",
        model_format="onnx",
        table=folder / "rows.parquet",
        task="binary",
        features=list(table.columns),
    )
    assert (scores.kind, scores.classes, scores.not_finite) == ("probability", ("0", "1"), 0)
    np.testing.assert_allclose(scores.values, model.predict_proba(table)[:, 1], atol=2e-6)


@pytest.mark.parametrize("rows", ["rows.parquet", "rows.csv"])
def test_skops_pipeline_scores_as_scikit_learn(cancer: tuple[Path, pd.DataFrame, Any], rows: str) -> None:
    folder, table, model = cancer
    seen: list[tuple[int, int, str]] = []
    scores = score(
        model=folder / "model.skops",
        model_format="skops",
        table=folder / rows,
        task="binary",
        progress=lambda *step: seen.append(step),
    )
    assert all(0 <= done <= 569 for done, _, _ in seen)
    np.testing.assert_allclose(scores.values, model.predict_proba(table)[:, 1], rtol=1e-12)


def test_declared_positive_class_counts(cancer: tuple[Path, pd.DataFrame, Any]) -> None:
    folder, table, model = cancer
    arguments: dict[str, Any] = {"model_format": "onnx", "table": folder / "rows.parquet", "task": "binary"}
    arguments["features"] = list(table.columns)
    scores = score(model=folder / "zipmap.onnx", positive="0", **arguments)
    np.testing.assert_allclose(scores.values, model.predict_proba(table)[:, 0], atol=2e-6)
    with pytest.raises(ScoringEnded, match="no class “late”; its classes are 0, 1"):
        score(model=folder / "zipmap.onnx", positive="late", **arguments)


def test_missing_columns_are_named(cancer: tuple[Path, pd.DataFrame, Any], tmp_path: Path) -> None:
    folder, table, _ = cancer
    table.drop(columns=["mean radius", "worst area"]).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ScoringEnded, match=r"lacks 2 column\(s\): mean radius, worst area") as ended:
        score(model=folder / "model.skops", model_format="skops", table=tmp_path / "rows.parquet", task="binary")
    assert ended.value.outcome is Outcome.FAILED


def test_undeclared_features_and_wrong_types_are_named(cancer: tuple[Path, pd.DataFrame, Any]) -> None:
    folder, table, _ = cancer
    arguments: dict[str, Any] = {"model": folder / "zipmap.onnx", "model_format": "onnx", "task": "binary"}
    arguments["table"] = folder / "rows.parquet"
    with pytest.raises(ScoringEnded, match="Declare the features"):
        score(**arguments)
    with pytest.raises(ScoringEnded, match="takes 30 columns, but 2 features"):
        score(**arguments, features=["mean radius", "mean area"])
    with pytest.raises(ScoringEnded, match="“site” holds text"):
        score(**arguments, features=[*table.columns[:29], "site"])


def test_mixed_columns_score_alike_in_skops_and_onnx(tmp_path: Path) -> None:
    rows = pd.DataFrame({"carrier": ["AA", "UA", "B6", "AA"] * 50, "hour": np.arange(200) % 24 * 1.0})
    label = ((rows.hour > 15) ^ (rows.carrier == "UA")).astype(int)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["carrier"]), (StandardScaler(), ["hour"])),
        LogisticRegression(),
    ).fit(rows, label)
    rows.to_parquet(tmp_path / "rows.parquet")
    skops.io.dump(model, tmp_path / "model.skops")
    types = [("carrier", StringTensorType([None, 1])), ("hour", FloatTensorType([None, 1]))]
    (tmp_path / "model.onnx").write_bytes(to_onnx(model, initial_types=types).SerializeToString())
    for file_format in ("skops", "onnx"):
        scores = score(
            model=tmp_path / f"model.{file_format}",
            model_format=file_format,
            table=tmp_path / "rows.parquet",
            task="binary",
        )
        np.testing.assert_allclose(scores.values, model.predict_proba(rows)[:, 1], atol=2e-6)


def test_regressors_give_values(tmp_path: Path) -> None:
    table, target = load_diabetes(return_X_y=True, as_frame=True)
    table.to_parquet(tmp_path / "rows.parquet")
    boosted, ridge = HistGradientBoostingRegressor(max_iter=5).fit(table, target), Ridge().fit(table, target)
    skops.io.dump(boosted, tmp_path / "model.skops")
    (tmp_path / "model.onnx").write_bytes(to_onnx(ridge, table.to_numpy()[:1].astype(np.float32)).SerializeToString())
    arguments: dict[str, Any] = {"table": tmp_path / "rows.parquet", "task": "regression"}
    scores = score(model=tmp_path / "model.skops", model_format="skops", **arguments)
    np.testing.assert_allclose(scores.values, boosted.predict(table), rtol=1e-12)
    assert scores.kind == "value"
    scores = score(model=tmp_path / "model.onnx", model_format="onnx", features=list(table.columns), **arguments)
    np.testing.assert_allclose(scores.values, ridge.predict(table), rtol=1e-4)


def test_multiclass_gives_a_column_per_class(tmp_path: Path) -> None:
    table, label = load_iris(return_X_y=True, as_frame=True)
    model = RandomForestClassifier(5, random_state=0).fit(table, label)
    table.to_parquet(tmp_path / "rows.parquet")
    skops.io.dump(model, tmp_path / "model.skops")
    arguments: dict[str, Any] = {"model": tmp_path / "model.skops", "model_format": "skops"}
    arguments["table"] = tmp_path / "rows.parquet"
    scores = score(task="multiclass", **arguments)
    np.testing.assert_allclose(scores.values, model.predict_proba(table))
    with pytest.raises(ScoringEnded, match="says binary, but the model knows 3 classes"):
        score(task="binary", **arguments)


def onnx_file(path: Path, nodes: list[Any], initializers: list[Any]) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        initializers,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(made.SerializeToString())
    return path


@pytest.fixture
def two_columns(tmp_path: Path) -> Path:
    pd.DataFrame({"a": np.linspace(-1, 1, 50), "b": [1.0, None] * 25}).to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_nan_scores_come_back_and_are_counted(tmp_path: Path, two_columns: Path) -> None:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 0.0])
    model = onnx_file(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])
    scores = score(model=model, model_format="onnx", table=two_columns, task="binary", features=["a", "b"])
    assert scores.not_finite == 25
    assert np.isnan(scores.values[1::2]).all()  # noqa: PD011
    assert scores.kind == "decision"


def test_endless_predict_times_out_in_words(tmp_path: Path, two_columns: Path) -> None:
    loop = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["value"], ["same"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("same", TensorProto.FLOAT, [None, 1]),
        ],
    )
    tensors = [
        helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 0.0]),
        helper.make_tensor("forever", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["start"]),
        helper.make_node("Loop", ["forever", "yes", "start"], ["y"], body=loop),
    ]
    model = onnx_file(tmp_path / "m.onnx", nodes, tensors)
    with pytest.raises(ScoringEnded, match=r"could not be scored\. It did not end within 4 seconds") as ended:
        score(
            model=model,
            model_format="onnx",
            table=two_columns,
            task="binary",
            features=["a", "b"],
            limits=Limits(cpu_seconds=60, wall_seconds=4),
        )
    assert ended.value.timed_out


def test_columns_come_back_with_levels_and_quality(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-01", periods=4, freq="D")
    pd.DataFrame(
        {"day": days, "late": [True, False, None, True], "carrier": ["UA", None, "AA", "UA"], "x": [1.5, np.inf, -2, 0]}
    ).to_parquet(tmp_path / "rows.parquet")
    rows = read_columns(table=tmp_path / "rows.parquet", columns=["late", "carrier", "day"], units=["day"])
    assert rows.rows == 4
    np.testing.assert_array_equal(rows.columns["late"].values, [1, 0, np.nan, 1])
    assert rows.columns["carrier"].values.tolist() == [0, -1, 1, 0]  # noqa: PD011
    assert rows.columns["carrier"].levels == ("UA", "AA")
    assert rows.columns["day"].values.tolist() == [0, 1, 2, 3]  # noqa: PD011
    quality = {one.name: one for one in rows.quality}
    assert (quality["carrier"].nulls, quality["late"].nulls) == (1, 1)
    assert (quality["x"].infinite, quality["x"].minimum, quality["x"].maximum) == (1, -2.0, 1.5)


def test_columns_that_are_missing_or_broken_end_in_words(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ScoringEnded, match=r"could not be read\. The table lacks 1 column\(s\): late"):
        read_columns(table=tmp_path / "rows.csv", columns=["late"])


@pytest.mark.parametrize("kind", MAKERS)
def test_boosted_trees_score_as_their_own_libraries(tmp_path: Path, kind: str) -> None:
    made = MAKERS[kind]("binary")
    (tmp_path / "model").write_bytes(made.data)
    boosted_rows().to_parquet(tmp_path / "rows.parquet")
    scores = score(model=tmp_path / "model", model_format=kind, table=tmp_path / "rows.parquet", task="binary")
    np.testing.assert_allclose(scores.values, made.expected, rtol=1e-6, atol=1e-7)
    assert (scores.kind, scores.classes, scores.columns) == ("probability", ("0", "1"), tuple(BOOSTED_FEATURES))


def test_a_damaged_booster_ends_in_words(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(MAKERS["xgboost"]("binary").data[:300])
    boosted_rows().to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ScoringEnded, match="could not be scored"):
        score(model=tmp_path / "model", model_format="xgboost", table=tmp_path / "rows.parquet", task="binary")
