"""Kinds of files that inspection accepts, and what becomes of them. Caged code reads this, so it knows no Django."""

from collections.abc import Mapping

MEDIA_TYPES: Mapping[str, str] = {
    "onnx": "application/vnd.onnx",
    "skops": "application/vnd.skops",
    "lightgbm": "application/vnd.lightgbm",
    "xgboost": "application/vnd.xgboost",
    "catboost": "application/vnd.catboost",
    "pt2": "application/vnd.pytorch.pt2",
    "pickle": "application/vnd.python.pickle",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.file",
    "arrow stream": "application/vnd.apache.arrow.stream",
    "environment lock": "text/plain",
    "signature": "application/vnd.dev.sigstore.bundle+json",
    "other": "application/octet-stream",
}
SCORED = frozenset({"onnx", "skops", "lightgbm", "xgboost", "catboost"})
"""Model files that are opened in the cage and scored there."""
STORED = frozenset({"pt2", "xlsx", "ods", "pickle"})
"""Model files that are told by their bytes, kept, and never opened; a pickle only where the team may hand one in."""
MOST_PACKAGES = 2_000
"""Pins of an environment lock that inspection keeps."""
STORED_MEDIA_TYPES = frozenset(MEDIA_TYPES[kind] for kind in STORED)
