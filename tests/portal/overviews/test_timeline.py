import pytest

from portal.core.actors import SYSTEM
from portal.overviews import timeline as module
from portal.overviews.timeline import timeline


@pytest.mark.django_db
def test_before_anything_is_sequenced_the_timeline_is_empty() -> None:
    assert list(timeline(SYSTEM, topic="model:1")) == []


@pytest.mark.django_db
def test_it_asks_for_the_newest_entries_of_its_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def entries_about(_actor: object, *, topic: str, limit: int) -> tuple[()]:
        asked.append((topic, limit))
        return ()

    monkeypatch.setattr(module, "entries_about", entries_about)
    timeline(SYSTEM, topic="version:7")
    assert asked == [("version:7", module.SHOWN)]
