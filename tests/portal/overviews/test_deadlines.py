import threading
import time

from portal.overviews.deadlines import Asker


def test_who_hangs_holds_up_nobody_and_is_not_asked_again() -> None:
    free, asked = threading.Event(), []

    def hang() -> str:
        asked.append(1)
        free.wait(30)
        return "late"

    asker = Asker(0.3)
    begin = time.monotonic()
    first = asker.ask({"a": lambda: "here", "b": hang, "c": hang})
    second = asker.ask({"b": hang})
    assert time.monotonic() - begin < 3
    assert (first, second, len(asked)) == ({"a": "here"}, {}, 2)
    free.set()
    deadline = time.monotonic() + 10
    while asker.ask({"b": lambda: "again"}) != {"b": "again"}:
        assert time.monotonic() < deadline
