import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from registry.choices import Level
from registry.models import RegisteredModel
from registry.selectors import questionnaire
from tests.factories.accounts import person_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.registry import RegisteredModelFactory, TierAssessmentFactory, answers_at

pytestmark = pytest.mark.django_db
CHOSEN = "required checked"


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival", team__name="Operations", tier=2)
    return made


@pytest.fixture
def developer(client: Client, model: RegisteredModel) -> User:
    user = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    client.force_login(user)
    return user


def page_of(model: RegisteredModel) -> str:
    return reverse("tier", args=[model.slug])


def assess(client: Client, model: RegisteredModel, level: Level, **values: str) -> Any:
    shown = {"shown_digest": questionnaire().digest, "rationale": "As the interviews said.", "tier": ""}
    return client.post(reverse("tier_assess", args=[model.slug]), shown | answers_at(level) | values, follow=True)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_tier_by_hand_is_said_not_to_be_assessed_everywhere(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    page = client.get(page_of(model)).content.decode()
    assert "late-arrival has tier 2, which nobody assessed" in page
    assert "Nobody has assessed the tier yet." in page
    assert "not assessed" in client.get(model.get_absolute_url()).content.decode()
    assert "not assessed" in client.get(reverse("models")).content.decode()
    assert model.slug in client.get(reverse("models"), {"tier_standing": "not_assessed"}).content.decode()
    TierAssessmentFactory.create(model=model)
    assert "not assessed" not in client.get(reverse("models")).content.decode()
    assert "assessed by the first line" in client.get(model.get_absolute_url()).content.decode()
    assert "No model matches." in client.get(reverse("models"), {"tier_standing": "not_assessed"}).content.decode()


def test_the_form_asks_every_question_by_axis(client: Client, developer: User, model: RegisteredModel) -> None:
    page = client.get(reverse("tier_assess", args=[model.slug])).content.decode()
    assert page.count("<legend>") == len(questionnaire().questions)
    assert page.index("Exposure") < page.index("Purpose</h3>") < page.index("Complexity</h3>")
    assert CHOSEN not in page
    TierAssessmentFactory.create(model=model)
    assert client.get(reverse("tier_assess", args=[model.slug])).content.decode().count(CHOSEN) == 9


def test_a_raised_tier_is_shown_with_what_it_made_incomplete(client: Client) -> None:
    version = ready_version()
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    User.objects.filter(pk=version.created_by_id).update(email="another@example.org")
    request = OpenRequestFactory.create(version=version)
    client.force_login(person_with(Role.DEVELOPER, team=version.model.team))
    assert (
        f"request #{request.pk}</a>, which covers tier 3"
        in client.get(reverse("tier_assess", args=[version.model.slug])).content.decode()
    )
    answer = assess(client, version.model, Level.MEDIUM)
    assert answer.redirect_chain == [(page_of(version.model), 302)]
    shown = text(answer)
    assert "The tier is 2 now; it was 3." in shown
    assert f"Request #{request.pk} v{version.number} to production" in shown
    assert f"v{version.number} Authors known" in shown
    assert "Voided" in shown
    assert "Exposure: medium" in shown


def test_what_a_raised_tier_made_incomplete_is_shown_where_one_would_not_look_for_it(client: Client) -> None:
    champion = ApprovedRequestFactory.create(version=ready_version()).release
    version, model = champion.released, champion.model
    following = next_version(model=model, champion=version)
    RegisteredModel.objects.filter(pk=model.pk).update(tier=3)
    User.objects.filter(pk=version.created_by_id).update(email="another@example.org")
    client.force_login(person_with(Role.DEVELOPER, team=model.team))
    pages = [one.get_absolute_url() for one in (model, version, champion)]
    told = "Since the tier rose from 3 to 2, this is incomplete."
    assert not [page for page in pages if told in text(client.get(page))]
    assess(client, model, Level.MEDIUM)
    for page in pages:
        shown = text(client.get(page))
        assert told in shown, page
        assert f"v{version.number} Authors known:" in shown
        assert "What was active stays so, without what tier 2 asks for" in shown
    assert f"v{following.number} Authors known:" in text(client.get(model.get_absolute_url()))
    assert f"v{following.number} Authors known:" not in text(client.get(version.get_absolute_url()))


def test_nothing_is_incomplete_where_nothing_is_asked_for(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    assert "Nothing: no request was open" in text(assess(client, model, Level.HIGH))


def test_a_lower_tier_waits_and_is_taken_back_by_who_proposed_it(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    shown = text(assess(client, model, Level.LOW))
    assert "Tier 3 is proposed. The model keeps tier 2 until that is approved." in shown
    assert "late-arrival has tier 2; tier 3 is proposed" in shown
    back = reverse("tier_withdraw", args=[model.slug, 1])
    client.force_login(person_with(Role.VALIDATOR))
    assert back not in client.get(page_of(model)).content.decode()
    assert client.post(back).status_code == 403
    client.force_login(developer)
    assert back in client.get(page_of(model)).content.decode()
    answer = client.post(back, follow=True)
    assert "which nobody assessed" in text(answer)
    assert "Withdrawn" in text(answer)
    assert client.post(back).status_code == 409


def test_what_is_refused_stays_in_the_form(client: Client, developer: User, model: RegisteredModel) -> None:
    answer = assess(client, model, Level.MEDIUM, loss="")
    assert answer.status_code == 422
    assert "silence is no lower tier" in text(answer)
    assert answer.content.decode().count(CHOSEN) == 8
    assert "As the interviews said." in text(answer)
    assert assess(client, model, Level.MEDIUM, loss="unknown").status_code == 422
    answer = assess(client, model, Level.MEDIUM, shown_digest="0" * 64)
    assert "The questionnaire has changed since you looked." in text(answer)
    assert f'value="{questionnaire().digest}"' in answer.content.decode()
    assert not model.tier_assessments.exists()


def test_a_higher_tier_by_hand_is_told_apart(client: Client, developer: User, model: RegisteredModel) -> None:
    shown = text(assess(client, model, Level.LOW, tier="1"))
    assert "by hand; the answers come to 3" in shown
    assert "late-arrival has tier 1" in shown


def test_the_second_lines_answers_are_said_to_be_its_own(client: Client, model: RegisteredModel) -> None:
    client.force_login(person_with(Role.VALIDATOR, name="Victor"))
    shown = text(assess(client, model, Level.MEDIUM))
    assert "Assessed by the second line" in shown
    assert "The tier stays 2, and rests on this assessment." in shown


def test_who_may_not_assess_is_told_who_does(client: Client, model: RegisteredModel) -> None:
    client.force_login(person_with(Role.VIEWER, team=model.team))
    shown = text(client.get(page_of(model)))
    assert "A developer of Operations or a validator answers the questionnaire." in shown
    assert "Assess the tier" not in shown
    assert client.get(reverse("tier_assess", args=[model.slug])).status_code == 403
