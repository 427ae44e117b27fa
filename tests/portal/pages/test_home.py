import ast
import html
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.tokens import create_token
from portal.jobs.models import Job
from portal.pages.tokens import FOR_REGISTERING
from registry import tasks
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.governance import OpenRequestFactory, ready_version
from tests.factories.registry import PipelineStageFactory, RegisteredModelFactory
from tests.portal.opened import opened

pytestmark = pytest.mark.django_db


def home_of(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("home")).content.decode()


def test_nobody_enters_without_signing_in(client: Client) -> None:
    assert client.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))


def test_the_front_door_claims_no_number_of_signatures(client: Client) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert "Every model in use, signed for." in page
    assert "twice" not in page


def test_a_newcomer_is_led_to_the_quick_start(client: Client) -> None:
    page = home_of(client, person_with(Role.DEVELOPER, team=TeamFactory.create()))
    assert "Nothing is registered yet." in page
    assert f'<a class="btn primary" href="{reverse("quick_start")}">' in page
    assert "Waiting for you" not in page


def test_what_waits_for_me_is_one_click_away(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = home_of(client, person_with(Role.APPROVER, team=request.release.model.team))
    assert "One thing waits for you." in page
    assert f'href="{request.get_absolute_url()}" aria-label="Decide on {request.release.version}' in page
    assert "Yours would be the only signature." in page


def test_what_is_less_urgent_is_one_more_click_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.overviews.inbox.WAITING_SHOWN", 1)
    team = TeamFactory.create()
    requests = [OpenRequestFactory.create(version=ready_version(team=team)) for _ in range(2)]
    page = home_of(client, person_with(Role.APPROVER, team=team))
    assert "Two things wait for you." in page
    assert 'The 1 most urgent. <a href="?all#waiting">All 2</a>' in page
    assert requests[1].get_absolute_url() not in page
    whole = client.get(reverse("home"), {"all": ""}).content.decode()
    assert all(request.get_absolute_url() in whole for request in requests)
    assert "most urgent. <a" not in whole


def test_stages_without_an_owner_are_shown_to_who_may_name_one(client: Client) -> None:
    model = RegisteredModelFactory.create(slug="late-arrival")
    developer = person_with(Role.DEVELOPER, team=model.team)
    PipelineStageFactory.create(model=model, owner_user=developer)
    page = home_of(client, developer)
    assert f'href="{model.get_absolute_url()}#stages">late-arrival' in page
    assert "5 of 6 stages" in page
    assert f'href="{reverse("models")}?unowned=true"' in page
    assert "Stages without an owner" not in home_of(client, person_with(Role.VIEWER, team=model.team))


def test_what_of_mine_waits_says_for_whom_and_since_when(client: Client) -> None:
    request = OpenRequestFactory.create()
    for name in ("Nora", "Otto"):
        person_with(Role.APPROVER, team=request.release.model.team, name=name)
    page = home_of(client, request.opened_by)
    mine = page[page.index('id="mine"') :]
    assert "Nora, Otto" in mine
    assert "under a second ago" in mine or "ago</time>" in mine
    assert "Due in" in mine
    assert "Nothing waits for you." in page


def test_a_request_of_mine_that_nobody_may_sign_is_stuck(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = home_of(client, request.opened_by)
    assert "One request of yours can go nowhere." in page
    assert "Nobody eligible: stuck" in page
    assert f"Ask an administrator for an approver in {request.release.model.team.name}" in page


def test_a_request_of_mine_that_expired_was_never_approved(client: Client) -> None:
    with opened(days_ago=17):
        request = OpenRequestFactory.create()
    assert "it expired, so it was never approved" in home_of(client, request.opened_by)


def quick_start_of(client: Client, user: User) -> Any:
    client.force_login(user)
    response = client.get(reverse("quick_start"))
    assert response.status_code == 200
    return response


def test_the_quick_start_speaks_of_this_portal_this_team_and_this_person(client: Client) -> None:
    user = person_with(Role.DEVELOPER, team=TeamFactory.create(slug="flight-operations"), email="dana@example.org")
    response = quick_start_of(client, user)
    script = response.context["snippet"]
    assert 'BASE_URL, TOKEN = "http://testserver", os.environ.get("TOKEN")' in script
    assert f'NAME, TEAM = "first-model-{user.pk}", "flight-operations"' in script
    assert '"commit_authors": ["dana@example.org"]' in script
    assert "You may read here, not register." not in response.content.decode()
    assert "http://testserver/api/v1/models" in response.content.decode()


def test_who_may_not_register_is_told_whom_to_ask(client: Client) -> None:
    page = quick_start_of(client, person_with(Role.VIEWER, team=TeamFactory.create())).content.decode()
    assert "You may read here, not register." in page
    assert "your-team" in page


def test_an_address_with_quotes_can_not_break_out_of_the_script(client: Client) -> None:
    user = person_with(Role.DEVELOPER, team=TeamFactory.create(), email='"); evil("@example.org')
    names = {
        node.id
        for node in ast.walk(ast.parse(quick_start_of(client, user).context["snippet"]))
        if isinstance(node, ast.Name)
    }
    assert "evil" not in names


def test_the_script_says_what_is_missing_where_no_token_is_set(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    script = quick_start_of(client, person_with(Role.DEVELOPER, team=TeamFactory.create())).context["snippet"]
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(SystemExit) as ended:
        exec(compile(script, "first_version.py", "exec"), {"__name__": "__main__"})  # noqa: S102 (our own page)
    address = f"http://testserver{reverse('tokens')}"
    assert ended.value.code == f"No TOKEN is set. Make one at {address} and run: export TOKEN=cs_…"


def test_the_script_registers_a_version_as_it_stands_on_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    user = person_with(Role.DEVELOPER, team=TeamFactory.create())
    page = quick_start_of(client, user).content.decode()
    script = html.unescape(page.split('<code id="snippet">')[1].split("</code>")[0])
    actor = actor_for_user(user, interactive=True)
    made = create_token(actor=actor, user=user, name="quick start", scopes=FOR_REGISTERING, days=1)
    monkeypatch.setenv("TOKEN", made.secret)
    monkeypatch.setitem(sys.modules, "httpx", SimpleNamespace(request=sent_by(Client())))
    for number in (1, 2):
        exec(compile(script, "first_version.py", "exec"), {"__name__": "__main__"})  # noqa: S102 (our own page)
        version = ModelVersion.objects.get(number=number)
        assert version.state == VersionState.INSPECTING
        assert f"http://testserver{version.get_absolute_url()}" in capsys.readouterr().out
    tasks.inspect_version(Job.objects.filter(subject_type="version").latest("pk").pk)
    version.refresh_from_db()
    assert version.state == VersionState.SEALED


def sent_by(program: Client) -> Callable[..., SimpleNamespace]:
    """Stand in for httpx.request; a worker has inspected each snapshot before it is asked for."""

    def request(method: str, url: str, **what: Any) -> SimpleNamespace:
        if method == "GET":
            for job in Job.objects.filter(subject_type="snapshot", state="queued"):
                tasks.inspect_snapshot(job.pk)
        answer = program.generic(
            method,
            url.removeprefix("http://testserver"),
            json.dumps(what["json"]) if "json" in what else what.get("content", b""),
            content_type="application/json" if "json" in what else "application/octet-stream",
            headers=what["headers"],
            query_params=what.get("params"),
        )
        return SimpleNamespace(is_success=answer.status_code < 400, text=answer.content.decode(), json=answer.json)

    return request
