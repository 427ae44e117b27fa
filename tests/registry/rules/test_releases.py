import pytest

from registry.choices import VersionState
from registry.rules.releases import problems, version_problem


def test_a_release_names_its_environment_and_fallback() -> None:
    assert problems(environment="production", fallback="A person decides.") == {}
    assert set(problems(environment="moon", fallback=" ")) == {"environment", "fallback"}


@pytest.mark.parametrize("state", VersionState.values)
def test_only_a_sealed_version_can_be_released(state: str) -> None:
    assert (version_problem(state) is None) is (state == "sealed")
