"""Every address, method and role against the table in permissions.py; CSRF, scopes, and other teams' things."""

import re
from copy import copy

import pytest
from django.test import Client

from portal.accounts.choices import Role
from tests.factories.world import Portfolio, World
from tests.matrix.addresses import ARGUMENTS, METHODS, address_of, url_names
from tests.matrix.attempts import text_of, token_of, undone
from tests.matrix.bodies import Sent, send, sent
from tests.matrix.permissions import ROLES, rows
from tests.portal.api.callers import fresh_client

TABLE = rows()
UNSAFE = [row for row in TABLE if not row.startswith("GET ")]
PAGES = [row for row in UNSAFE if " api_" not in row]
API = [row for row in UNSAFE if " api_" in row]
# They answer a method that they do not know as they answer GET.
OF_ALLAUTH = {"account_login", "account_logout", "account_reauthenticate"}
# Public keys, the description, the questionnaire and oneself are readable by every caller.
READ_BY_ALL = {"GET try_the_api", "GET api_schema", "GET api_keys", "GET api_whoami", "GET api_questionnaire"}
# Policies are for all who sign in, problems for everybody, a link for who holds it; administrators see every team.
OF_NO_TEAM = {"GET policy", "GET problem_type", "GET guide", "GET guide_file"}
OF_A_TEAM = [
    row
    for row in TABLE
    if {row, row.split()[1]} & set(ARGUMENTS)
    and row not in OF_NO_TEAM
    and not row.split()[1].startswith(("admin_", "password_link"))
]
# What they administer bears the teams' names.
NAMES_TEAMS_TO_ADMINISTRATORS = {"GET home", *(row for row in TABLE if row.split()[1].startswith("admin"))}
WITHOUT_CSRF_TOKEN = {"POST csp_report"}

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def players(world: World) -> dict[str, tuple[Client, Client]]:
    """Return a browser and a program for each role."""
    found = {"anonymous": (fresh_client(), fresh_client())}
    for role in ROLES[1:]:
        browser = fresh_client()
        browser.force_login(world.person(role))
        found[role] = (browser, fresh_client(token=world.secrets[role]))
    return found


def tried(client: Client, row: str, team: Portfolio, *, body_of: Portfolio | None = None) -> tuple[str, str]:
    """Make the call, take back what it did, and return what came of it: outcome and text."""
    method, name = row.split()
    cookies = copy(client.cookies)
    with undone():
        what = sent(method, name, body_of or team)
        response = send(client, method, address_of(method, name, team), what)
        text = text_of(response)
    client.cookies = cookies
    to_login = response.status_code == 302 and response["Location"].startswith("/accounts/login/?next=")
    return "login" if to_login else str(response.status_code), text


def test_every_address_is_in_the_table() -> None:
    assert {row.split()[1] for row in TABLE} == set(url_names())


@pytest.mark.parametrize("row", TABLE)
def test_each_role_gets_what_the_table_says(world: World, players: dict[str, tuple[Client, Client]], row: str) -> None:
    got, shown = {}, {}
    for role in ROLES:
        got[role], shown[role] = tried(players[role][" api_" in row], row, world.mine)
    assert got == TABLE[row]
    # What a page or a list shows is one's own.
    assert world.theirs.mark not in shown["developer"]
    assert world.mine.mark not in shown["other_team"]
    if row not in NAMES_TEAMS_TO_ADMINISTRATORS:
        assert world.mine.mark not in shown["admin"]


@pytest.mark.parametrize("name", sorted(set(url_names()) - OF_ALLAUTH))
def test_no_other_method_is_answered(world: World, players: dict[str, tuple[Client, Client]], name: str) -> None:
    client = players["developer"][name.startswith("api_")]
    others = [f"{method} {name}" for method in (*METHODS, "OPTIONS", "TRACE") if f"{method} {name}" not in TABLE]
    assert {row: tried(client, row, world.mine)[0] for row in others} == dict.fromkeys(others, "405")


