"""Canonical JSON and digests: the same thing has the same bytes (RFC 8785, SHA-256)."""

import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 serialisation; raises ValueError for NaN, infinities and integers beyond 2**53."""
    return rfc8785.dumps(value)


def digest_of(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
