from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from registry.models import RegisteredModel
from tests.factories.accounts import person_with
from tests.factories.governance import OpenRequestFactory
from tests.factories.registry import ActiveReleaseFactory, RegisteredModelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival", team__name="Operations")
    return made


@pytest.fixture
def developer(client: Client, model: RegisteredModel) -> User:
    user = person_with(Role.DEVELOPER, team=model.team, name="Dana")
    client.force_login(user)
    return user


def change(client: Client, model: RegisteredModel, **values: str) -> Any:
    sent = {
        "name": model.name,
        "purpose": model.purpose,
        "owner": f"user:{model.owner_id}",
        "backup": "",
        "mlflow_name": "",
    }
    return client.post(reverse("model_change", args=[model.slug]), sent | values, follow=True)


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def test_a_changed_record_is_shown_on_the_models_page(client: Client, developer: User, model: RegisteredModel) -> None:
    assert reverse("model_change", args=[model.slug]) in text(client.get(model.get_absolute_url()))
    answer = change(client, model, name="Late", backup=f"user:{developer.pk}", mlflow_name="late arrival")
    assert answer.redirect_chain == [(model.get_absolute_url(), 302)]
    assert "late arrival" in text(answer)
    assert "Dana" in text(answer)
    for q in ("late arrival", "Late"):
        assert model.slug in text(client.get(reverse("models"), {"q": q}))
    assert model.slug in text(client.get(reverse("search"), {"q": "late arrival"}))


def test_what_is_refused_stays_in_the_form(client: Client, developer: User, model: RegisteredModel) -> None:
    RegisteredModelFactory.create(mlflow_name="taken")
    answer = change(client, model, mlflow_name="taken", name="Kept")
    assert answer.status_code == 422
    assert "Another model has the name taken" in text(answer)
    assert 'value="Kept"' in text(answer)
    model.refresh_from_db()
    assert model.name != "Kept"
    assert change(client, model, backup=f"user:{model.owner_id}").status_code == 422


def test_a_retired_model_says_who_retired_it_and_why(client: Client, developer: User, model: RegisteredModel) -> None:
    address = reverse("model_retire", args=[model.slug])
    assert client.post(address, {"reason": ""}).status_code == 422
    shown = text(client.post(address, {"reason": "A rule took its place."}, follow=True))
    assert "This model is retired." in shown
    assert "A rule took its place." in shown
    assert address not in shown
    assert reverse("tier_assess", args=[model.slug]) not in text(client.get(reverse("tier", args=[model.slug])))
    assert "Draft the next revision" not in text(client.get(reverse("card", args=[model.slug])))
    for wanted, found in (("true", True), ("false", False)):
        assert (model.slug in text(client.get(reverse("models"), {"retired": wanted}))) is found
    assert "is retired" in text(change(client, model, name="Other"))


def test_a_model_that_decides_or_is_under_review_is_not_retired(client: Client) -> None:
    active, asked = ActiveReleaseFactory.create().model, OpenRequestFactory.create().release.model
    for model, words in (
        (active, "takes live decisions in production"),
        (asked, "is open. It is decided or withdrawn"),
    ):
        client.force_login(person_with(Role.DEVELOPER, team=model.team))
        answer = client.post(reverse("model_retire", args=[model.slug]), {"reason": "Over."})
        assert answer.status_code == 422
        assert words in text(answer)
        model.refresh_from_db()
        assert model.retired_at is None


def test_a_vendors_black_box_is_not_asked_for_versions(client: Client, developer: User, model: RegisteredModel) -> None:
    RegisteredModel.objects.filter(pk=model.pk).update(implementation="vendor", origin="vendor")
    shown = text(client.get(model.get_absolute_url()))
    assert "This is a vendor’s black box" in shown
    assert "How to register" not in shown


def test_who_may_not_change_is_refused(client: Client, model: RegisteredModel) -> None:
    client.force_login(person_with(Role.VIEWER, team=model.team))
    assert change(client, model).status_code == 403
    assert client.get(reverse("model_retire", args=[model.slug])).status_code == 403
    assert "Retire…" not in text(client.get(model.get_absolute_url()))


def test_tags_stand_on_the_models_page_and_lead_to_the_models_that_bear_them(
    client: Client, developer: User, model: RegisteredModel
) -> None:
    RegisteredModelFactory.create(slug="another", team=model.team, tags="pilot-2")
    page = text(change(client, model, tags="Pilot, a + b"))
    assert "is no tag" in page
    page = text(change(client, model, tags="Pilot, EU/West, credit risk"))
    address = f"{reverse('models')}?tag=eu%2Fwest"
    assert address in page
    for query in (
        address,
        f"{reverse('models')}?tag=Pilot",
        f"{reverse('models')}?q=west",
        f"{reverse('models')}?columns=tags",
    ):
        listed = text(client.get(query))
        assert reverse("model", args=[model.slug]) in listed
        assert (reverse("model", args=["another"]) in listed) == ("columns" in query)
    assert reverse("model", args=[model.slug]) in text(client.get(reverse("search"), {"q": "credit risk"}))
    assert 'value="credit-risk, eu/west, pilot"' in text(client.get(reverse("model_change", args=[model.slug])))
    assert not change(client, model, tags="").context["overview"].model.labels


def test_contacts_and_links_stand_on_the_models_page(client: Client, developer: User, model: RegisteredModel) -> None:
    contacts = f"Vera Vendor; support; vera@vendor.example\r\nDana; developer; {developer.email}\r\nDesk; ; +49 30 1"
    assert "is no link" in text(change(client, model, links="Wiki http://a.example"))
    page = text(change(client, model, contacts=contacts, links="Run book https://a.example/?a=1&b=2"))
    assert '<a href="mailto:vera@vendor.example" rel="noopener noreferrer">vera@vendor.example</a>' in page
    assert 'href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer">Run book</a>' in page
    assert "+49 30 1" in page
    assert page.count(">has an account here<") == 1
    assert f"{reverse('audit')}?actor={developer.actor_id}" in page
    form = text(client.get(reverse("model_change", args=[model.slug])))
    assert "Vera Vendor; support; vera@vendor.example\nDana; developer;" in form
    assert "Run book https://a.example/?a=1&amp;b=2" in form
    assert "Contacts and links" not in text(change(client, model))
