import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from governance.choices import RequestState
from portal.accounts.choices import Role
from portal.accounts.models import SavedView, User
from registry.choices import CardState
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory, next_version, ready_version
from tests.factories.registry import (
    CardRevisionFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    SealedVersionFactory,
    UseCaseFactory,
    VersionFactory,
    own_all_stages,
)

pytestmark = pytest.mark.django_db
TEXT = {"intended_use": "Warns crews.", "limitations": "New York only.", "out_of_scope_use": "Never for prices."}


@pytest.fixture
def developer(client: Client) -> User:
    user = person_with(Role.DEVELOPER, team=TeamFactory.create(slug="ops", name="Operations"))
    client.force_login(user)
    return user


def team_of(user: User) -> Any:
    return user.grants.get().team


def shown(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_list_says_what_to_do_first(client: Client, developer: User) -> None:
    page = shown(client, reverse("models"))
    assert "No model yet." in page
    assert reverse("quick_start") in page


def test_how_to_register_is_said_to_those_who_may(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(team=team_of(developer))
    assert "How to register a model" in shown(client, reverse("models"))
    page = shown(client, model.get_absolute_url())
    assert "How to register a version" in page
    assert "How to register the first version" in page
    client.force_login(person_with(Role.VIEWER, team=model.team))
    for address in (reverse("models"), model.get_absolute_url()):
        assert "How to register" not in shown(client, address)


def test_the_list_shows_own_models_with_their_standing(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(slug="late-arrival", team=team_of(developer), tier=1)
    VersionFactory.create(model=model)
    RegisteredModelFactory.create(slug="of-others")
    page = shown(client, reverse("models"))
    assert "late-arrival" in page
    assert "of-others" not in page
    assert "Tier 1" in page
    assert "Receiving" in page
    assert "1 to 1 of 1 models" in page


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"q": "ARRIVAL"}, ["late-arrival"]),
        ({"tier": "3"}, ["fuel-burn"]),
        ({"task": "regression"}, ["fuel-burn"]),
        ({"team": "ops"}, ["fuel-burn", "late-arrival"]),
        ({"serving": "true"}, []),
        ({"serving": "false"}, ["fuel-burn", "late-arrival"]),
        ({"sort": "-slug"}, ["late-arrival", "fuel-burn"]),
        ({"sort": "password"}, ["fuel-burn", "late-arrival"]),
        ({"tier": "9"}, ["fuel-burn", "late-arrival"]),
    ],
)
def test_filters_and_sorting_stand_in_the_address(
    client: Client, developer: User, query: dict[str, str], left: list[str]
) -> None:
    RegisteredModelFactory.create(slug="late-arrival", team=team_of(developer), tier=2)
    RegisteredModelFactory.create(slug="fuel-burn", team=team_of(developer), tier=3, task="regression")
    response = client.get(reverse("models"), query)
    assert [row.slug for row in response.context["rows"]] == left


def test_models_with_stages_without_an_owner_are_marked_and_found(client: Client, developer: User) -> None:
    owned = RegisteredModelFactory.create(slug="fuel-burn", team=team_of(developer))
    own_all_stages(owned, developer)
    partly = RegisteredModelFactory.create(slug="late-arrival", team=team_of(developer))
    PipelineStageFactory.create(model=partly, owner_user=developer)
    page = shown(client, reverse("models"))
    assert "5 of 6 stages" in page
    assert f'href="{partly.get_absolute_url()}#stages"' in page
    assert f'href="{owned.get_absolute_url()}#stages"' not in page
    for wanted, left in (("true", [partly]), ("false", [owned]), ("", [owned, partly])):
        assert list(client.get(reverse("models"), {"unowned": wanted}).context["rows"]) == left


def test_columns_are_chosen_in_the_address_and_kept_by_sorting_paging_and_the_file(
    client: Client, developer: User
) -> None:
    use_case = UseCaseFactory.create(team=team_of(developer), slug="late-warning", approved=True)
    RegisteredModelFactory.create(team=team_of(developer), use_case=use_case)
    page = shown(client, reverse("models"), columns="use_case", sort="-name")
    head = page[page.index("<thead>") : page.index("</thead>")]
    assert "Use case" in head
    assert "Gate" not in head
    assert "columns=use_case&amp;sort=slug" in head
    assert f"{reverse('models_csv')}?columns=use_case&amp;sort=-name" in page
    assert 'value="use_case" checked' in page
    assert 'value="gate" checked' not in page
    assert "Gate" in shown(client, reverse("models"), columns="nonsense"), "of unknown columns the usual ones are shown"


