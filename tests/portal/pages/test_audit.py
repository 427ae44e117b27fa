import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from portal.ledger.catalogue import Subject
from portal.ledger.sequencing import sequence_batch
from portal.ledger.services import append
from registry.events import MODEL_REGISTERED, VERSION_REGISTERED, VERSION_SEALED
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import SealedVersionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def checkpoints(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def sequenced(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Give everything that waits its place in the log."""
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as sequencer:

        def run() -> None:
            while sequence_batch(sequencer):
                pass

        yield run


def story(team: Team | None = None) -> ModelVersion:
    """A version whose registering and sealing stand in the ledger."""
    version: ModelVersion = SealedVersionFactory.create(**({"model__team": team} if team else {}))
    model, author = version.model, actor_for_user(version.created_by, interactive=True)
    topics = (f"model:{model.pk}", f"version:{version.pk}")
    with transaction.atomic():
        subject = Subject("model", str(model.pk), model.slug, model.team_id)
        append(actor=author, event=MODEL_REGISTERED, subject=subject, data=model.public_state(), topics=topics[:1])
        subject = Subject("version", str(version.pk), str(version), model.team_id)
        append(
            actor=author, event=VERSION_REGISTERED, subject=subject, data=version.public_state(), topics=topics,
            private={"description": "Knows summer."},
        )  # fmt: skip
        append(actor=SYSTEM, event=VERSION_SEALED, subject=subject, data=version.public_state(), topics=topics)
    return version


def reader(client: Client, role: str = Role.AUDITOR, team: Team | None = None) -> Client:
    client.force_login(person_with(role, team=team))
    return client


def shown(client: Client, **query: str | int) -> list[int]:
    """Return the indices that the list shows."""
    return [line.entry.index for line in client.get(reverse("audit"), query).context["entries"].lines]


def test_an_empty_ledger_says_what_appears_here(client: Client) -> None:
    page = reader(client).get(reverse("audit")).content.decode()
    assert "No entry yet." in page
    assert "No entry here." in page


def test_entries_name_who_did_what_to_which_thing(client: Client, sequenced: Callable[[], None]) -> None:
    version = story()
    sequenced()
    page = reader(client).get(reverse("audit")).content.decode()
    assert "3 entries, newest checkpoint signed" in page
    assert ">.venv/bin/python manage.py verify_ledger<" in page
    assert version.created_by.name in page
    assert "registered the version" in page
    assert f'<a href="{version.get_absolute_url()}">{version}</a>' in page
    assert "System" in page
    assert "Every event so far is entered. You may read every entry." in page


def test_what_waits_for_its_place_is_counted(client: Client, sequenced: Callable[[], None]) -> None:
    story()
    sequenced()
    story()
    assert "3 events wait to be entered." in reader(client).get(reverse("audit")).content.decode()


def test_filters_stand_in_the_address(client: Client, sequenced: Callable[[], None]) -> None:
    version, _ = story(), story()
    sequenced()
    reader(client)
    assert shown(client) == [5, 4, 3, 2, 1, 0]
    assert shown(client, event="registry.version.sealed") == [5, 2]
    assert shown(client, actor="system") == [5, 2]
    assert shown(client, actor=version.created_by.actor_id) == [1, 0]
    assert shown(client, subject=f"version:{version.pk}") == [2, 1]
    assert shown(client, topic=f"version:{version.pk}") == [2, 1]
    assert shown(client, topic=version.model.slug) == [2, 1, 0]
    assert shown(client, since="2999-01-01") == []
    assert shown(client, until="2999-01-01T09:30") == [5, 4, 3, 2, 1, 0]
    assert shown(client, topic=version.model.slug, actor="system") == [2]


@pytest.mark.parametrize("query", [{"subject": "nonsense"}, {"since": "yesterday"}, {"event": "no.such.event"}])
def test_a_filter_that_can_not_be_used_shows_nothing_and_says_why(
    client: Client, sequenced: Callable[[], None], query: dict[str, str]
) -> None:
    story()
    sequenced()
    answer = reader(client).get(reverse("audit"), query)
    assert answer.status_code == 200
    assert answer.context["entries"].lines == []
    page = answer.content.decode()
    assert "The filter can't be used." in page
    assert page.count(">Clear") == 1
    assert "Save filter" not in page


def test_pages_go_back_by_key_and_keep_the_filter(client: Client, sequenced: Callable[[], None]) -> None:
    for _ in range(20):
        story()
    sequenced()
    reader(client)
    assert shown(client) == list(range(59, 9, -1))
    page = client.get(reverse("audit"), {"event": "registry.version.sealed"}).content.decode()
    assert "before=" not in page
    page = client.get(reverse("audit"), {"until": "2999-01-01"}).content.decode()
    assert "?until=2999-01-01&amp;before=10" in page
    assert shown(client, until="2999-01-01", before=10) == list(range(9, -1, -1))


def test_an_entry_shows_payload_leaf_proof_and_checkpoint(client: Client, sequenced: Callable[[], None]) -> None:
    version = story()
    sequenced()
    answer = reader(client).get(reverse("entry", args=[1]))
    page, overview = unescape(answer.content.decode()), answer.context["overview"]
    assert overview.included
    assert "Included in checkpoint" in page
    assert f"{version.created_by.name} registered the version {version}" in page
    assert '"event": "registry.version.registered"' in page
    assert overview.entry.leaf_hash in page
    assert overview.root in page
    assert all(step.hash in page for step in overview.path)
    assert [step.side for step in overview.path] == ["left", "right"]
    assert overview.checkpoint in page
    assert "Knows summer." in page
    assert overview.private[0].commitment in page


def test_the_downloaded_proof_verifies_with_the_program_that_the_page_prints(
    client: Client, sequenced: Callable[[], None], tmp_path: Path
) -> None:
    for _ in range(4):
        story()
    sequenced()
    reader(client)
    for index in (0, 5, 11):
        answer = client.get(reverse("entry_proof", args=[index]))
        name = f"entry-{index}.proof.json"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        program = client.get(reverse("entry", args=[index])).context["overview"].program
        (tmp_path / name).write_bytes(answer.content)
        assert verdict(program, tmp_path) == "True"
        forged = json.loads(answer.content)
        forged["payload"] = forged["payload"][:-8] + "AAAAAAA="
        (tmp_path / name).write_text(json.dumps(forged))
        assert verdict(program, tmp_path) == "False"


def verdict(program: str, folder: Path) -> str:
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_an_altered_entry_is_not_shown_as_included(client: Client, sequenced: Callable[[], None]) -> None:
    story()
    sequenced()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE ledger_entry SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'sealed', 'sealEd'),"
            " 'UTF8') WHERE index = 2"
        )
        owner.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    page = reader(client).get(reverse("entry", args=[2])).content.decode()
    assert "This entry is not what was signed." in page
    assert "Included in checkpoint" not in page


def test_people_see_the_entries_of_their_teams_and_auditors_all(client: Client, sequenced: Callable[[], None]) -> None:
    team = TeamFactory.create()
    story(team)
    story()
    sequenced()
    reader(client, Role.DEVELOPER, team)
    assert shown(client) == [2, 1, 0]
    assert "the entries of your teams" in client.get(reverse("audit")).content.decode()
    assert client.get(reverse("entry", args=[0])).status_code == 200
    for name in ("entry", "entry_proof"):
        assert client.get(reverse(name, args=[3])).status_code == 404
        assert client.get(reverse(name, args=[99])).status_code == 404
    reader(client)
    assert shown(client) == [5, 4, 3, 2, 1, 0]


def test_a_page_of_entries_takes_as_many_queries_however_many_they_are(
    client: Client, sequenced: Callable[[], None], django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(12):
        story()
    sequenced()
    reader(client)
    client.get(reverse("audit"))
    with django_assert_max_num_queries(16, connection=connection):  # type: ignore[attr-defined]
        client.get(reverse("audit"))
