from typing import Any

import pytest

from registry.rules.registration import model_problems, pipeline_version_digest, pipeline_version_problems

MODEL: dict[str, Any] = {
    "name": "Delay",
    "purpose": "Decides whom to call.",
    "tier": 1,
    "task": "binary",
    "implementation": "onnx",
    "owner_is_active": True,
}
VERSION: dict[str, Any] = {"repository": "https://git.example.org/f", "commit": "c", "columns": ["a", "b"]}


def test_good_values_have_no_problems() -> None:
    assert model_problems(**MODEL) == {}
    assert pipeline_version_problems(**VERSION) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "n" * 201), ("purpose", ""), ("tier", 0), ("tier", 4), ("task", "guess"),
     ("implementation", "pickle")],
)  # fmt: skip
def test_each_wrong_value_of_a_model_is_named(field: str, value: Any) -> None:
    assert set(model_problems(**MODEL | {field: value})) == {field}


def test_a_deactivated_person_owns_no_model() -> None:
    assert set(model_problems(**MODEL | {"owner_is_active": False})) == {"owner"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("repository", ""), ("commit", " "), ("columns", []), ("columns", ["a", "a"]), ("columns", ["a", ""])],
)
def test_each_wrong_value_of_a_pipeline_version_is_named(field: str, value: Any) -> None:
    assert set(pipeline_version_problems(**VERSION | {field: value})) == {field}


def test_digest_covers_everything_and_the_order_of_columns() -> None:
    first = pipeline_version_digest(pipeline="p", **VERSION)
    assert first == pipeline_version_digest(pipeline="p", **VERSION)
    others = [
        pipeline_version_digest(pipeline="q", **VERSION),
        *(
            pipeline_version_digest(pipeline="p", **VERSION | change)
            for change in ({"repository": "s"}, {"commit": "d"}, {"columns": ["b", "a"]})
        ),
    ]
    assert len({first, *others}) == 5
