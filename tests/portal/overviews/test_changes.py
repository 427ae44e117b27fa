from typing import Any

import pytest

from governance.models import ApprovalRequest
from portal.accounts.choices import Role
from portal.overviews.changes import PartChange, part_changes, production_beside
from portal.overviews.reviews import review_overview
from registry.models import ModelVersion
from tests.factories.accounts import actor_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_beside() -> ApprovalRequest:
    """An open request for the next version of a model that has one in production; made from the same commit."""
    champion = ApprovedRequestFactory.create().release.version
    version = next_version(model=champion.model, champion=champion)
    return OpenRequestFactory.create(version=version)  # type: ignore[no-any-return]  # factories are not typed


def part(name: str, request: ApprovalRequest, before: dict[str, Any], after: dict[str, Any]) -> PartChange:
    """Return the part where both versions, in memory, have these: of the training run, or of the version."""
    production = production_beside(request)
    assert production is not None
    for version, columns in ((production.release.released, before), (request.release.released, after)):
        version.training_run.commit = "5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695"
        for column, value in columns.items():
            setattr(version if isinstance(version, ModelVersion) and column == "signature" else version.training_run,
                    column, value)  # fmt: skip
    return {one.name: one for one in part_changes(request, production)}[name]


def inputs(*names: str, kind: str = "column") -> dict[str, Any]:
    return {"signature": {"inputs": [{"name": name, "type": kind, "shape": [None, 1]} for name in names]}}


def test_another_algorithm_is_seen_even_where_the_commit_is_the_same(request_beside: ApprovalRequest) -> None:
    old = {"hyperparameters": {"algorithm": "logistic", "depth": 3}}
    new = {"hyperparameters": {"algorithm": "boosted_trees", "depth": 3, "rounds": 200}}
    found = part("Hyperparameters", request_beside, old, new)
    assert found.differs
    assert (found.before, found.after) == ("rounds not set, algorithm logistic", "rounds 200, algorithm boosted_trees")
    assert found.note == "1 added: rounds; 1 changed; 1 the same"
    assert not part("Training code", request_beside, old, new).differs


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), (1, True), (1, "1"), (None, "null"), (True, "true")])
def test_unequal_values_never_read_the_same(request_beside: ApprovalRequest, before: object, after: object) -> None:
    old, new = ({"hyperparameters": {"C": value}} for value in (before, after))
    assert part("Hyperparameters", request_beside, old, new).differs


def test_inputs_are_compared_by_name_type_and_order(request_beside: ApprovalRequest) -> None:
    name = "Model inputs"
    assert not part(name, request_beside, inputs("a", "b"), inputs("a", "b")).differs
    added = part(name, request_beside, inputs("a"), inputs("a", "b"))
    assert (added.before, added.after) == ("b not set", "b column any × 1")
    assert part(name, request_beside, inputs("a"), inputs("a", kind="float")).differs
    assert part(name, request_beside, inputs("a", "b"), inputs("b", "a")).note == "the same in another order"
    many = [f"x{n}" for n in range(12)]
    moved = part(name, request_beside, inputs(*many), inputs(*many[:10], "x11", "x10"))
    assert (moved.differs, moved.before, moved.after) == (True, "x10, x11", "x11, x10")


def test_many_are_counted(request_beside: ApprovalRequest) -> None:
    found = part("Model inputs", request_beside, inputs("a"), inputs("a", *(f"x{n}" for n in range(20))))
    assert found.after.endswith("x7 column any × 1 and 12 more")


def test_what_comes_and_goes_is_named_however_much_else_changes(request_beside: ApprovalRequest) -> None:
    many = [f"x{n}" for n in range(20)]
    old, new = inputs(*many, "taken"), inputs(*many, "given", "also_given", kind="float")
    found = part("Model inputs", request_beside, old, new)
    assert found.note == "2 added: given, also_given; 1 gone: taken; 20 changed; 0 the same"
    assert found.after.startswith("given float any × 1, also_given float any × 1, taken not set, x0 float")


def test_inputs_that_were_never_read_are_not_called_the_same(request_beside: ApprovalRequest) -> None:
    found = part("Model inputs", request_beside, {"signature": {}}, {"signature": {}})
    assert found.differs
    assert (found.before, found.after) == ("not read", "not read")


def test_only_what_is_truly_equal_is_named_as_the_same(request_beside: ApprovalRequest) -> None:
    same = review_overview(actor_with(Role.AUDITOR), request_beside).same
    assert "hyperparameters, model inputs" in same
    request_beside.release.released.training_run.hyperparameters = {"depth": 4}
    assert "hyperparameters" not in review_overview(actor_with(Role.AUDITOR), request_beside).same
