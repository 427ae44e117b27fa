"""Queries that nobody reads are refused."""

import pytest

from tests.portal.api.callers import Caller, fields_of


@pytest.mark.parametrize(
    "name", ["teir", "owner__password", "team__slug", "pk__in", "format", "id", "x" * 3000, "\x00"]
)
def test_parameter_that_nobody_reads_is_a_400(developer: Caller, name: str) -> None:
    assert fields_of(developer.get("/models", **{name: "1"}), 400, "invalid") == {name[:100]}


@pytest.mark.parametrize("path", ["/whoami", "/models/none", "/jobs/1"])
def test_what_takes_no_parameter_says_so(developer: Caller, path: str) -> None:
    answer = developer.get(path, page=2)
    assert fields_of(answer, 400, "invalid") == {"page"}
    assert "None is known here." in answer.json()["errors"][0]["messages"][0]


def test_refusal_names_the_parameters_that_are_known(developer: Caller) -> None:
    words = developer.get("/models", teir=1).json()["errors"][0]["messages"][0]
    assert "Known here: cursor, declared, implementation, limit, mlflow_name, order, origin, owner, q, retired" in words


@pytest.mark.parametrize("value", ["1", "True", "yes", "null"])
def test_filter_that_is_neither_true_nor_false_is_a_400(developer: Caller, value: str) -> None:
    refused = developer.get("/models", retired=value)
    assert (refused.status_code, refused.json()["errors"][0]["messages"]) == (400, ["Say true or false."])


def test_parameter_given_twice_is_a_400(developer: Caller) -> None:
    answer = developer.client.get("/api/v1/models?tier=1&tier=2")
    assert fields_of(answer, 400, "invalid") == {"tier"}


def test_post_reads_no_parameters_of_lists(developer: Caller) -> None:
    assert fields_of(developer.post("/models?limit=5", {}), 400, "invalid") == {"limit"}
