import json
from dataclasses import replace

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import Actor, Grant
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.models import Dataset
from registry.services.datasheets import write_datasheet
from tests.factories.accounts import actor_with
from tests.factories.registry import DatasetFactory
from tests.portal.ledger.replay import replayed

TEXTS = {"origin": "The bank's own.", "retention": "Ten years."}


@pytest.fixture
def dataset(team: Team) -> Dataset:
    made: Dataset = DatasetFactory.create(team=team)
    return made


def test_each_datasheet_is_whole_and_the_newest_is_in_force(developer: Actor, dataset: Dataset) -> None:
    first = write_datasheet(actor=developer, dataset=dataset, texts=TEXTS, sensitive=["income", " income"])
    second = write_datasheet(actor=developer, dataset=dataset, texts={"gaps": "None known."}, sensitive=["income"])
    assert (first.number, first.origin, first.sensitive) == (1, "The bank's own.", ["income"])
    assert (second.number, second.origin, second.gaps) == (2, "", "None known.")
    assert dataset.datasheets.first() == second


def test_the_entry_holds_a_digest_and_texts_and_names_stand_beside_it(developer: Actor, dataset: Dataset) -> None:
    made = write_datasheet(actor=developer, dataset=dataset, texts=TEXTS, sensitive=["income"])
    payload = bytes(PendingEntry.objects.get().payload).decode()
    assert replayed("datasheet") == {str(made.pk): made.public_state()}
    assert "bank" not in payload
    assert "income" not in payload
    assert set(json.loads(payload)["commitments"]) == {"origin", "retention", "sensitive"}


def test_saying_the_same_again_changes_nothing(developer: Actor, dataset: Dataset) -> None:
    made = write_datasheet(actor=developer, dataset=dataset, texts=TEXTS)
    assert write_datasheet(actor=developer, dataset=dataset, texts=TEXTS) == made
    assert PendingEntry.objects.count() == 1


def test_who_does_not_see_a_sensitive_column_does_not_unmask_it(developer: Actor, dataset: Dataset, team: Team) -> None:
    write_datasheet(actor=developer, dataset=dataset, texts=TEXTS, sensitive=["income"])
    with pytest.raises(Invalid) as refused:
        write_datasheet(actor=developer, dataset=dataset, texts=TEXTS)
    assert set(refused.value.fields) == {"sensitive"}
    granted = replace(developer, grants=developer.grants | {Grant("read_sensitive", team.pk)})
    assert write_datasheet(actor=granted, dataset=dataset, texts=TEXTS).sensitive == []


def test_only_who_uploads_to_the_dataset_writes_it(dataset: Dataset, team: Team) -> None:
    for role in (Role.VIEWER, Role.VALIDATOR, Role.AUDITOR):
        with pytest.raises(Forbidden):
            write_datasheet(actor=actor_with(role, team=team), dataset=dataset, texts=TEXTS)
