"""The quick start and its guides, as each reader sees them."""

import ast
import html
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.tokens import create_token
from portal.env import BASE_DIR
from portal.jobs.models import Job
from portal.overviews.guides import GUIDES, NEW_MODEL, Guide
from portal.pages.tokens import FOR_REGISTERING
from registry import tasks
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with

pytestmark = pytest.mark.django_db


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
    made = create_token(actor=actor, user=user, name="quick start", scopes=NEW_MODEL, days=1)
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


def test_each_guide_says_whether_a_token_of_the_readers_would_do(client: Client) -> None:
    team = TeamFactory.create()
    user = person_with(Role.DEVELOPER, team=team)
    page = quick_start_of(client, user).content.decode()
    assert "No token of yours will do" in page
    assert page.count("Needs a token") == 3
    actor = actor_for_user(user, interactive=True)
    create_token(actor=actor, user=user, name="reader", scopes=["read"], days=1)
    page = quick_start_of(client, user).content.decode()
    assert "“reader” lacks <code>register_model</code>, <code>register_version</code>" in page
    create_token(actor=actor, user=user, name="laptop", scopes=NEW_MODEL, days=1)
    page = quick_start_of(client, user).content.decode()
    assert "Your token “laptop” will do." in page
    assert page.count("> Ready<") + page.count(">Ready<") >= 3
    page = quick_start_of(client, person_with(Role.VIEWER, team=team)).content.decode()
    assert page.count("Not with your roles") == 4
    assert "Developers can: an administrator grants that role in your team." in page


def test_the_link_of_a_guide_asks_for_a_token_with_its_scopes(client: Client) -> None:
    user = person_with(Role.DEVELOPER, team=TeamFactory.create())
    page = quick_start_of(client, user).content.decode()
    address = html.unescape(page.split(f'href="{reverse("tokens")}?')[1].split('"')[0])
    form = client.get(f"{reverse('tokens')}?{address.partition('#')[0]}&scopes=sign").context["form"]
    assert form["scopes"].value() == list(NEW_MODEL)
    assert client.get(reverse("tokens")).context["form"]["scopes"].value() == list(FOR_REGISTERING)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_guide_is_filled_in_for_its_reader(client: Client, guide: Guide) -> None:
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create(slug="pathology")))
    page = client.get(reverse("guide", args=[guide.slug])).content.decode()
    text = html.unescape(page)
    assert "countersign.example.org" not in text
    assert "your-team" not in text
    assert "](" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL), "every link of the prose is one"
    code = [html.unescape(one) for one in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]
    written = (BASE_DIR / "docs" / "guides" / f"{guide.slug}.md").read_text()
    for block in re.findall(r"```\w+\n(.*?)```", written, re.DOTALL):
        filled = block.replace("https://countersign.example.org", "http://testserver").rstrip("\n")
        assert filled in code
    for address in re.findall(r'href="(/quick-start/[^"]+)"', page):
        assert client.get(address).status_code == 200, address


def test_every_guide_of_the_documents_has_a_page(client: Client) -> None:
    assert {f"{guide.slug}.md" for guide in GUIDES} == {path.name for path in (BASE_DIR / "docs/guides").iterdir()}


def test_only_the_files_of_guides_are_handed_out(client: Client, settings: Settings, tmp_path: Path) -> None:
    client.force_login(person_with(Role.VIEWER, team=TeamFactory.create()))
    answer = client.get(reverse("guide_file", args=["portal_client.py"]))
    assert answer.content == (BASE_DIR / "docs/examples/portal_client.py").read_bytes()
    assert answer["Content-Disposition"].startswith("attachment")
    for name in ("flights_demo.py", "..", "nothing.py"):
        assert client.get(f"/quick-start/files/{name}").status_code == 404
    assert client.get(reverse("guide", args=["cobol"])).status_code == 404
    settings.DOCS = tmp_path
    assert client.get(reverse("guide", args=["ci"])).status_code == 404
    assert client.get(reverse("guide_file", args=["portal_client.py"])).status_code == 404
