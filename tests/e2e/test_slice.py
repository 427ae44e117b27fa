"""The slice in a real browser, on a portal that `up --demo` filled; the tests build on one another, in order."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from pypdf import PdfReader

from portal.env import BASE_DIR
from portal.runtime import postgres
from tests.e2e.addresses import ADMIN_PAGES, ALSO, MAIN, MODEL, PAGES, unknown_pages
from tests.e2e.people import NARROWEST, SCHEMES, WIDEST, WIDTHS, ZOOMED, Person, at_a_keyboard, chromium
from tests.e2e.portal import RunningPortal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

DEVELOPER, VIEWER, APPROVER, AUDITOR, ADMIN = (
    f"{name}@example.org" for name in ("developer", "viewer", "approver", "auditor", "admin")
)


@pytest.fixture(scope="module")
def portal() -> Iterator[RunningPortal]:
    with tempfile.TemporaryDirectory(prefix="countersign-e2e-") as folder:
        Path(folder).chmod(0o711)  # as root, the database's user passes through
        with RunningPortal(Path(folder) / "home") as running:
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = chromium(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def reader(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, DEVELOPER, portal.demo()["password"]) as person:
        yield person


@pytest.fixture(scope="module")
def admin(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, ADMIN, portal.demo()["password"]) as person:
        yield person


@pytest.fixture
def developer(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, DEVELOPER, portal.demo()["password"]) as person:
        yield person


@pytest.fixture
def approver(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, APPROVER, portal.demo()["password"]) as person:
        yield person


def test_every_page_is_walked() -> None:
    assert unknown_pages() == set()


@pytest.mark.parametrize("path", [*PAGES.values(), *ALSO])
def test_page_is_accessible_fits_and_keeps_still(reader: Person, path: str) -> None:
    assert faults_of(reader, path) == []


@pytest.mark.parametrize("path", ADMIN_PAGES.values())
def test_page_of_administrators_is_accessible_fits_and_keeps_still(admin: Person, path: str) -> None:
    assert faults_of(admin, path) == []


def faults_of(reader: Person, path: str) -> list[str]:
    """Return what is wrong with a page, in both schemes, from 320 to 1920 px, at 200 % zoom, and while it loads."""
    found = []
    reader.complaints.clear()
    reader.page.emulate_media(color_scheme="light")
    reader.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    reader.opens(path)
    paint, shift = reader.first_paint()
    print(f"{path}: first contentful paint after {paint:.0f} ms")  # noqa: T201 (told, never asserted)
    if shift:
        found.append(f"things moved by {shift}")
    widths = (*WIDTHS, ZOOMED) if path in MAIN else (WIDTHS[0], WIDTHS[-1])
    for width in (WIDEST, *WIDTHS, ZOOMED, NARROWEST):
        reader.page.set_viewport_size({"width": width, "height": 900})
        if reader.sideways() > 0:
            found.append(f"{width}: the page is {reader.sideways()} px too wide")
        if width <= WIDTHS[-1]:
            found += [f"{width}: {name} scrolls" for name in reader.tables_that_scroll()]
        for scheme, rules in SCHEMES if width in widths else ():
            reader.page.emulate_media(color_scheme=scheme)
            found += [f"{scheme} {width}: {one}" for one in reader.violations(rules)]
    reader.complaints = [one for one in reader.complaints if path != "/nowhere" or "404" not in one]
    return found + reader.complaints


def test_keys_lead_everywhere_and_rest_while_somebody_types(portal: RunningPortal, developer: Person) -> None:
    page = developer.opens("/models")
    page.keyboard.press("/")
    page.keyboard.type("gh?j")
    expect(page.locator("#find")).to_have_value("gh?j")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(portal.url + MODEL)
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url(f"{portal.url}/reviews")
    page.keyboard.press("?")
    page.get_by_label("Listen to these keys on this device").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") != "A"


def test_digest_is_copied_whole_and_times_are_the_readers(developer: Person) -> None:
    page = developer.opens(f"{MODEL}/versions/1")
    page.locator("#found .whole + .copy").click()
    expect(page.locator("#said")).to_contain_text("Copied digest")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch("[0-9a-f]{64}", copied)
    assert copied == page.locator("#found .whole").text_content()
    at = page.locator("#head time").first
    expect(at).to_contain_text("GMT+5:30")
    assert "UTC" in (at.get_attribute("title") or "")


def test_search_finds_and_a_filter_is_kept(developer: Person) -> None:
    page = developer.opens("/")
    page.locator("#find").fill("late arrival v3")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="late-arrival v3", exact=True).first.click()
    expect(page.locator("h1")).to_contain_text("v3")
    page = developer.opens("/models?tier=2")
    page.get_by_label("Name of this filter").fill("Second tier")
    page.get_by_role("button", name="Save filter").click()
    developer.opens("/models").get_by_role("link", name="Second tier").click()
    expect(page.locator("#id_tier")).to_have_value("2")
    page.get_by_role("button", name="Delete the filter Second tier").click()
    expect(page.get_by_role("link", name="Second tier")).to_have_count(0)


def test_pages_work_without_a_script(portal: RunningPortal, browser: Browser) -> None:
    with at_a_keyboard(browser, portal.url, DEVELOPER, portal.demo()["password"], script=False) as person:
        page = person.opens("/reviews/2")
        expect(page.locator(".copy").first).to_be_hidden()
        expect(page.locator("time").first).to_contain_text("UTC")
        page.get_by_role("button", name="Withdraw…").click()
        question = page.get_by_role("dialog", name="Withdraw request #2")
        expect(question).to_contain_text("Request #2 over")
        question.get_by_role("button", name="Leave it").click()
        expect(question).to_be_hidden()
        expect(person.opens("/keyboard").locator("main")).to_contain_text("Go to Reviews")


def test_paper_carries_the_content_and_no_controls(developer: Person) -> None:
    page = developer.opens("/reviews/2")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator(".btn").first).to_be_hidden()
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages).split())
    assert "What changes in production" in text
    assert "Search" not in text
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_newcomer_sees_one_approved_one_waiting_and_one_stopped(developer: Person) -> None:
    page = developer.opens(MODEL)
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="v1").filter(has_text="Active").first).to_be_visible()
    expect(rows.filter(has_text="v2").first).to_be_visible()
    developer.opens(f"{MODEL}/versions/3")
    expect(page.get_by_text("Failed").first).to_be_visible()


def test_developer_is_refused_approving_the_own_request_in_words(developer: Person) -> None:
    page = developer.opens("/reviews/2")
    expect(page.get_by_text("You may read this, not sign it.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign", exact=True)).to_have_count(0)


def test_version_registered_by_the_documented_snippet_is_validated(portal: RunningPortal, developer: Person) -> None:
    page = developer.opens("/tokens")
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name=re.compile("token", re.IGNORECASE)).first.click()
    secret = re.search(r"cs_[A-Za-z0-9_-]+", page.content())
    assert secret is not None
    snippet = BASE_DIR / "docs" / "examples" / "register_version.py"
    environment = {**os.environ, "BASE_URL": portal.url, "TOKEN": secret.group()}
    ran = subprocess.run([sys.executable, snippet], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page.goto(ran.stdout.split()[-1])
    expect(page.get_by_role("heading", name=re.compile("v4")).first).to_be_visible()
    summary = page.get_by_label("Summary")
    expect(summary).to_be_visible(timeout=60_000)
    summary.fill("Half a sentence")
    expect(page.locator("#runs")).to_contain_text(re.compile("Passed|Failed"), timeout=90_000)
    expect(page.locator("#head").get_by_role("button", name="Run validation")).to_be_visible()
    expect(summary).to_have_value("Half a sentence")
    developer.opens("/validation-runs/4")
    expect(page.locator("h1")).to_contain_text(re.compile("passes|not pass", re.IGNORECASE), timeout=90_000)


def test_wrong_password_signs_nothing_and_keeps_what_was_written(approver: Person) -> None:
    page = approver.opens("/reviews/2")
    page.get_by_label("Approve").check()
    page.get_by_label("Rationale").fill("Better on every segment that was assessed.")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("This is not your password.").first).to_be_visible()
    expect(page.get_by_label("Approve")).to_be_checked()
    expect(page.get_by_label("Rationale")).to_have_value("Better on every segment that was assessed.")
    approver.complaints = [one for one in approver.complaints if "422" not in one]


def test_second_person_signs_and_the_release_takes_over(portal: RunningPortal, approver: Person) -> None:
    page = approver.opens("/")
    page.locator("main").get_by_role("link", name=re.compile("late-arrival")).first.click()
    page.wait_for_url(re.compile("/reviews/2"))
    page.get_by_label("Approve").check()
    page.get_by_label("Rationale").fill("Better ranking and lower log loss on four months it has not seen.")
    page.get_by_label("Password").fill(portal.demo()["password"])
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("main")).to_contain_text("Approved")
    approver.opens("/releases/2")
    expect(page.locator("main .head")).to_contain_text("Active")
    approver.opens("/releases/1")
    expect(page.locator("main .head")).to_contain_text("Superseded")


def test_evidence_is_made_and_downloaded_as_a_pdf_that_names_the_signer(
    portal: RunningPortal, browser: Browser
) -> None:
    with at_a_keyboard(browser, portal.url, AUDITOR, portal.demo()["password"]) as auditor:
        page = auditor.opens("/releases/2")
        page.get_by_role("button", name=re.compile("evidence|pack", re.IGNORECASE)).first.click()
        link = page.get_by_role("link", name=re.compile("PDF")).first
        expect(link).to_be_visible(timeout=90_000)
        with page.expect_download() as download:
            link.click()
        pdf = PdfReader(BytesIO(Path(download.value.path()).read_bytes()))
    text = "\n".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Aiko Brandt" in text
    assert "late-arrival" in text


def test_ledger_verifies_and_a_superusers_byte_is_named(portal: RunningPortal) -> None:
    verified = portal.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    server = postgres.start(portal.home / "postgres")
    with psycopg.connect(server.url("countersign"), autocommit=True) as superuser:
        superuser.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        superuser.execute(
            "UPDATE ledger_entry SET payload = set_byte(payload, 40, get_byte(payload, 40) # 1) WHERE index = 7"
        )
        superuser.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    altered = portal.manage("verify_ledger")
    assert altered.returncode != 0
    assert "7" in altered.stdout + altered.stderr
