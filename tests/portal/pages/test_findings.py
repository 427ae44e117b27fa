import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.core.clock import now
from registry.models import Finding, RegisteredModel
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import OpenRequestFactory
from tests.factories.registry import FindingFactory, RegisteredModelFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db
SAID = {"title": "Too high", "description": "See run 3.", "stage": "training", "severity": "medium"}


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival", team__name="Operations")
    return made


@pytest.fixture
def developer(client: Client, model: RegisteredModel) -> User:
    user = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    client.force_login(user)
    return user


@pytest.fixture
def validator(client: Client) -> User:
    user = person_with(Role.VALIDATOR, name="Victor")
    client.force_login(user)
    return user


def move(finding: Finding, deed: str) -> str:
    return reverse("finding_move", args=[finding.model.slug, finding.number, deed])


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_finding_is_raised_from_the_models_page_and_stands_there(
    client: Client, validator: User, model: RegisteredModel
) -> None:
    SealedVersionFactory.create(model=model, number=3)
    dana = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    address = reverse("finding_raise", args=[model.slug])
    assert address in client.get(model.get_absolute_url()).content.decode()
    assert 'value="3"' in client.get(address, {"version": 3}).content.decode()
    answer = client.post(address, {**SAID, "version": "3", "holder": dana.pk, "due": "2026-12-24T12:00"}, follow=True)
    found = Finding.objects.get()
    assert answer.redirect_chain[-1][0] == found.get_absolute_url()
    page = text(answer)
    for words in ("Too high", "See run 3.", "It waits for Dana, who holds it.", "Victor for the second line", "v3"):
        assert words in page
    assert "Too high" in text(client.get(model.get_absolute_url()))
    assert "1 not closed" in text(client.get(model.versions.get().get_absolute_url()))


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    address = reverse("finding_raise", args=[model.slug])
    wrong = {**SAID, "due": "2020-01-01T00:00"}
    answer = client.post(address, wrong)
    assert answer.status_code == 422
    assert "It lies in the past." in text(answer)
    assert "See run 3." in answer.content.decode()
    for number in ("7", "99999999999999999999"):
        assert "has no version" in text(client.post(address, {**SAID, "version": number}))


