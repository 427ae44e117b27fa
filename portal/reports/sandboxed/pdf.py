"""HTML to a tagged PDF/A-3a, in the cage; nothing is fetched, whatever the HTML asks for."""

import importlib
import logging
import mimetypes
from datetime import datetime
from typing import Any

from portal.core.sandbox.child import CagedTask
from portal.reports.sandboxed.fonts import drawable, name_missing, use_private_fonts

VARIANT = "pdf/a-3a"
IDENTIFIER_BYTES = 16


def run(task: CagedTask) -> dict[str, Any]:
    """Write `pack.pdf` from the inputs `html` and the files that `request["attachments"]` names.

    The request holds `attachments` ([{name, input, description, relationship}]), `at` (their time) and `identifier`
    (hexadecimal; the PDF's own). The answer tells the number of pages and what was asked for and refused.
    """
    task.progress(0, 3, "Finding fonts")
    _name_types()
    use_private_fonts(task.output("pack.pdf").parent)
    weasyprint = importlib.import_module("weasyprint")  # reads the configuration of fonts when it is imported
    refused = _Refused()
    logging.getLogger("weasyprint").addHandler(refused)
    with task.open("html") as file:
        html = name_missing(file.read().decode(), drawable())
    task.progress(1, 3, "Laying out pages")
    fetcher = importlib.import_module("weasyprint.urls").URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    document = weasyprint.HTML(string=html, base_url=None, url_fetcher=fetcher).render(pdf_variant=VARIANT)
    task.progress(2, 3, "Writing the PDF")
    document.write_pdf(
        task.output("pack.pdf"),
        pdf_variant=VARIANT,
        attachments=[_attachment(task, weasyprint, wanted) for wanted in task.request["attachments"]],
        finisher=_finish,
        pdf_identifier=bytes.fromhex(task.request["identifier"])[:IDENTIFIER_BYTES],
    )
    return {"pages": len(document.pages), "refused": refused.messages}


def _name_types() -> None:
    """Give attachments the same types on every machine."""
    mimetypes.init(files=())
    mimetypes.add_type("application/octet-stream", ".sig")
    mimetypes.add_type("application/x-pem-file", ".pem")


class _Refused(logging.Handler):
    """Keeps what WeasyPrint says it could not load, so that a test and an operator can read it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage()[:300])


def _attachment(task: CagedTask, weasyprint: Any, wanted: dict[str, str]) -> Any:
    at = datetime.fromisoformat(task.request["at"])
    with task.open(wanted["input"]) as file:
        return weasyprint.Attachment(
            string=file.read(),
            name=wanted["name"],
            description=wanted["description"],
            relationship=wanted["relationship"],
            created=at,
            modified=at,
        )


def _finish(document: Any, pdf: Any) -> None:
    """Add what WeasyPrint leaves to do: scopes of header cells, each attachment once in /AF, bookmarks shown."""
    del document
    pydyf = importlib.import_module("pydyf")
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    elements: dict[bytes, Any] = {one.reference: one for one in pdf.objects if hasattr(one, "keys") and "S" in one}
    for cell in elements.values():
        if cell["S"] == "/TH" and "A" in cell:
            row = elements.get(cell["P"], {})
            group = elements.get(row.get("P"), {})
            is_column = group.get("S") == "/THead" or "ColSpan" in cell["A"]
            cell["A"]["Scope"] = "/Column" if is_column else "/Row"
    pdf.catalog["PageLayout"], pdf.catalog["PageMode"] = "/OneColumn", "/UseOutlines"
