from typing import Any

import pytest

from portal.core.sandbox.contract import InForce

FULL: dict[str, Any] = {
    "limits": True,
    "other_user": True,
    "landlock": 6,
    "seccomp": True,
    "network_namespace": True,
    "no_new_privileges": True,
}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, 0),
        ({"landlock": 0}, 0),
        ({"other_user": False}, 0),
        ({"seccomp": False}, 0),
        ({"network_namespace": False}, 0),
        ({"limits": False}, 1),
        ({"landlock": 0, "other_user": False}, 1),
        ({"seccomp": False, "network_namespace": False}, 1),
    ],
)
def test_minimum_is_limits_no_network_and_another_user_or_landlock(changes: dict[str, Any], missing: int) -> None:
    assert len(InForce(**{**FULL, **changes}).shortfall()) == missing
