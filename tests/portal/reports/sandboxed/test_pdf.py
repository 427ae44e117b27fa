import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from pypdf import PdfReader

from portal.core.sandbox import run_caged
from portal.reports.sandboxed.fonts import readable_places

REQUEST = {"attachments": [], "at": "2026-11-27T13:00:00+00:00", "identifier": "ab" * 32}


def test_nothing_is_fetched_whatever_the_html_asks_for(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "pack.html").write_text(
            f"<title>t</title><link rel=stylesheet href='{address}/a.css'><style>@import url({address}/b.css);"
            f"p {{ background: url({address}/c.png) }}</style>"
            f"<link rel=attachment href='file:///etc/passwd'><p>text<img src='{address}/d.png' alt='d'>"
            f"<img src='file:///etc/hostname' alt='e'><a rel=attachment href='{address}/g'>g</a>"
        )
        result = run_caged(
            module="portal.reports.sandboxed.pdf",
            request=REQUEST,
            inputs={"html": tmp_path / "pack.html"},
            outputs={"pack.pdf": 1 << 20},
            readable=readable_places(),
        )
        server.shutdown()
    assert result.finished, result.message
    assert asked == []
    assert not PdfReader(io.BytesIO(result.files["pack.pdf"])).attachments
    refused = " ".join(result.answer["refused"])
    for wanted in ("a.css", "b.css", "c.png", "d.png", "hostname", "passwd"):
        assert wanted in refused
