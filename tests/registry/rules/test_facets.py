from typing import Any

import pytest

from registry.rules.facets import MOST_UNREAD, Unread, dataset_facets, job_facets, run_facets


def test_the_facets_of_a_run_are_read() -> None:
    unread: list[Unread] = []
    own = {
        "_producer": "p",
        "parameters": {"depth": 3},
        "environment_lock_sha256": "a" * 64,
        "hardware": "8 cores",
        "seed": 7,
    }
    facets = {"countersign_training": own, "errorMessage": {"message": "Out of memory"}, "parent": {"run": 1}}
    parent, values = run_facets(facets, unread)
    assert parent == {"run": 1}
    assert values == {
        "parameters": {"depth": 3}, "environment_lock_sha256": "a" * 64, "hardware": "8 cores", "seed": 7,
        "failure": "Out of memory",
    }  # fmt: skip
    assert unread == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parameters", []), ("parameters", {"x": "y" * 70_000}), ("environment_lock_sha256", "A" * 64),
        ("hardware", "x" * 201), ("seed", True), ("seed", 2**60), ("gpu", 1),
    ],
)  # fmt: skip
def test_values_of_our_own_facet_that_do_not_fit_are_noted(name: str, value: Any) -> None:
    unread: list[Unread] = []
    assert run_facets({"countersign_training": {name: value}}, unread)[1] == {}
    assert [one.where for one in unread] == [f"run.facets.countersign_training.{name}"]


def test_source_code_is_a_repository_and_a_commit() -> None:
    unread: list[Unread] = []
    location = {"repoUrl": "https://git.example.org/m", "url": "https://git.example.org/m/tree", "version": "a" * 40}
    assert job_facets({"sourceCodeLocation": location}, unread) == {
        "repository": "https://git.example.org/m",
        "commit": "a" * 40,
    }
    assert job_facets({"sourceCodeLocation": {"url": "javascript:alert(1)", "version": 7}}, unread) == {}
    assert [one.why for one in unread][1] == "It is no text."
    assert "https or ssh" in unread[0].why


def test_a_dataset_says_digest_columns_rows_and_size() -> None:
    unread: list[Unread] = []
    facets = {
        "version": {"datasetVersion": f"sha256:{'A' * 64}"},
        "schema": {"fields": [{"name": "day", "type": "date"}, {"name": "x"}]},
    }
    more = {"dataQualityMetrics": {"rowCount": 12, "bytes": 340, "columnMetrics": {}}}
    assert dataset_facets(facets, more, "inputs.0", unread) == {
        "sha256": "a" * 64, "columns": [{"name": "day", "type": "date"}, {"name": "x", "type": ""}], "rows": 12,
        "size": 340,
    }  # fmt: skip
    assert unread == []
    assert dataset_facets({}, {"outputStatistics": {"rowCount": 5, "size": 6}}, "x", unread) == {"rows": 5, "size": 6}


@pytest.mark.parametrize("fields", [1, [1], [{"type": "x"}], [{"name": "\ud800"}], [{"name": "x"}] * 10_001])
def test_a_schema_of_another_shape_is_noted(fields: Any) -> None:
    unread: list[Unread] = []
    assert dataset_facets({"schema": {"fields": fields}}, {}, "inputs.0", unread) == {"columns": []}
    assert [one.where for one in unread] == ["inputs.0.facets.schema"]


@pytest.mark.parametrize("version", ["17", None, ["a" * 64], "a" * 63])
def test_a_version_that_is_no_digest_is_none(version: Any) -> None:
    assert (
        dataset_facets({"version": {"datasetVersion": version}}, {"dataQualityMetrics": {"rowCount": -1}}, "x", [])
        == {}
    )


def test_facets_that_nobody_reads_are_noted_up_to_a_bound() -> None:
    unread: list[Unread] = []
    job_facets({"sql": {}, "ownership": {}}, unread)
    assert [one.where for one in unread] == ["job.facets.ownership", "job.facets.sql"]
    job_facets({f"facet_{number}": {} for number in range(500)}, unread)
    assert len(unread) == MOST_UNREAD
    assert unread[0].as_dict() == {
        "where": "job.facets.ownership",
        "why": "Kept with the event; nothing here reads it.",
    }
