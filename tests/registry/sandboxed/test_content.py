import bz2
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.sandboxed.content import HEAD_BYTES, classify


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_every_protocol_are_told(protocol: int) -> None:
    assert classify(pickle.dumps(OSError("x"), protocol=protocol)).kind == "pickle"


Pack = Callable[[bytes], bytes]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_compressed_pickles_are_told(pack: Pack) -> None:
    assert classify(pack(pickle.dumps({"a": 1}))).kind == "pickle"


@pytest.mark.parametrize(
    "head",
    [b"\x04\x22\x4d\x18abc", b"\x28\xb5\x2f\xfdabc", gzip.compress(b"words")],
    ids=["lz4", "zstd", "gzip"],  # gzip's bytes hold the time: as a name they would differ between two workers
)
def test_compressed_files_are_refused(head: bytes) -> None:
    found = classify(head)
    assert found.kind in {"compressed", "sealed archive"}
    assert "unpacked" in found.refusal


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_an_archive_in_a_compressed_file_is_told(pack: Pack) -> None:
    assert classify(pack(gzip.compress(b"words"))).kind == "sealed archive"
    assert classify(pack(b"PK\x03\x04")).kind == "sealed archive"
    assert classify(pack(b"words")).kind == "compressed"


def test_the_beginning_of_a_long_pickle_is_enough() -> None:
    long = pickle.dumps([OSError(str(number)) for number in range(100_000)], protocol=0)
    assert len(long) > HEAD_BYTES
    assert classify(long[:HEAD_BYTES]).kind == "pickle"
    assert classify(gzip.compress(long)[:HEAD_BYTES]).kind == "pickle"


def test_an_array_of_objects_is_a_pickle() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert classify(buffer.getvalue()).kind == "pickle"
    assert classify(gzip.compress(buffer.getvalue())).kind == "pickle"
    plain = io.BytesIO()
    np.save(plain, np.arange(3))
    assert classify(plain.getvalue()).kind == "NumPy array"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"carrier,dep_delay\nAA,3\n", "text"),
        ("städte;x\nKöln;1\n".encode(), "text"),
        (b"numpy==2.3.0\n", "text"),
        (b"count\nlondon\nparis\n", "text"),
        (b"PK\x03\x04", "zip"),
        (b"PAR1", "parquet"),
        (b"ARROW1\0\0", "arrow"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "arrow stream"),
        (b"\xff\xff\xff\xff\0\0\0\0", "binary"),
        (b"\x08\x0a\x12\x00", "binary"),
        (b"", "empty"),
    ],
)
def test_readable_files_are_told(head: bytes, kind: str) -> None:
    assert classify(head).kind == kind


@pytest.mark.parametrize("head", [b"\x7fELF", b"#!/bin/sh", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY"])
def test_foreign_files_are_refused_with_advice(head: bytes) -> None:
    assert classify(head).refusal


@given(st.binary(max_size=2000))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert classify(head).kind


@given(st.recursive(st.integers() | st.text(), st.lists), st.integers(2, 5))
def test_every_binary_pickle_is_refused(value: object, protocol: int) -> None:
    assert classify(pickle.dumps(value, protocol=protocol)).refusal
