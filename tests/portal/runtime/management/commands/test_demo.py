"""Filling an empty portal, once; the script itself runs in the e2e tests."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from portal.accounts.models import ApiToken, Team, User
from portal.accounts.selectors import actor_for_user
from portal.runtime.demo import OWNERS, Record
from portal.runtime.management.commands import demo as command
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
Script = Callable[[str], None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "run").mkdir()
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put another script in the example's place."""
    path = tmp_path / "script.py"
    monkeypatch.setattr(command, "SCRIPT", path)

    def write(text: str) -> None:
        path.write_text(text)

    return write


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def test_people_hold_what_their_role_says_where_two_admins_agreed() -> None:
    command.make_people("correct horse battery")
    team = Team.objects.get(slug=OWNERS)
    actors = {user.email.partition("@")[0]: actor_for_user(user, interactive=True) for user in User.objects.all()}
    assert {name for name, actor in actors.items() if actor.may("sign", team.pk)} == {"approver"}
    assert {name for name, actor in actors.items() if actor.may("plan_validation", team.pk)} == {"validator"}
    assert {name for name, actor in actors.items() if actor.may("register_version", team.pk)} == {"developer"}
    assert {name for name, actor in actors.items() if actor.may("manage_users", None)} == {"admin", "second-admin"}
    assert all(user.check_password("correct horse battery") for user in User.objects.all())


def test_the_script_gets_what_a_client_has_and_its_tokens_end_with_it(script: Script, tmp_path: Path) -> None:
    script("import json, os; json.dump(dict(os.environ), open('given.json', 'w'))")
    said = run()
    given = json.loads((tmp_path / "given.json").read_text())
    assert given["TOKEN"].startswith("cs_")
    people = {"SPONSOR_EMAIL", "SIGNER_EMAIL", "SIGNER_PASSWORD", "COMMIT_AUTHOR"}
    assert {"BASE_URL", "TEAM", "VALIDATOR_TOKEN", *people} <= set(given)
    assert not [name for name in given if name.startswith(("DATABASE_", "BROKER_"))]
    assert [token.state for token in ApiToken.objects.all()] == ["revoked", "revoked"]
    record = Record.read(tmp_path)
    assert record is not None
    assert record.finished
    assert record.password in said


def test_a_second_time_only_the_logins_are_told(script: Script) -> None:
    script("")
    run()
    script("raise SystemExit('run twice')")
    assert "approver@example.org" in run()
    assert run("--no-logins") == ""


def test_a_demo_that_stopped_half_way_is_said_to_be_one_and_not_begun_again(script: Script, tmp_path: Path) -> None:
    script("raise SystemExit(3)")
    with pytest.raises(CommandError, match="status 3"):
        run()
    record = Record.read(tmp_path)
    assert record is not None
    assert not record.finished
    assert ApiToken.objects.filter(revoked_at=None).count() == 0
    assert "interrupted" in run()


def test_a_portal_that_people_use_is_left_alone(script: Script, tmp_path: Path) -> None:
    script("raise SystemExit('never')")
    UserFactory.create(password="!")  # the factory keeps its hash for other tests, which use argon2
    assert "accounts already" in run()
    assert User.objects.count() == 1
    assert Record.read(tmp_path) is None
