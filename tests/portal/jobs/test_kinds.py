import pytest

from portal.jobs.kinds import KINDS, declare_kind


def test_kind_is_declared_once_with_a_known_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "trial.taken", "intake")
    with pytest.raises(ValueError, match="declared twice"):
        declare_kind("trial.taken", queue="intake")
    with pytest.raises(ValueError, match="no queue"):
        declare_kind("trial.other", queue="elsewhere")
