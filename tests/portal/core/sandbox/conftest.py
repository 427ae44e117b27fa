"""Lets caged children import their misdeeds from the tests."""

import pytest

from portal.core.sandbox import reach


@pytest.fixture(autouse=True)
def inmates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "PACKAGES", (*reach.PACKAGES, "tests"))