@pytest.mark.parametrize("row", sorted(set(PAGES) - WITHOUT_CSRF_TOKEN))
def test_form_without_its_csrf_token_is_refused(world: World, row: str) -> None:
    client = fresh_client(enforce_csrf=True)
    if row != "POST account_login":
        client.force_login(world.mine.author)
    outcome, text = tried(client, row, world.mine)
    assert outcome == "403"
    assert "<html" in text


@pytest.mark.parametrize("row", API)
def test_session_without_csrf_token_changes_nothing_over_the_api(world: World, row: str) -> None:
    client = fresh_client(enforce_csrf=True)
    client.force_login(world.mine.author)
    outcome, text = tried(client, row, world.mine)
    assert outcome == "403"
    assert "CSRF" in text


@pytest.mark.parametrize("row", API)
def test_token_without_the_scope_is_refused(world: World, row: str) -> None:
    with undone():
        reader = fresh_client(token=token_of(world, "read", "read_ledger"))
        assert tried(reader, row, world.mine)[0] == "403"


@pytest.mark.parametrize("row", [row for row in TABLE if " api_" in row and row not in READ_BY_ALL])
def test_token_without_reading_sees_nothing(world: World, row: str) -> None:
    with undone():
        blind = fresh_client(token=token_of(world, "verify_ledger"))
        outcome, text = tried(blind, row, world.mine)
        assert outcome in {"404", "422", "200"}
        assert outcome != "200" or '"results":[]' in text
        assert world.mine.mark not in text


@pytest.mark.parametrize("row", OF_A_TEAM)
def test_another_teams_things_are_not_there(world: World, row: str) -> None:
    with undone():
        client = fresh_client(token=token_of(world)) if " api_" in row else fresh_client()
        if " api_" not in row:
            client.force_login(world.mine.author)
        outcome, text = tried(client, row, world.theirs)
    assert outcome == "404"
    assert world.theirs.mark not in text


@pytest.mark.parametrize(
    "row",
    [
        "POST api_models",
        "POST api_model_imports",
        "POST api_datasets",
        "POST api_pipelines",
        "POST api_versions",
        "POST api_plans",
        "POST api_lineage",
        "POST api_lineage_dependencies",
        "POST review_sign",
    ],
)
def test_another_teams_things_can_not_be_named_in_a_body(world: World, row: str) -> None:
    with undone():
        client = fresh_client(token=token_of(world)) if " api_" in row else fresh_client()
        if " api_" not in row:
            client.force_login(world.person(Role.APPROVER))
        outcome, text = tried(client, row, world.mine, body_of=world.theirs)
    assert outcome in {"400", "422"}
    assert world.theirs.mark not in text


def test_another_teams_things_can_not_be_asked_for_in_a_query(world: World) -> None:
    theirs = world.theirs
    browser, program = fresh_client(), fresh_client(token=token_of(world))
    browser.force_login(world.mine.author)
    author = theirs.author.actor_id
    asked = [
        f"/audit?topic=model:{theirs.model.pk}", f"/audit?topic={theirs.model.slug}",
        f"/audit?subject=team:{theirs.team.pk}", f"/audit?subject=model:{theirs.model.pk}",
        f"/audit?subject=version:{theirs.candidate.pk}", f"/audit?actor={author}",
        f"/search?q={theirs.mark}", f"/search?q={theirs.model.slug}", f"/search?q={theirs.candidate.digest}",
        f"/models?q={theirs.mark}", f"/models?q={theirs.model.slug}", "/models?sort=-tier", "/reviews?state=open",
        "/reviews?state=approved", f"/api/v1/models?team={theirs.team.slug}", "/api/v1/models?tier=2",
    ]  # fmt: skip
    for address in asked:
        client = program if address.startswith("/api/") else browser
        response = send(client, "GET", address, Sent())
        assert response.status_code == 200, address
        echoed = re.sub(f'value="(q=)?{theirs.mark}"', "", text_of(response))
        assert theirs.mark not in echoed, address
        assert f"/{theirs.model.slug}" not in text_of(response), address
