"""A person with a browser of their own; whatever a page logs, reports or breaks is remembered."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response, ViewportSize

STARTING = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WIDTHS = (1440, 1000, 390)
ZOOMED = 720  # 1440 at 200 %
NARROWEST, WIDEST = 320, 1920
ZONE = "Asia/Kolkata"
"""Where the people sit: not in UTC, so that times are rewritten."""
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", RULES), ("dark", OF_COLOUR))
"""What is looked for in each: the style sheet's schemes differ in colours (`light-dark()`) and in nothing else."""


def chromium(playwright: Playwright) -> Browser:
    """Start the machine's Chromium; `make test` installs it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found is not None, "no Chromium: run portal/runtime/system.py --browser"
    return playwright.chromium.launch(executable_path=found, args=STARTING)


class Person:
    """Somebody at a keyboard: `page` is their tab, `complaints` what the browser said of our pages."""

    def __init__(self, page: Page, url: str, email: str, password: str) -> None:
        self.page, self.url, self.email, self.password = page, url, email, password
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"script: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self._complain(f"console: {said.text}")

    def _request(self, request: Request) -> None:
        if "/csp-report" in request.url:
            self._complain(f"csp: {request.post_data}")

    def _response(self, answer: Response) -> None:
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._complain(f"{answer.status} {answer.url}")

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")

    def sign_in(self) -> None:
        """Sign in as on the first morning."""
        self.page.goto(f"{self.url}/accounts/login/")
        self.page.get_by_label("Work email").fill(self.email)
        self.page.get_by_label("Password").fill(self.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")

    def opens(self, path: str) -> Page:
        """Open an address of the portal."""
        self.page.goto(self.url + path)
        return self.page

    def violations(self, rules: dict[str, Any] = RULES) -> list[str]:
        """Return what axe finds on the page as it stands, one line each."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found: list[dict[str, Any]] = self.page.evaluate(
            "options => axe.run(options).then(results => results.violations)",
            {"runOnly": rules, "resultTypes": ["violations"]},
        )
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def sideways(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        wider: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wider

    def tables_that_scroll(self) -> list[str]:
        """Return the names of the tables that are wider than their card."""
        found: list[str] = self.page.evaluate(
            """[...document.querySelectorAll(".scroll:has(table)")].filter((one) => one.scrollWidth > one.clientWidth)
               .map((one) => one.getAttribute("aria-label"))"""
        )
        return found

    def first_paint(self) -> tuple[float, float]:
        """Return after how many milliseconds something was there to read, and how far things moved since."""
        paint, shift = self.page.evaluate(
            """() => new Promise((done) => {
              let shift = 0;
              new PerformanceObserver((list) => {
                for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value;
              }).observe({ type: "layout-shift", buffered: true });
              new PerformanceObserver((list) => {
                const [paint] = list.getEntriesByName("first-contentful-paint");
                if (paint) setTimeout(() => done([paint.startTime, shift]), 300);
              }).observe({ type: "paint", buffered: true });
            })"""
        )
        return paint, shift


@contextmanager
def at_a_keyboard(browser: Browser, url: str, email: str, password: str, *, script: bool = True) -> Iterator[Person]:
    """Give a person a browser of their own, signed in; afterwards nothing may have been complained about."""
    window: ViewportSize = {"width": WIDTHS[0], "height": 900}
    context = browser.new_context(
        viewport=window,
        reduced_motion="reduce",
        timezone_id=ZONE,
        java_script_enabled=script,
        permissions=["clipboard-read", "clipboard-write"],
    )
    person = Person(context.new_page(), url, email, password)
    try:
        person.sign_in()
        yield person
        assert person.complaints == []
    finally:
        context.close()
