import io
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader

from portal.core.canonical import canonical_json
from portal.core.progress import Cancelled, silent
from portal.reports.rules import proofs
from portal.reports.rules.statements import statements
from portal.reports.runners import rendering
from portal.reports.runners.presentation import said
from portal.reports.runners.rendering import PackNotRendered, pdf_name, render
from portal.ui.templatetags.pack import utc
from tests.factories.reports import hostile

MILLIMETRE = 72 / 25.4


@cache
def rendered(snapshot: bytes) -> tuple[str, bytes]:
    return render(snapshot, silent)


def reader_of(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


@cache
def text_of(pdf: bytes) -> str:
    """Everything printed, in one line: what wraps in a cell is still one thing."""
    return " ".join(" ".join(page.extract_text() for page in reader_of(pdf).pages).split())


def squeezed(text: str) -> str:
    """Without any white space: long names and digests break anywhere."""
    return re.sub(r"\s", "", text)


@pytest.fixture
def foreign() -> Iterator[tuple[str, list[str]]]:
    """A server somewhere else, and what was asked of it."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_every_figure_of_the_gate_table_is_printed(snapshot: bytes) -> None:
    document, printed = json.loads(snapshot), squeezed(text_of(rendered(snapshot)[1]))
    assert len(document["gate"]["checks"]) > 5
    for check in document["gate"]["checks"]:
        assert squeezed(check["title"]) in printed
        assert squeezed(check["limit"]) in printed
        assert check["read"]
        for name, value in check["read"].items():
            assert squeezed(f"{name} {said(value)}") in printed


def test_no_cell_of_a_pack_is_clipped_or_reaches_over_the_margin(snapshot: bytes) -> None:
    assert outside(rendered(snapshot)[1]) == []


def test_the_decision_is_printed_with_name_time_meaning_digest_key_and_reasons(snapshot: bytes) -> None:
    document, printed = json.loads(snapshot), text_of(rendered(snapshot)[1])
    assert document["decision"]["signatures"]
    for one in document["decision"]["signatures"]:
        for told in (one["name"], utc(one["at"]), one["meaning"], one["rationale"]):
            assert squeezed(told) in squeezed(printed)
        assert one["bundle_digest"] in squeezed(printed)
        assert one["key_id"] in squeezed(printed)
    assert document["ledger"]["checkpoint"]["root"] in squeezed(printed)


def test_measures_intervals_and_the_comparison_with_production_are_printed(snapshot: bytes) -> None:
    document, printed = json.loads(snapshot), text_of(rendered(snapshot)[1])
    for one in document["validation"]["measures"]:
        assert f"{one['candidate']['value']:.4f}".replace("-", "−") in printed
        assert f"{one['candidate']['lower']:.4f}".replace("-", "−") in printed
        assert f"{one['champion']['value']:.4f}".replace("-", "−") in printed
        if one["difference"]:
            assert f"{one['difference']['value']:+.4f}".replace("-", "−") in printed


def test_the_same_snapshot_gives_the_same_digest_and_the_same_bytes(snapshot: bytes) -> None:
    first, second = rendered(snapshot), render(snapshot, silent)
    assert first[0] == second[0] == sha256(snapshot).hexdigest()
    assert first[1] == second[1]


def test_it_declares_an_archivable_tagged_pdf_with_bookmarks(snapshot: bytes) -> None:
    reader = reader_of(rendered(snapshot)[1])
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.findall(r'pdfaid:(?:part|conformance)(?:="|>)([^"<]+)', metadata) == ["3", "A"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]) == "en"
    assert "/OutputIntents" in root
    assert not {"/OpenAction", "/AA"} & set(root)
    titles = [str(one["/Title"]) for one in reader.outline if isinstance(one, dict)]
    assert titles[:2] == ["Summary", "Contents"]
    assert "5\u2002Gate" in titles
    elements = structure(reader)
    figures = [one for one in elements if one.get("/S") == "/Figure"]
    heads = [one for one in elements if one.get("/S") == "/TH"]
    assert figures
    assert all(str(one.get("/Alt", "")) for one in figures)
    assert heads
    assert all("/Scope" in one["/A"] for one in heads)


def structure(reader: PdfReader) -> list[Any]:
    numbers = range(1, int(str(reader.trailer["/Size"])))
    found: list[Any] = [reader.get_object(number) for number in numbers]
    return [one for one in found if hasattr(one, "get") and one.get("/Type") == "/StructElem"]


def test_every_page_carries_the_packs_id_and_its_number(snapshot: bytes) -> None:
    document, reader = json.loads(snapshot), reader_of(rendered(snapshot)[1])
    for number, page in enumerate(reader.pages, start=1):
        printed = page.extract_text()
        assert document["pack"]["id"] in printed
        assert f"page {number} of {len(reader.pages)}" in printed


def test_the_words_claim_nothing_that_a_pack_cannot(snapshot: bytes) -> None:
    printed = text_of(rendered(snapshot)[1]).lower()
    assert "compliant" not in printed
    assert "certified" not in printed
    assert "the pdf itself carries no signature" in printed


def test_the_printed_commands_verify_what_is_attached(snapshot: bytes, tmp_path: Path) -> None:
    document, (digest, pdf) = json.loads(snapshot), rendered(snapshot)
    for name, contents in reader_of(pdf).attachments.items():
        (tmp_path / name).write_bytes(contents[0])
    assert (tmp_path / "snapshot.json").read_bytes() == snapshot
    assert (tmp_path / "checkpoint.note").read_text() == document["ledger"]["checkpoint"]["note"]
    found = proofs.steps(document, content_digest=digest, pdf_name=pdf_name(document))
    assert len(found) == 4
    for step in found:
        command = "\n".join(line for line in step.command.splitlines() if not line.startswith("pdfdetach"))
        answer = subprocess.run(["sh", "-e", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
        wanted = step.expect.partition(",")[0]
        assert wanted in answer.stdout + answer.stderr
        assert squeezed(step.command) in squeezed(text_of(pdf))


def test_an_altered_decision_no_longer_verifies(snapshot: bytes, tmp_path: Path) -> None:
    document = json.loads(snapshot)
    for one in proofs.files(document):
        altered = one.content.replace(b"approv", b"reject") if one.name.endswith(".pae") else one.content
        (tmp_path / one.name).write_bytes(altered)
    key = f"decision-key-{document['decision']['signatures'][0]['key_id'][:12]}.pem"
    command = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", "decision-1.sig"]
    answer = subprocess.run([*command, "decision-1.pae"], cwd=tmp_path, capture_output=True, check=False)
    assert answer.returncode != 0


def test_hostile_text_is_printed_inside_the_page_and_fetches_nothing(
    snapshot: bytes, foreign: tuple[str, list[str]]
) -> None:
    address, asked = foreign
    worst = canonical_json(hostile(json.loads(snapshot), address))
    digest, pdf = render(worst, silent)
    reader, printed = reader_of(pdf), text_of(pdf)
    assert digest == sha256(worst).hexdigest()
    assert asked == []
    assert "passwd" not in reader.attachments
    assert set(reader.attachments) == {"snapshot.json", *(one.name for one in proofs.files(json.loads(worst)))}
    assert "⟨U+202E⟩" in printed
    assert "\u202e" not in printed
    assert "characters of this word left out" in printed
    assert squeezed("<img src='") in squeezed(printed)
    assert outside(pdf) == []


def outside(pdf: bytes) -> list[str]:
    """Texts that reach over the margins of an A4 page (20 mm at the left, 18 mm at the right, the feet 11 mm)."""
    left, right, foot = 20 * MILLIMETRE - 1.5, 192 * MILLIMETRE + 1.5, 11 * MILLIMETRE - 1.5
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        texts = page.get_textpage()
        for number in range(texts.count_rects()):
            box = texts.get_rect(number)
            if box[0] < left or box[2] > right or box[1] < foot:
                found.append(texts.get_text_bounded(*box))
    return found


def test_a_release_without_decision_gate_or_run_says_so_and_claims_nothing(snapshot: bytes) -> None:
    bare = json.loads(snapshot) | {"decision": None, "gate": None, "validation": None, "card": None}
    bare["says"] = statements(bare)
    printed = text_of(render(canonical_json(bare), silent)[1])
    for told in ("without an approval", "No gate was evaluated", "Nothing here was measured", "nobody was asked"):
        assert told in printed
    assert "checks passed" not in printed


def test_documents_are_listed_by_their_digests_and_the_files_are_said_to_be_left_out(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    assert "Documents about the model" not in text_of(rendered(snapshot)[1])
    document["documents"] = [
        {
            "number": number, "kind": "vendor_report", "title": "Model documentation " + "and more " * number,
            "state": state, "sha256": "9f" * 32, "signed_by": "Vera Vendor" if number else "",
            "signed_on": "2026-03-02", "valid_until": "2026-10-01",
        }
        for number, state in enumerate(("valid", "expired"))
    ]  # fmt: skip
    pdf = rendered(canonical_json(document))[1]
    text = squeezed(text_of(pdf))
    for words in (
        "Documents about the model",
        "The files are not part of this pack",
        "nobody verified it",
        "Vera Vendor",
    ):
        assert squeezed(words) in text
    assert squeezed("expired, last day 2026-10-01") in text
    assert outside(pdf) == []


def test_a_pack_that_needs_too_much_is_not_made_and_says_why(snapshot: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "LIMITS", replace(rendering.LIMITS, cpu_seconds=1))
    with pytest.raises(PackNotRendered, match="processor time"):
        render(snapshot, silent)


def test_cancelling_ends_the_work(snapshot: bytes) -> None:
    def stop(done: int, total: int, message: str) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        render(snapshot, stop)


def test_comments_on_the_version_are_listed_and_their_texts_attached(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    assert "What was said about it" not in text_of(rendered(snapshot)[1])
    said_by_ada = {
        "id": 1, "number": 1, "author": {"id": "user:1", "name": "Ada Wombat"}, "state": "edited",
        "text": "Which rows?",
        "digest": "ab12" * 16, "written_at": "2026-11-28T08:00:00+00:00", "edited_at": "2026-11-28T08:01:00+00:00",
        "withdrawn_at": None,
    }  # fmt: skip
    pdf = rendered(canonical_json({**document, "comments": [said_by_ada]}))[1]
    text = text_of(pdf)
    for shown in ("What was said about it", "Ada Wombat", "edited"):
        assert shown in text
    assert "ab12ab12ab12" in squeezed(text)
    assert "Which rows?" not in text
    assert b"Which rows?" in reader_of(pdf).attachments["snapshot.json"][0]