def test_a_saved_filter_keeps_every_filter_and_the_columns(client: Client, developer: User) -> None:
    RegisteredModelFactory.create(team=team_of(developer))
    query = "unowned=training&use_case=none&owner=ada&columns=team&columns=task&sort=-tier&page=7"
    client.post(reverse("view_save"), {"page": "models", "query": query, "name": "Mine"})
    kept = SavedView.objects.get().query
    assert kept == query.removesuffix("&page=7")
    assert f'href="?{kept.replace("&", "&amp;")}"' in shown(client, reverse("models"))


def test_the_file_holds_every_model_that_matches_with_every_column(client: Client, developer: User) -> None:
    champion = ApprovedRequestFactory.create(version=ready_version(team=team_of(developer))).release.version
    RegisteredModelFactory.create_batch(60, team=team_of(developer), tier=3)
    RegisteredModelFactory.create(slug="of-others")
    response: Any = client.get(reverse("models_csv"), {"sort": "tier"})
    assert response.streaming
    assert response["Content-Disposition"] == 'attachment; filename="models.csv"'
    head, first, *others = csv.reader(io.StringIO(response.getvalue().decode()))
    assert head[:6] == ["slug", "name", "tier", "tier_rests_on", "serving", "serving_since"]
    line = dict(zip(head, first, strict=True))
    assert (line["slug"], line["serving"], line["gate"]) == (champion.model.slug, "1", "Passed")
    assert datetime.fromisoformat(line["serving_since"]) == champion.releases.get().activated_at
    assert len(others) == 60
    assert "of-others" not in {slug for slug, *_ in others}
    narrowed: Any = client.get(reverse("models_csv"), {"tier": "2", "columns": "team"})
    rows = list(csv.reader(io.StringIO(narrowed.getvalue().decode())))
    assert rows == [["slug", "name", "team"], [champion.model.slug, champion.model.name, "ops"]]


def test_a_page_far_down_and_one_beyond_the_end_are_answered(client: Client, developer: User) -> None:
    RegisteredModelFactory.create_batch(51, team=team_of(developer))
    for page in ("2", "99"):
        rows = client.get(reverse("models"), {"page": page}).context["rows"]
        assert [row.slug for row in rows] == [RegisteredModel.objects.order_by("-slug")[0].slug], page
        assert rows.number == 2


def test_a_filter_without_a_match_can_be_cleared(client: Client, developer: User) -> None:
    assert "<summary>Filters</summary>" in shown(client, reverse("models"))
    page = shown(client, reverse("models"), q="nothing-like-this", tier="2")
    assert "<summary>Filters, 2 in force</summary>" in page
    assert "No model matches." in page
    assert f'href="{reverse("models")}">Clear' in page


def test_the_models_page_says_what_serves_what_allowed_it_and_what_comes_next(client: Client) -> None:
    champion = ApprovedRequestFactory.create().release.version
    waiting = OpenRequestFactory.create(version=next_version(model=champion.model, champion=champion))
    client.force_login(person_with(Role.VIEWER, team=champion.model.team))
    page = shown(client, champion.model.get_absolute_url())
    serves = page[page.index("What serves now") : page.index("What changed against production")]
    assert "In use" in page
    assert "Allowed by" in serves
    assert "1 of 1 signed" in serves
    assert f"v2, request #{waiting.pk}" in serves
    assert "0 of 1 signed" in serves
    assert page.index("What changed against production") < page.index('id="versions"')
    assert "Plan 1" in page
    assert "Revision 1" in page


