from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from registry.models import UseCase
from registry.services.use_cases import propose_use_case
from tests.factories.accounts import TeamFactory, actor_with, person_with
from tests.factories.registry import ActiveReleaseFactory, UseCaseFactory
from tests.factories.reports import sequence

pytestmark = pytest.mark.django_db
TEXTS = {
    "name": "First calls",
    "purpose": "Call those first who need it.",
    "affected_persons": "Customers in arrears.",
    "decision": "Whom to call first.",
}


@pytest.fixture
def team() -> Team:
    found: Team = TeamFactory.create(slug="lending", name="Lending")
    return found


@pytest.fixture
def developer(client: Client, team: Team) -> User:
    user = person_with(Role.DEVELOPER, team=team)
    client.force_login(user)
    return user


@pytest.fixture
def validator(client: Client) -> User:
    user = person_with(Role.VALIDATOR)
    client.force_login(user)
    return user


def shown(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def decide(client: Client, use_case: UseCase, verb: str, **values: str) -> Any:
    address = reverse(f"use_case_{verb}", args=[use_case.slug])
    return client.post(address, {"shown_digest": use_case.digest(), "rationale": "Spelled out."} | values)


def test_an_empty_list_says_what_a_use_case_is_and_who_begins(client: Client, developer: User) -> None:
    page = shown(client, reverse("use_cases"))
    assert "No use case yet." in page
    assert reverse("use_case_propose") in page


def test_who_may_not_propose_is_not_asked_to(client: Client, validator: User) -> None:
    assert reverse("use_case_propose") not in shown(client, reverse("use_cases"))
    assert client.get(reverse("use_case_propose")).status_code == 403


def test_the_list_is_filtered_sorted_and_saved_by_the_address(client: Client, developer: User, team: Team) -> None:
    UseCaseFactory.create(team=team, slug="first-calls", name="Early help")
    live = UseCaseFactory.create(team=team, slug="letters", approved=True)
    ActiveReleaseFactory.create(version__model__use_case=live)
    UseCaseFactory.create(team=team, slug="rule", rejected=True, not_a_model=True)
    for query, found in (
        ({"sort": "-slug"}, ["rule", "letters", "first-calls"]),
        ({"q": "EARLY"}, ["first-calls"]),
        ({"state": "in_use"}, ["letters"]),
        ({"state": "not_a_model"}, ["rule"]),
        ({"team": "lending", "sort": "owner__password"}, ["first-calls", "letters", "rule"]),
    ):
        response = client.get(reverse("use_cases"), query)
        assert [row.slug for row in response.context["rows"]] == found
    assert "Not a model" in shown(client, reverse("use_cases"), state="not_a_model")
    assert "No use case matches." in shown(client, reverse("use_cases"), q="zzz")
    view = {"page": "use_cases", "query": "state=in_use&page=2", "name": "Live"}
    assert client.post(reverse("view_save"), view).headers["Location"] == "/use-cases?state=in_use"


def test_a_use_case_is_proposed_and_changed_in_forms(client: Client, developer: User, team: Team) -> None:
    sponsor = person_with(Role.VIEWER, team=team)
    people = {"owner": developer.email, "sponsor": sponsor.email}
    assert f'value="{developer.email}" selected' in shown(client, reverse("use_case_propose"))
    response = client.post(reverse("use_case_propose"), {**TEXTS, **people, "slug": "first-calls", "team": "lending"})
    made = UseCase.objects.get()
    assert response.headers["Location"] == made.get_absolute_url()
    assert (made.owner, made.sponsor, made.proposed_by, made.team) == (developer, sponsor, developer, team)
    change = reverse("use_case_change", args=[made.slug])
    assert "Customers in arrears." in shown(client, change)
    assert client.post(change, {**TEXTS, **people, "decision": "Whom to write to."}).status_code == 302
    assert client.post(change, {**TEXTS, **people, "purpose": ""}).status_code == 422
    made.refresh_from_db()
    assert (made.decision, made.purpose) == ("Whom to write to.", TEXTS["purpose"])


def test_what_is_wrong_with_a_proposal_stands_beside_the_field(client: Client, developer: User, team: Team) -> None:
    UseCaseFactory.create(slug="taken")
    stranger = person_with(Role.VIEWER, team=TeamFactory.create())
    values = {**TEXTS, "slug": "taken", "team": "lending", "owner": developer.email, "sponsor": developer.email}
    response = client.post(reverse("use_case_propose"), values)
    assert (response.status_code, set(response.context["form"].errors)) == (422, {"slug", "__all__"})
    response = client.post(reverse("use_case_propose"), values | {"sponsor": stranger.email, "team": "other"})
    assert (response.status_code, set(response.context["form"].errors)) == (422, {"sponsor", "team"})


@pytest.mark.django_db(transaction=True)
def test_a_use_case_says_everything_and_what_happened_to_it(client: Client, team: Team) -> None:
    author, sponsor = actor_with(Role.DEVELOPER, team=team), person_with(Role.VIEWER, team=team, name="Sana")
    use_case = propose_use_case(actor=author, slug="first-calls", team=team, owner=sponsor, sponsor=sponsor, **TEXTS)
    sequence()
    client.force_login(sponsor)
    page = shown(client, use_case.get_absolute_url())
    for text in (*TEXTS.values(), "Sana", "Waits for a decision", "Nobody may decide", "proposed the use case"):
        assert text in page
    assert "Approve…" not in page
    assert "Change…" not in page


def test_the_second_line_is_shown_what_it_decides_about_and_decides(client: Client, validator: User) -> None:
    use_case = UseCaseFactory.create()
    page = shown(client, use_case.get_absolute_url())
    for verb in ("approve", "reject", "not_a_model"):
        address = reverse(f"use_case_{verb}", args=[use_case.slug])
        assert address in page
        asked = shown(client, address)
        assert use_case.affected_persons in asked
        assert use_case.digest() in asked
    assert decide(client, use_case, "approve", rationale="").headers["Location"] == use_case.get_absolute_url()
    page = shown(client, use_case.get_absolute_url())
    assert "Approved for development" in page
    assert "No rationale was given." in page
    assert decide(client, use_case, "reject").status_code == 422


def test_what_is_not_a_model_is_called_so_with_its_rationale(client: Client, validator: User) -> None:
    use_case = UseCaseFactory.create()
    assert decide(client, use_case, "not_a_model", rationale=" ").status_code == 422
    assert decide(client, use_case, "not_a_model", rationale="A rule of two lines.").status_code == 302
    page = shown(client, use_case.get_absolute_url())
    assert "Not a model" in page
    assert "A rule of two lines." in page
    assert "Rejected" not in page


def test_what_changed_meanwhile_is_not_decided(client: Client, validator: User) -> None:
    use_case = UseCaseFactory.create()
    UseCase.objects.filter(pk=use_case.pk).update(decision="Whom to write to.")
    response = decide(client, use_case, "approve")
    page = response.content.decode()
    assert response.status_code == 422
    assert "has changed since you looked" in page
    use_case.refresh_from_db()
    assert f'name="shown_digest" value="{use_case.digest()}"' in page
    assert "Whom to write to." in page
    assert decide(client, use_case, "approve").status_code == 302


def test_own_work_can_only_be_rejected(client: Client, validator: User) -> None:
    use_case = UseCaseFactory.create(sponsor=validator)
    page = shown(client, use_case.get_absolute_url())
    assert "somebody else decides" in page
    assert "Approve…" not in page
    assert "somebody else decides" in decide(client, use_case, "approve").content.decode()
    assert decide(client, use_case, "reject").status_code == 302


def test_a_use_case_is_retired_once_nothing_of_it_is_live(client: Client, developer: User, team: Team) -> None:
    use_case = UseCaseFactory.create(team=team, approved=True)
    retire = reverse("use_case_retire", args=[use_case.slug])
    release = ActiveReleaseFactory.create(version__model__use_case=use_case, version__model__team=team)
    page = shown(client, use_case.get_absolute_url())
    assert retire not in page
    assert release.model.slug in page
    assert "live decisions" in client.post(retire, {"reason": "Over."}).content.decode()
    release.state = "superseded"
    release.save()
    assert retire in shown(client, use_case.get_absolute_url())
    assert "stays in the inventory" in shown(client, retire)
    assert client.post(retire, {"reason": "Nobody calls any more."}).status_code == 302
    assert "Nobody calls any more." in shown(client, use_case.get_absolute_url())


def test_live_decisions_of_what_is_not_approved_are_an_alarm(client: Client, validator: User) -> None:
    use_case = UseCaseFactory.create()
    ActiveReleaseFactory.create(version__model__use_case=use_case)
    assert "though the use case is proposed" in shown(client, use_case.get_absolute_url())


def test_another_teams_use_case_answers_404(client: Client, developer: User) -> None:
    use_case = UseCaseFactory.create()
    assert client.get(use_case.get_absolute_url()).status_code == 404
    for verb in ("change", "approve", "reject", "not_a_model", "retire"):
        assert client.post(reverse(f"use_case_{verb}", args=[use_case.slug])).status_code == 404
    assert use_case.slug not in shown(client, reverse("use_cases"))