def test_a_page_offers_what_its_reader_may_do_and_says_why_not_otherwise(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    found = FindingFactory.create(model=model, holder=developer)
    page = client.get(found.get_absolute_url()).content.decode()
    assert move(found, "start") in page
    assert move(found, "hand-over") in page
    assert client.post(move(found, "start")).status_code == 302
    found.refresh_from_db()
    answer = client.post(move(found, "hand-in"), {"comment": "Recalibrated."}, follow=True)
    assert "It waits for the second line, which judges what was done." in text(answer)
    assert "You remediated it, now or before" in text(answer)
    assert move(found, "close") not in answer.content.decode()
    assert client.get(move(found, "close")).status_code == 403
    assert client.post(move(found, "close"), {"comment": "Fine."}).status_code == 403
    assert client.get(move(found, "start")).status_code == 409
    assert client.get(move(found, "burn")).status_code == 404
    assert Finding.objects.get().state == "ready_to_verify"


def test_the_line_that_raised_it_judges_it_and_the_history_keeps_every_word(
    client: Client, validator: User, model: RegisteredModel
) -> None:
    found = FindingFactory.create(
        model=model, state="ready_to_verify", remediator=person_with(Role.DEVELOPER, team=model.team)
    )
    assert "Requests for approval that cover it are voided" in text(client.get(move(found, "close")))
    assert client.post(move(found, "close"), {"comment": ""}).status_code == 422
    page = text(client.post(move(found, "close"), {"comment": "Run 5 passes."}, follow=True))
    for words in ("Closed by Victor.", "closed it", "Run 5 passes.", "began to remediate it"):
        assert words in page
    page = text(client.post(move(found, "reopen"), {"comment": "June fails."}, follow=True))
    assert "Nobody holds it. It waits for the second line to hand it to somebody." in page


def test_the_form_offers_severities_that_the_reader_may_choose(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    form = client.get(move(FindingFactory.create(model=model, severity="medium"), "change-severity")).content.decode()
    assert 'value="high"' in form
    assert 'value="low"' not in form
    assert client.get(move(FindingFactory.create(model=model, severity="high"), "change-severity")).status_code == 403


def test_a_closed_account_is_told_and_its_finding_can_be_handed_on(
    client: Client, validator: User, model: RegisteredModel
) -> None:
    gone = person_with(Role.DEVELOPER, team=model.team, name="Gone", is_active=False)
    next_one = person_with(Role.DEVELOPER, team=model.team, name="Next")
    found = FindingFactory.create(model=model, holder=gone)
    assert "Gone holds it, whose account is closed. The second line hands it on." in text(
        client.get(found.get_absolute_url())
    )
    answer = client.post(move(found, "hand-over"), {"holder": next_one.pk, "due": "", "comment": ""}, follow=True)
    assert "It waits for Next, who holds it." in text(answer)


def test_an_overdue_finding_is_handed_on_with_its_due_time_as_it_was(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    due = now() - timedelta(days=1)
    found = FindingFactory.create(model=model, holder=developer, due=due)
    next_one = person_with(Role.DEVELOPER, team=model.team, name="Next")
    shown = re.search(r'name="due" value="([^"]+)"', client.get(move(found, "hand-over")).content.decode())
    assert shown
    answer = client.post(move(found, "hand-over"), {"holder": next_one.pk, "due": shown[1], "comment": ""})
    assert answer.status_code == 302
    found.refresh_from_db()
    assert (found.holder, found.due) == (next_one, due)


def test_the_table_is_narrowed_and_comes_as_a_file(client: Client, developer: User, model: RegisteredModel) -> None:
    mine = FindingFactory.create(model=model, title="=Mine", severity="high", holder=developer, stage="features")
    late = FindingFactory.create(model=model, title="Late", due=now() - timedelta(days=1))
    FindingFactory.create(model=RegisteredModelFactory.create(team=TeamFactory.create()), title="Elsewhere")
    for query, titles in {
        "": {"=Mine", "Late"}, "holder=me": {"=Mine"}, "holder=nobody": {"Late"}, "overdue=true": {"Late"},
        "overdue=false": {"=Mine"}, "severity=high": {"=Mine"}, "stage=features": {"=Mine"}, "state=closed": set(),
        "state=not_closed": {"=Mine", "Late"}, "q=late": {"Late"}, "model=late-arrival": {"=Mine", "Late"},
        f"team={model.team.slug}": {"=Mine", "Late"}, "line=first": set(), "state=nonsense": {"=Mine", "Late"},
    }.items():  # fmt: skip
        page = client.get(f"{reverse('findings')}?{query}").content.decode()
        assert {one for one in ("=Mine", "Late", "Elsewhere") if f"{one}</a>" in page} == titles, query
    lines = b"".join(client.get(reverse("findings_csv")).streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [line.split(",")[7] for line in lines] == ["title", "'=Mine", "Late"]
    assert mine.is_overdue is not late.is_overdue


def test_home_says_what_one_holds_judges_and_waits_too_long_for(
    client: Client, validator: User, model: RegisteredModel
) -> None:
    dana = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    FindingFactory.create(model=model, title="Held", holder=validator)
    FindingFactory.create(model=model, title="Judged", state="ready_to_verify", remediator=dana)
    FindingFactory.create(model=model, title="Slow", holder=dana, due=now() - timedelta(days=1))
    FindingFactory.create(model=model, title="Own work", state="ready_to_verify", remediator=validator)
    page = client.get(reverse("home")).content.decode()
    parts = [
        page.index(name) for name in ("Findings that you hold", "for you to judge", "Overdue, raised by your line")
    ]
    places = [page.index(f">{title}</a>") for title in ("Held", "Judged", "Slow")]
    assert sorted([*parts, *places]) == [one for pair in zip(parts, places, strict=True) for one in pair]
    assert "Own work</a>" not in page
    assert "Two things wait for you." in page


def test_a_review_shows_what_is_open_and_what_voided_it(client: Client, validator: User) -> None:
    request = OpenRequestFactory.create()
    model = request.release.model
    assert "Nothing is open." in text(client.get(request.get_absolute_url()))
    client.post(reverse("finding_raise", args=[model.slug]), {**SAID, "severity": "high"})
    page = text(client.get(request.get_absolute_url()))
    assert "Too high" in page
    assert "raised the finding" in page
    assert "open findings" in page


def test_filters_fold_with_how_many_are_in_force(client: Client) -> None:
    client.force_login(person_with(Role.VALIDATOR))
    for address in (
        f"{reverse('findings')}?state=closed&severity=high",
        f"{reverse('audit')}?event=&topic=a&subject=b:1",
    ):
        page = client.get(address).content.decode()
        assert '<details class="fold"><summary>Filters, 2 in force</summary>' in page
    assert '<details class="fold" open>' in client.get(f"{reverse('audit')}?subject=nonsense").content.decode()
