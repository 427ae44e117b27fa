import gzip
import io
import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry.sandboxed import pickles
from registry.sandboxed.pickles import HIDDEN, is_alarming, listing
from tests.factories.registry_files import pickled


class Shell:
    """Opening its pickle runs a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("false",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_tells_what_it_would_import_and_call(protocol: int) -> None:
    found = listing("model.pkl", pickle.dumps([OrderedDict(a=1), Shell(), OrderedDict(b=2)], protocol=protocol))
    assert {"collections.OrderedDict", f"{os.system.__module__}.system"} == set(found.names)
    assert found.alarming == [f"{os.system.__module__}.system"]
    assert found.complete
    assert found.calls >= 3
    assert found.protocol == (protocol if protocol > 1 else 0)


def test_nothing_in_it_is_opened(tmp_path: Path) -> None:
    found = listing("model.pkl", pickled(tmp_path / "made"))
    assert found.alarming
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_it_is_listed_through_what_compresses_it(pack: Any) -> None:
    found = listing("m", pack(pickle.dumps(OrderedDict())))
    assert (found.names, found.compressed) == (["collections.OrderedDict"], "gzip" if pack is gzip.compress else "")


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_an_array_of_objects_is_a_pickle_behind_its_header(version: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([OrderedDict(), Shell()], dtype=object), version=version)
    found = listing("a.npy", buffer.getvalue())
    assert found.complete
    assert "collections.OrderedDict" in found.names


def test_a_name_that_is_put_together_later_is_alarming() -> None:
    joined = pickle.PROTO + b"\x04" + pickle.NONE + pickle.NONE + pickle.STACK_GLOBAL + pickle.STOP
    assert listing("m", joined).alarming == [HIDDEN]
    registered = pickle.PROTO + b"\x04" + pickle.EXT1 + b"\x01" + pickle.STOP
    assert listing("m", registered).alarming == [HIDDEN]


def test_words_that_are_taken_away_again_hide_no_name() -> None:
    decoy = pickle.dumps("os")[11:-1] + pickle.dumps("system")[11:-1] + pickle.dumps("collections")[11:-1]
    hidden = pickle.PROTO + b"\x04" + decoy + pickle.POP + pickle.STACK_GLOBAL + pickle.STOP
    assert listing("m", hidden).alarming == [HIDDEN]


@pytest.mark.parametrize(
    ("name", "alarms"),
    [
        ("sklearn.linear_model._logistic.LogisticRegression", False),
        ("builtins.list", False),
        ("builtins.eval", True),
        ("os.system", True),
        ("urllib.request.urlopen", True),
        ("osmnx.graph", False),
    ],
)
def test_which_names_no_model_needs(name: str, alarms: bool) -> None:  # noqa: FBT001
    assert is_alarming(name) is alarms


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps([OrderedDict(a=b"x" * 99)])[:-20],
        pickle.PROTO + b"\x05" + pickle.BINBYTES8 + b"\xff" * 8,
        pickle.PROTO + b"\x04" + b"\xff\xfe not an opcode",
        pickle.PROTO + b"\x02" + pickle.GLOBAL + b"os\nsystem\n" + bytes(50),
        b"",
    ],
    ids=["cut", "more bytes than there are", "no opcode", "arrays in between", "empty"],
)
def test_what_can_not_be_read_to_its_end_says_so(data: bytes) -> None:
    assert not listing("m", data).complete


def test_a_long_one_is_listed_as_far_as_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps([OrderedDict(a=number) for number in range(50)])
    monkeypatch.setattr(pickles, "MOST_OPCODES", 20)
    found = listing("m", data)
    assert (found.complete, found.opcodes) == (False, 20)
    monkeypatch.undo()
    monkeypatch.setattr(pickles, "MOST_NAMES", 0)
    assert not listing("m", data).complete
    assert sum(1 for _ in pickletools.genops(data)) == listing("m", data).opcodes


def test_names_that_can_not_be_shown_are_made_so() -> None:
    odd = pickle.dumps("a\x00\ud800" + "b" * 300, protocol=4)
    name = odd[2:-1] + odd[2:-1].replace(b"b", b"c") + pickle.STACK_GLOBAL + pickle.STOP
    [told] = listing("x\x00y", pickle.PROTO + b"\x04" + name).names
    assert told.startswith("a??bbb")
    assert len(told) == pickles.LONGEST_NAME
    assert listing("x\x00y", b"").name == "x?y"
