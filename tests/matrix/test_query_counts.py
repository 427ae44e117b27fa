"""How many queries each list and detail takes: as committed in query_counts.json, and no more at 50 rows than at 2.

To commit other numbers: REGENERATE=1 make test ARGS=tests/matrix/test_query_counts.py
"""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.events import REQUEST_OPENED
from portal.accounts.choices import Role
from portal.accounts.events import TEAM_CREATED
from portal.accounts.models import ApiToken
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from tests.factories.world import World
from tests.matrix.addresses import address_of
from tests.matrix.bodies import Sent, send, sent
from tests.matrix.permissions import rows
from tests.portal.api.callers import fresh_client

COMMITTED = Path(__file__).parent / "query_counts.json"
WITHOUT_ROWS = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "api_questionnaire",
    "api_sbom",
    "api_schema",
    "api_snapshot_file",
    "livez",
    "keyboard",
    "metrics",
    "models_template",
    "own_password",
    "problem_type",
    "problems",
    "readyz",
    "review_sign",
    "snapshot_erase",
    "style",
    "version_release",
    "comment",
}
"""Pages without lists, a bill of what nobody pinned, what no role may see, and addresses that only lead to a form."""
NAMES = [name for method, name in map(str.split, rows()) if method == "GET" and name not in WITHOUT_ROWS]
READERS = (Role.DEVELOPER, Role.APPROVER)
"""What waits for others, and what waits for oneself."""
ADMINISTRATION = {name: (Role.ADMIN,) for name in NAMES if name.startswith("admin") or name == "service_tokens"}
WRITING = {
    **dict.fromkeys(
        (
            "use_case_propose",
            "use_case_change",
            "use_case_retire",
            "model_use_case",
            "model_change",
            "model_retire",
            "models_import",
            "model_declare",
            "release_end",
            "comment_edit",
            "comment_withdraw",
            "datasheet_write",
        ),
        (Role.DEVELOPER,),
    ),
    **dict.fromkeys(
        ("tier_assess", "finding_raise", "finding_move", "document_add"),
        (Role.DEVELOPER, Role.VALIDATOR),
    ),
    "document_withdraw": (Role.VALIDATOR,),
    **dict.fromkeys(("use_case_approve", "use_case_reject", "use_case_not_a_model"), (Role.VALIDATOR,)),
}
"""Forms that only those are shown who may send them."""
ALSO = {"home": (*READERS, Role.ADMIN)}
# Else the page of a short log would name more kinds of things than that of a long one.
QUERIES = {"audit": f"?event={REQUEST_OPENED.name}", "search": "?q=lending"}
FEW, MANY = 2, 50

Counts = dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def counted(world_of: Callable[[int], AbstractContextManager[World]]) -> dict[int, Counts]:
    """Return the numbers of queries at few and at many rows."""
    with world_of(0) as world:
        lengthen_the_log()
        assert world.secrets  # made before the log is ordered: a page looks closer where something waits
        world.add_copies(FEW)
        found = {FEW: counts(world)}
        world.add_copies(MANY - FEW)
        found[MANY] = counts(world)
    if os.environ.get("REGENERATE") == "1":
        COMMITTED.write_text(json.dumps(found[FEW], indent=1, sort_keys=True) + "\n")
    return found


@transaction.atomic
def lengthen_the_log() -> None:
    """Fill a tile of the tree: a proof reads one more in a log of more than 256 entries, and then none up to 65,536."""
    for _ in range(256):
        append(actor=SYSTEM, event=TEAM_CREATED, subject=Subject("team", "0", "team"), data={})


def counts(world: World) -> Counts:
    """Return {address name: {reader: queries}}."""
    clients: dict[str, tuple[Client, Client]] = {}
    for role in (*READERS, Role.VALIDATOR, Role.ADMIN):
        browser, program = fresh_client(), fresh_client(token=world.secrets[role])
        browser.force_login(world.person(role))
        clients[role] = browser, program
    # A use is noted once a minute: not while we count, however long that takes.
    ApiToken.objects.update(last_used_at=now() + timedelta(days=1))
    readers = dict.fromkeys(NAMES, READERS) | ADMINISTRATION | WRITING | ALSO
    return {name: {str(role): count(clients[role], name, world) for role in readers[name]} for name in NAMES}


def count(clients: tuple[Client, Client], name: str, world: World) -> int:
    client = clients[name.startswith("api_")]
    address = address_of("GET", name, world.mine)
    with CaptureQueriesContext(connection) as captured:
        what = Sent(query=QUERIES[name]) if name in QUERIES else sent("GET", name, world.mine)
        response = send(client, "GET", address, what)
    assert response.status_code == 200, (name, response)
    response.close()
    return len(captured)


@pytest.mark.parametrize("name", NAMES)
def test_number_of_queries_is_the_committed_one_however_many_rows(name: str, counted: dict[int, Counts]) -> None:
    committed: Counts = json.loads(COMMITTED.read_text())
    assert counted[FEW][name] == committed.get(name)
    assert counted[MANY][name] == committed.get(name)


def test_nothing_else_is_committed() -> None:
    assert set(json.loads(COMMITTED.read_text())) == set(NAMES)
