"""From a frozen snapshot to a PDF: HTML here, HTML to PDF in the cage."""

import hashlib
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.template.loader import render_to_string

from portal.core.errors import DomainError
from portal.core.progress import Progress
from portal.core.sandbox import Limits, run_caged
from portal.reports.rules import proofs
from portal.reports.runners.presentation import values_of
from portal.reports.sandboxed.fonts import readable_places

PDF = "portal.reports.sandboxed.pdf"
LIMITS = Limits(cpu_seconds=180, wall_seconds=300.0, memory_bytes=1536 << 20)
LARGEST_PDF = 64 << 20
_PERCENT = re.compile(r"(?<=\d) (?=%)")


class PackNotRendered(DomainError):
    """There is no PDF, and why, in words."""

    code = "pack_not_rendered"


def render(snapshot: bytes, progress: Progress) -> tuple[str, bytes]:
    """Return the content digest and the PDF of a snapshot in canonical JSON; the same snapshot gives the same bytes.

    Raises PackNotRendered with the reason, CageUnavailable, and what `progress` raises.
    """
    progress(0, 4, "Drawing charts")
    document = json.loads(snapshot)
    content_digest = hashlib.sha256(snapshot).hexdigest()
    html = _html(document, snapshot, content_digest)
    found = [proofs.File("snapshot.json", snapshot, "everything shown, canonical JSON"), *proofs.files(document)]
    with TemporaryDirectory(prefix="countersign-pack-") as folder:
        inputs = {"html": Path(folder, "pack.html"), **{f"file-{i}": Path(folder, str(i)) for i in range(len(found))}}
        for path, content in zip(inputs.values(), [html.encode(), *(one.content for one in found)], strict=True):
            path.write_bytes(content)
        result = run_caged(
            module=PDF,
            request={
                "at": document["pack"]["frozen_at"],
                "identifier": hashlib.sha256(html.encode()).hexdigest(),
                "attachments": [
                    {
                        "name": one.name,
                        "input": f"file-{i}",
                        "description": one.about,
                        "relationship": "Supplement" if i else "Data",
                    }
                    for i, one in enumerate(found)
                ],
            },
            inputs=inputs,
            limits=LIMITS,
            outputs={"pack.pdf": LARGEST_PDF},
            readable=readable_places(),
            progress=lambda done, total, message: progress(done + 1, total + 1, message),
        )
    if not result.finished:
        raise PackNotRendered(f"The PDF was not made. {result.message}")
    return content_digest, result.files["pack.pdf"]


def _html(document: dict[str, Any], snapshot: bytes, content_digest: str) -> str:
    values = values_of(
        document, content_digest=content_digest, pdf_name=pdf_name(document), snapshot_bytes=len(snapshot)
    )
    # A number and its percent sign stay together.
    return _PERCENT.sub("\N{NARROW NO-BREAK SPACE}", render_to_string("reports/pack.html", values))


def pdf_name(document: dict[str, Any]) -> str:
    """Return the name under which the PDF is downloaded."""
    subject = document["subject"]
    return f"{document['pack']['id']}-{subject['model']}-{subject['version']}.pdf"
