"""A small client of the portal: JSON and uploads with a token, and signing as a person does in a browser."""

import base64
import hashlib
import time
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import metadata
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

Json = dict[str, Any]
WAIT_SECONDS = 300.0
PAUSE_SECONDS = 0.5


class Refused(RuntimeError):
    """The portal refused: `code` is stable, `detail` says why, `fields` where."""

    def __init__(self, problem: Json) -> None:
        self.code: str = problem["code"]
        self.detail: str = problem["detail"]
        self.fields: dict[str, list[str]] = {one["field"]: one["messages"] for one in problem.get("errors", [])}
        lines = [f"{field}: {' '.join(messages)}" for field, messages in self.fields.items()]
        super().__init__("\n".join([self.detail, *lines]))


class Portal:
    """The REST API, as the person (or service account) whose token this is."""

    def __init__(self, base_url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Json:
        """Return what is at this path."""
        return _answer(self._http.get(path))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Send JSON and return the answer; raises Refused with the portal's words."""
        return _answer(self._http.post(path, json={} if body is None else body))

    def put(self, path: str, body: Json) -> Json:
        """Say in JSON what is to stand at this path; raises Refused with the portal's words."""
        return _answer(self._http.put(path, json=body))

    def upload(self, method: str, path: str, content: bytes, **query: str) -> Json:
        """Send a file with its digest, which the portal verifies (RFC 9530)."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/octet-stream"}
        return _answer(self._http.request(method, path, params=query, content=content, headers=headers))

    def wait(self, path: str, until: Callable[[Json], bool], *, seconds: float = WAIT_SECONDS) -> Json:
        """Return what is at this path once it is as wanted; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not until(found := self.get(path)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is not there yet after {seconds:.0f} s.")
            time.sleep(PAUSE_SECONDS)
        return found

    def send_rows(self, dataset: str, content: bytes, **query: str) -> Json:
        """Upload rows (Parquet, CSV) as the dataset's next snapshot; raises Refused where it holds these bytes."""
        return self.upload("POST", f"/datasets/{dataset}/snapshots", content, **query)

    def wait_for_rows(self, dataset: str, number: int) -> Json:
        """Return a snapshot once it has been inspected; raises Refused where it can't be used, with the reason."""
        path = f"/datasets/{dataset}/snapshots/{number}"
        return _usable(self.wait(path, lambda answer: answer["state"] != "inspecting"), "ready")

    def register_version(self, model: str, body: Json, files: dict[str, tuple[str, bytes]]) -> int:
        """Register a version, send its files ({name: (role, content)}), hand it in, and return its number."""
        number: int = self.post(f"/models/{model}/versions", body)["number"]
        path = f"/models/{model}/versions/{number}"
        for name, (role, content) in files.items():
            self.upload("PUT", f"{path}/artifacts/{name}", content, role=role)
        self.post(f"{path}/submit")
        return number

    def wait_for_seal(self, model: str, number: int) -> Json:
        """Return a version once it is sealed; raises Refused where it is not, with what the inspection found."""
        path = f"/models/{model}/versions/{number}"
        return _usable(self.wait(path, lambda answer: answer["state"] not in {"receiving", "inspecting"}), "sealed")


class Browser:
    """A signed-in person: a session with cookies and forms, as a signature needs one."""

    def __init__(self, base_url: str, email: str, password: str) -> None:
        self._http = httpx.Client(base_url=base_url.rstrip("/"), follow_redirects=True, timeout=60)
        self._password = password
        page = self._submit("/accounts/login/", "/login/", {"login": email, "password": password})
        if page.url.path.startswith("/accounts/login/"):
            raise Refused({"code": "not_signed_in", "detail": f"{email} could not sign in with this password."})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign(self, page: str, *, verdict: str, meaning: str, rationale: str) -> None:
        """Sign on a review page; what is signed is the digest that the page shows. Raises Refused in its words."""
        values = {"verdict": verdict, "meaning": meaning, "rationale": rationale, "password": self._password}
        answer = self._submit(page, "/sign", values)
        if answer.is_error:
            raise Refused({"code": str(answer.status_code), "detail": _Page(answer.text).alert or "It was refused."})

    def _submit(self, page: str, action: str, values: dict[str, str]) -> httpx.Response:
        """Open the page, fill in the form whose address ends in `action`, and send it as a browser would."""
        shown = self._http.get(page)
        shown.raise_for_status()
        form = _Page(shown.text).forms
        address = next((address for address in form if urlsplit(address).path.endswith(action)), None)
        if address is None:
            raise Refused({"code": "no_form", "detail": f"{page} offers no form to {action.strip('/')}."})
        return self._http.post(address, data={**form[address], **values}, headers={"Referer": str(shown.url)})


class _Page(HTMLParser):
    """The forms of a page with what they hold, by address, and the text of its alert."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.alert = ""
        self._form: dict[str, str] = {}
        self._depth = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect forms and hidden inputs; notice where an alert begins."""
        has = dict(attrs)
        if tag == "form":
            self._form = self.forms.setdefault(has.get("action") or "", {})
        elif tag == "input" and has.get("type") == "hidden" and has.get("name"):
            self._form[has["name"] or ""] = has.get("value") or ""
        if tag == "div" and (self._depth or has.get("role") == "alert"):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        """Notice where an alert ends."""
        if tag == "div" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        """Collect the alert's words."""
        if self._depth and data.strip():
            self.alert = f"{self.alert} {data.strip()}".strip()


def environment_lock() -> bytes:
    """Return what is installed here, as pip would freeze it."""
    pins = {f"{found.name.lower()}=={found.version}" for found in metadata.distributions()}
    return "\n".join(sorted(pins)).encode() + b"\n"


def _usable(found: Json, state: str) -> Json:
    if found["state"] != state:
        raise Refused({"code": found["state"], "detail": found["reason"]})
    return found


def _answer(response: httpx.Response) -> Json:
    if response.is_error:
        try:
            problem = response.json()
        except ValueError:
            problem = {"code": str(response.status_code), "detail": response.text[:300]}
        raise Refused(problem)
    body: Json = response.json()
    return body
