from monitoring.rules.features import expected_columns, features_of


def inputs(*shapes: list[int | str | None] | None, kind: str = "tensor(float)") -> dict[str, object]:
    return {"inputs": [{"name": f"c{at}", "type": kind, "shape": shape} for at, shape in enumerate(shapes)]}


def test_a_model_with_an_input_for_each_column_names_them() -> None:
    assert features_of(inputs([None, 1], [None, 1]), ["x"]) == ("c0", "c1")
    assert features_of(inputs([None]), ["x"]) == ("c0",)
    assert features_of(inputs(None), []) == ("c0",)
    assert features_of(inputs([None, 1], kind="column"), []) == ("c0",)


def test_one_table_is_named_by_the_feature_pipeline() -> None:
    assert features_of(inputs([None, 2]), ["x", "y"]) == ("x", "y")
    assert features_of(inputs([None, None]), ["x"]) == ("x",)
    assert features_of(inputs([None, 1], kind="table"), ["x"]) == ("x",)
    assert features_of({}, ["x"]) == ("x",)
    assert features_of(inputs([None, 2]), ()) == ()


def test_features_have_the_types_they_were_trained_on() -> None:
    expected = expected_columns(
        features=["x", "count", "made"],
        others=["label", "x"],
        trained_on={"x": "string", "count": "int64", "label": "string"},
        found={"x": "double", "count": "double", "label": "int64"},
    )
    assert expected == {"x": "string", "count": "double", "made": "any", "label": "int64"}
