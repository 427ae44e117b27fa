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
from tests.e2e.people import SCHEMES, WIDTHS, Person, at_a_keyboard, chromium
from tests.e2e.portal import RunningPortal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

MODEL = "/models/late-arrival"
DEVELOPER, VIEWER, APPROVER, AUDITOR = (
    f"{name}@example.org" for name in ("developer", "viewer", "approver", "auditor")
)
PAGES = (
    "/", "/quick-start", "/models", MODEL, f"{MODEL}/card",
    f"{MODEL}/versions/1", f"{MODEL}/versions/3",
    "/validation-runs/2", "/validation-runs/3", "/reviews", "/reviews/2",
    "/releases", "/releases/1", "/policies", "/policies/sober-default/1", "/data", "/data/nyc-flights-2013",
    "/data/nyc-flights-2013/3", "/audit", "/keys", "/tokens", "/style", "/nowhere",
)  # fmt: skip


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


@pytest.fixture
def developer(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, DEVELOPER, portal.demo()["password"]) as person:
        yield person


@pytest.fixture
def approver(portal: RunningPortal, browser: Browser) -> Iterator[Person]:
    with at_a_keyboard(browser, portal.url, APPROVER, portal.demo()["password"]) as person:
        yield person


@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_in_both_schemes_and_at_three_widths(reader: Person, path: str) -> None:
    found = []
    reader.complaints.clear()
    reader.opens(path)
    for scheme in SCHEMES:
        reader.page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            reader.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{scheme} {width}: {one}" for one in reader.violations()]
            if reader.sideways() > 0:
                found.append(f"{scheme} {width}: the page is {reader.sideways()} px too wide")
    reader.complaints = [one for one in reader.complaints if path != "/nowhere" or "404" not in one]
    assert found == []
    assert reader.complaints == []


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
    for _ in range(60):
        if page.get_by_role("link", name=re.compile("[Rr]un")).count():
            break
        page.wait_for_timeout(500)
        page.reload()
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
