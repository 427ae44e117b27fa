from typing import Any

import pytest

from registry.rules.registration import (
    model_problems,
    pipeline_version_digest,
    pipeline_version_problems,
    record_problems,
    retirement_problem,
)
from registry.rules.stages import Candidate

MODEL: dict[str, Any] = {"tier": 1, "task": "binary", "implementation": "onnx", "origin": "own"}
RECORD: dict[str, Any] = {
    "name": "Delay",
    "purpose": "Decides whom to call.",
    "mlflow_name": None,
    "owner": 1,
    "owner_is_active": True,
    "backup": Candidate(2, is_person=True, is_active=True, sees_model=True),
}
VERSION: dict[str, Any] = {"repository": "https://git.example.org/f", "commit": "c", "columns": ["a", "b"]}


def test_good_values_have_no_problems() -> None:
    assert model_problems(**MODEL) == {}
    assert model_problems(**MODEL | {"origin": "vendor", "implementation": "vendor"}) == {}
    assert record_problems(**RECORD) == {}
    assert pipeline_version_problems(**VERSION) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("tier", 0), ("tier", 4), ("task", "guess"), ("implementation", "pickle"), ("origin", "found")],
)
def test_each_wrong_value_of_a_model_is_named(field: str, value: Any) -> None:
    assert set(model_problems(**MODEL | {field: value})) == {field}


def test_only_a_vendors_model_is_a_black_box() -> None:
    assert set(model_problems(**MODEL | {"implementation": "vendor"})) == {"origin"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "n" * 201),
        ("purpose", ""),
        ("backup", Candidate(2, is_person=False, is_active=True, sees_model=True)),
        ("backup", Candidate(2, is_person=True, is_active=False, sees_model=True)),
        ("backup", Candidate(2, is_person=True, is_active=True, sees_model=False)),
        ("backup", Candidate(1, is_person=True, is_active=True, sees_model=True)),
    ],
)
def test_each_wrong_value_of_a_record_is_named(field: str, value: Any) -> None:
    assert set(record_problems(**RECORD | {field: value})) == {field}


@pytest.mark.parametrize("name", ["late-arrival", "Late arrival 2", "a", "team.late_arrival", "_x", "n" * 200])
def test_a_name_that_mlflow_clients_can_ask_for_is_taken(name: str) -> None:
    assert record_problems(**RECORD | {"mlflow_name": name}) == {}


@pytest.mark.parametrize(
    "name", ["", " late", "late ", "a/b", "a:b", "a@b", "a%b", "a'b", "späte", "a\n", "a\0", "..", "n" * 201]
)
def test_a_name_that_some_client_can_not_ask_for_is_refused(name: str) -> None:
    assert set(record_problems(**RECORD | {"mlflow_name": name})) == {"mlflow_name"}


def test_a_deactivated_person_owns_no_model() -> None:
    assert set(record_problems(**RECORD | {"owner_is_active": False})) == {"owner"}


def test_a_model_is_retired_once_and_not_while_it_decides() -> None:
    assert retirement_problem(is_retired=False, active_in=[]) is None
    assert "already" in str(retirement_problem(is_retired=True, active_in=[]))
    both = retirement_problem(is_retired=False, active_in=["staging", "production"])
    assert "in staging and production" in str(both)


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