def test_a_model_without_anything_says_what_is_missing(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(team=team_of(developer))
    page = shown(client, model.get_absolute_url())
    for words in ("Not in production", "none published", "none fixed", "No version yet.", "No plan fixed.", "Nothing"):
        assert words in page
    assert "What changed against production" not in page


def test_a_sealed_version_without_a_request_is_next(client: Client, developer: User) -> None:
    version = SealedVersionFactory.create(model__team=team_of(developer))
    page = shown(client, version.model.get_absolute_url())
    assert "v1, sealed" in page
    assert "No request for its approval is open." in page


def test_another_teams_model_and_card_answer_404(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create()
    assert client.get(model.get_absolute_url()).status_code == 404
    assert client.get(reverse("card", args=[model.slug])).status_code == 404
    assert client.post(reverse("card", args=[model.slug]), TEXT).status_code == 404


def test_nobody_sees_models_without_signing_in(client: Client) -> None:
    for address in (reverse("models"), reverse("model", args=["late-arrival"]), reverse("card", args=["late-arrival"])):
        assert client.get(address).headers["Location"].startswith(reverse("account_login"))


def test_a_card_is_drafted_then_published(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(team=team_of(developer))
    address = reverse("card", args=[model.slug])
    assert "has no published card" in shown(client, address)
    assert client.post(address, TEXT).headers["Location"] == address
    revision = model.card_revisions.get()
    assert revision.state == CardState.DRAFT
    page = shown(client, address)
    assert "Publishing makes it the model’s card." in page
    assert client.post(reverse("card_publish", args=[model.slug, revision.number])).headers["Location"] == address
    assert "revision 1</h1>" in shown(client, address)


def test_the_next_revision_starts_from_the_published_one(client: Client, developer: User) -> None:
    card = CardRevisionFactory.create(model__team=team_of(developer), limitations="Knows New York.")
    response = client.get(card.get_absolute_url())
    assert response.context["form"].initial["limitations"] == "Knows New York."


def test_a_card_with_a_part_missing_is_refused_in_the_form(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(team=team_of(developer))
    response = client.post(reverse("card", args=[model.slug]), {**TEXT, "limitations": ""})
    assert response.status_code == 422
    assert "Not drafted." in response.content.decode()
    assert model.card_revisions.count() == 0


def test_publishing_says_that_it_voids_the_open_request_and_does(client: Client) -> None:
    request = OpenRequestFactory.create(version=ready_version())
    model = request.release.model
    client.force_login(model.owner)
    address = reverse("card", args=[model.slug])
    client.post(address, TEXT)
    assert f'Publishing voids <a href="{request.get_absolute_url()}">request #{request.pk}</a>' in shown(
        client, address
    )
    client.post(reverse("card_publish", args=[model.slug, 2]))
    request.refresh_from_db()
    assert request.state == RequestState.VOIDED


def test_who_may_not_write_the_card_is_told_who_may(client: Client) -> None:
    card = CardRevisionFactory.create(model__team__name="Operations")
    draft = CardRevisionFactory.create(model=card.model, state=CardState.DRAFT)
    client.force_login(person_with(Role.VIEWER, team=card.model.team))
    page = shown(client, card.get_absolute_url())
    assert "A developer of Operations drafts and publishes revisions." in page
    assert "Save as draft" not in page
    assert "Publish revision" not in page
    refused = client.post(reverse("card_publish", args=[card.model.slug, draft.number]))
    assert refused.status_code == 403
    assert "may not write and publish model cards" in refused.content.decode()


def test_a_model_names_its_use_case_and_can_be_given_another(client: Client, developer: User) -> None:
    model = RegisteredModelFactory.create(team=team_of(developer))
    use_case, gone = UseCaseFactory.create(team=model.team), UseCaseFactory.create(team=model.team, rejected=True)
    address = reverse("model_use_case", args=[model.slug])
    assert address in shown(client, model.get_absolute_url())
    form = shown(client, address)
    assert use_case.slug in form
    assert gone.slug not in form
    assert client.post(address, {"use_case": use_case.slug}).headers["Location"] == model.get_absolute_url()
    assert use_case.get_absolute_url() in shown(client, model.get_absolute_url())
    assert client.post(address, {"use_case": use_case.slug}).status_code == 422
    assert client.post(address, {"use_case": gone.slug}).status_code == 422
    assert client.post(address, {"use_case": ""}).status_code == 302
    assert "none named" in shown(client, model.get_absolute_url())
