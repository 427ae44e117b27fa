from uuid import UUID

import pytest

from registry.rules.lineage import Named, edge_problem, named

RUN = "0197e0a1-4c3b-7f00-8000-000000000001"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("version:late-arrival:3", Named("version", slug="late-arrival", number=3)),
        (" version:late-arrival:v3 ", Named("version", slug="late-arrival", number=3)),
        ("snapshot:nyc_flights:12", Named("snapshot", slug="nyc_flights", number=12)),
        ("pipeline:features:1", Named("pipeline", slug="features", number=1)),
        ("model:late-arrival", Named("model", slug="late-arrival")),
        ("release:7", Named("release", number=7)),
        ("commit:v1.2", Named("commit", commit="v1.2")),
        ("commit:the first one", Named("commit", commit="the first one")),
        (f"run:{RUN}", Named("run", run=UUID(RUN))),
        ("5F2C1E0B", Named("", digest="5f2c1e0b")),
        (f"sha256:{'a' * 64}", Named("", digest="a" * 64)),
    ],
)
def test_a_name_says_what_is_meant(text: str, meant: Named) -> None:
    assert named(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "5f2c1", "late-arrival", "version:late-arrival", "version:../x:1", "model:a:b", f"run:{'-' * 36}",
        f"commit:{'x' * 65}", "commit:\0", "snapshot:x:9999999999", "a" * 65, f"commit:{'x' * 300}", "\ud800" * 8,
    ],
)  # fmt: skip
def test_what_names_nothing_is_nothing(text: str) -> None:
    assert named(text) is None


@pytest.mark.parametrize("kinds", ["model model", "model version", "version snapshot", "snapshot run", "run version"])
def test_things_depend_on_each_other(kinds: str) -> None:
    above, below = kinds.split()
    assert edge_problem((above, 1), (below, 2)) is None


@pytest.mark.parametrize(
    ("above", "below", "words"),
    [
        (("version", 1), ("version", 1), "itself"),
        (("snapshot", 1), ("model", 1), "name the version"),
        (("run", 1), ("run", 2), "parent facet"),
        (("commit", 1), ("version", 1), "follows"),
    ],
)
def test_what_can_not_depend_is_told_why(above: tuple[str, int], below: tuple[str, int], words: str) -> None:
    assert words in (edge_problem(above, below) or "")
