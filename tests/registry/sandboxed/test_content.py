import bz2
import gzip
import lzma
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.sandboxed.content import classify


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_every_protocol_are_told(protocol: int) -> None:
    assert classify(pickle.dumps(OSError("x"), protocol=protocol)).kind == "pickle"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_compressed_pickles_are_told(pack: object) -> None:
    assert classify(pack(pickle.dumps({"a": 1}))).kind == "pickle"  # type: ignore[operator]


@pytest.mark.parametrize(
    "head",
    [b"\x04\x22\x4d\x18abc", b"\x28\xb5\x2f\xfdabc", gzip.compress(b"words")],
    ids=["lz4", "zstd", "gzip"],  # gzip's bytes hold the time: as a name they would differ between two workers
)
def test_compressed_files_are_refused(head: bytes) -> None:
    found = classify(head)
    assert found.kind == "compressed"
    assert "unpacked" in found.refusal


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"carrier,dep_delay\nAA,3\n", "text"),
        ("städte;x\nKöln;1\n".encode(), "text"),
        (b"numpy==2.3.0\n", "text"),
        (b"count\nlondon\nparis\n", "text"),
        (b"PK\x03\x04", "zip"),
        (b"PAR1", "parquet"),
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
