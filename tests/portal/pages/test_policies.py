import pytest
from django.test import Client
from django.urls import reverse

from governance.models import PolicyVersion
from governance.rules.variables import VARIABLES
from tests.factories.accounts import UserFactory
from tests.factories.governance import PolicyVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(client: Client) -> PolicyVersion:
    client.force_login(UserFactory.create())
    found: PolicyVersion = PolicyVersionFactory.create()
    return found


def test_without_a_policy_the_page_says_that_nothing_can_be_approved(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert "No policy yet." in client.get(reverse("policies")).content.decode()


def test_everyone_who_signs_in_may_read_the_policies(client: Client, policy: PolicyVersion) -> None:
    page = client.get(reverse("policies")).content.decode()
    assert f'href="{policy.get_absolute_url()}"' in page
    assert "staging, production" in page
    assert f'<td data-label="Checks" class="n">{policy.checks.count()}</td>' in page
    client.logout()
    assert client.get(reverse("policies")).status_code == 302
    assert client.get(policy.get_absolute_url()).status_code == 302


def test_a_policy_says_each_check_in_words_and_as_an_expression(client: Client, policy: PolicyVersion) -> None:
    page = client.get(policy.get_absolute_url()).content.decode()
    assert "published by System" in page
    for check in policy.checks.all():
        row = page[page.index(f'<tr id="{check.key}">') :].split("</tr>", 1)[0]
        assert check.title in row
    assert "validation.passed &amp;&amp; data.held_out_apart" in page
    assert "14 days" in page


def test_seats_and_the_variables_read_are_listed_and_all_others_behind(client: Client, policy: PolicyVersion) -> None:
    response = client.get(policy.get_absolute_url())
    page = response.content.decode()
    assert policy.document["seats"][0]["title"] in page
    used = {variable.name for variable in response.context["used"]}
    assert "validation.auc_lower" in used
    assert "validation.mape" not in used
    assert f"{len(used)} of {len(VARIABLES)} are read by these checks" in page
    assert "validation.mape" in page


def test_an_unknown_version_answers_404(client: Client, policy: PolicyVersion) -> None:
    assert client.get(reverse("policy", args=[policy.policy.slug, 99])).status_code == 404
