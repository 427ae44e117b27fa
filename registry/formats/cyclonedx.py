"""A version's software bill of materials as CycloneDX 1.6 JSON.

Written by hand, since it is one flat list: the maintained library would bring six packages to make it. That library's
strict validator reads it back in the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
MODEL = "model"
UNKNOWN_LICENCE = {"name": "countersign:licence", "value": "unknown"}
"""A lock names no licences, and none are guessed."""


@dataclass(frozen=True)
class Bill:
    """What the bill is made of: the model, its lock, and the packages pinned there (all of them, unless `cut`)."""

    model: str
    number: int
    model_sha256: str
    lock_sha256: str
    packages: Mapping[str, str]
    at: datetime
    cut: bool = False


def bill_of_materials(bill: Bill) -> dict[str, Any]:
    """Return the document; the same version has the same one, byte for byte."""
    found = (_component(name, version) for name, version in sorted(bill.packages.items()))
    components = list({one["bom-ref"]: one for one in found}.values())  # Aa and aa are one package
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{bill.model_sha256}:{bill.lock_sha256}:{bill.number}')}",
        "version": 1,
        "metadata": {
            "timestamp": bill.at.isoformat(timespec="seconds"),
            "tools": {"components": [{"type": "application", "name": "Countersign"}]},
            "component": {
                "type": "machine-learning-model",
                "bom-ref": MODEL,
                "name": bill.model,
                "version": str(bill.number),
                "hashes": [{"alg": "SHA-256", "content": bill.model_sha256}],
            },
            "properties": [{"name": "countersign:lock_sha256", "value": bill.lock_sha256}],
        },
        "components": components,
        "dependencies": [{"ref": MODEL, "dependsOn": [one["bom-ref"] for one in components]}],
        # A lock of Python says nothing of what lies below.
        "compositions": [{"aggregate": "incomplete" if bill.cut else "unknown", "dependencies": [MODEL]}],
    }


def _component(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{quote(name.lower().replace('_', '-'), safe='.-')}@{quote(version, safe='.-')}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "properties": [UNKNOWN_LICENCE],
    }
