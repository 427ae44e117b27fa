"""The interactive description of the API in a real browser: it works inside the content policy."""

import pytest
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from portal.accounts.choices import Role
from portal.pages.models import CspReport
from tests.e2e.people import Person, at_a_keyboard, chromium
from tests.factories.accounts import PASSWORD, TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def policy_of(person: Person, path: str) -> str:
    """Open a page and return the content policy that came with it."""
    answer = person.page.goto(person.url + path)
    assert answer is not None
    return answer.headers["content-security-policy"] + ";"


def test_operations_are_read_and_tried_without_a_complaint_of_the_policy(live_server: LiveServer) -> None:
    team = TeamFactory.create(slug="lending")
    RegisteredModelFactory.create(slug="limits", team=team)
    email = person_with(Role.DEVELOPER, team=team).email
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        with at_a_keyboard(browser, live_server.url, email, PASSWORD) as person:
            page = person.opens("/api/docs")
            expect(page.get_by_text("/api/v1/models", exact=True).first).to_be_visible(timeout=30_000)
            listing = page.locator("#operations-models-models_list")
            listing.get_by_role("button").first.click()
            listing.get_by_role("button", name="Try it out").click()
            listing.get_by_role("button", name="Execute").click()
            expect(listing.locator(".live-responses-table")).to_contain_text("limits", timeout=30_000)
            creating = page.locator("#operations-datasets-datasets_create")
            creating.get_by_role("button").first.click()
            creating.get_by_role("button", name="Try it out").click()
            area = creating.locator("textarea.body-param__text")
            area.fill('{"slug": "rows", "name": "Rows", "team": "lending"}')
            creating.get_by_role("button", name="Execute").click()
            expect(creating.locator(".live-responses-table")).to_contain_text("201", timeout=30_000)
            assert person.sideways() <= 0
            assert "img-src 'self' data:;" in policy_of(person, "/api/docs")
            assert "img-src 'self';" in policy_of(person, "/style")  # charts need no more
            page.wait_for_timeout(1_000)
            assert person.complaints == []
        browser.close()
    assert list(CspReport.objects.values_list("directive", "blocked")) == []
