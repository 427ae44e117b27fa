import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import SavedView, User
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> User:
    user = person_with(Role.VIEWER, team=TeamFactory.create())
    client.force_login(user)
    return user


def saved(client: Client, page: str = "models", query: str = "tier=1", name: str = "First tier") -> SavedView:
    response = client.post(reverse("view_save"), {"page": page, "query": query, "name": name})
    assert response.status_code == 302
    return SavedView.objects.get(page=page, name=name)


def test_a_filter_is_offered_for_saving_only_where_something_is_filtered(client: Client, reader: User) -> None:
    save = "Save filter"
    assert save not in client.get(reverse("models")).content.decode()
    assert save not in client.get(reverse("models"), {"q": "", "page": "2"}).content.decode()
    page = client.get(reverse("models"), {"tier": "1", "page": "2", "q": ""}).content.decode()
    assert save in page
    assert '<input type="hidden" name="query" value="tier=1">' in page


def test_a_saved_filter_is_one_click_away_on_its_list(client: Client, reader: User) -> None:
    view = saved(client)
    response = client.post(reverse("view_save"), {"page": "models", "query": "tier=1&page=3", "name": "First tier"})
    assert response.headers["Location"] == f"{reverse('models')}?tier=1"
    page = client.get(reverse("models"), {"tier": "1"}).content.decode()
    assert f'href="?tier=1" aria-current="true">{view.name}</a>' in page
    assert view.name not in client.get(reverse("releases")).content.decode()


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("models", "tier=1&sort=slug"),
        ("reviews", "state=open"),
        ("releases", "state=active"),
        ("datasets", "q=nyc"),
        ("audit", "event=registry.model.registered"),
    ],
)
def test_every_list_with_filters_keeps_them(client: Client, reader: User, page: str, query: str) -> None:
    RegisteredModelFactory.create()
    view = saved(client, page, query, "Mine")
    assert view.query == query
    assert view.name in client.get(reverse(page)).content.decode()


def test_what_filters_nothing_is_not_kept(client: Client, reader: User) -> None:
    view = saved(client, "models", "tier=1&team__name=x&page=3", "Mine")
    assert view.query == "tier=1"


def test_a_filter_without_a_name_is_not_saved_and_says_so(client: Client, reader: User) -> None:
    response = client.post(reverse("view_save"), {"page": "models", "query": "tier=1", "name": " "})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Not saved." in page
    assert 'name="query" value="tier=1"' in page
    assert SavedView.objects.count() == 0


def test_nothing_but_a_known_list_is_saved(client: Client, reader: User) -> None:
    for page, query in (("tokens", "a=1"), ("https://elsewhere.example", "a=1"), ("models", "page=3"), ("models", "")):
        response = client.post(reverse("view_save"), {"page": page, "query": query, "name": "x"})
        assert response.status_code == 422, (page, query)
    assert SavedView.objects.count() == 0


def test_one_deletes_ones_own_filters_and_no_others(client: Client, reader: User) -> None:
    view = saved(client)
    other = person_with(Role.VIEWER, team=TeamFactory.create())
    client.force_login(other)
    assert view.name not in client.get(reverse("models")).content.decode()
    assert client.post(reverse("view_delete", args=[view.pk])).status_code == 404
    client.force_login(reader)
    response = client.post(reverse("view_delete", args=[view.pk]))
    assert response.headers["Location"] == reverse("models")
    assert SavedView.objects.count() == 0
