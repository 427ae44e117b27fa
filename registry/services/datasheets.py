"""Writing what a dataset is, and which of its columns are sensitive."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.events import DATASHEET_WRITTEN
from registry.models import Dataset, Datasheet
from registry.rules.datasheets import TOPICS, named_once, sensitive_problems, texts_problems
from registry.services.rows import author_of, next_number


@transaction.atomic
def write_datasheet(
    *, actor: Actor, dataset: Dataset, texts: Mapping[str, str], sensitive: Sequence[str] = ()
) -> Datasheet:
    """Write the dataset's next datasheet, whole; one that says the same as the newest changes nothing.

    `texts` are by topic of `rules.datasheets.TOPICS`; a missing one is empty. Raises Forbidden and Invalid.
    """
    actor.require("upload_dataset", dataset.team_id)
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    newest = dataset.datasheets.first()
    said = {topic: texts.get(topic, "").strip() for topic in TOPICS}
    columns = named_once(sensitive)
    before = newest.sensitive if newest else ()
    may_reveal = actor.may("read_sensitive", dataset.team_id)
    if found := texts_problems(said) | sensitive_problems(before, columns, may_reveal=may_reveal):
        raise Invalid("The datasheet can't be written; see the fields.", fields=found)
    if newest is not None and (newest.says, newest.sensitive) == (said, columns):
        return newest
    made = Datasheet.objects.create(
        dataset=dataset, number=next_number(dataset.datasheets.all()), sensitive=columns,
        written_by_id=author_of(actor), written_at=now(), **said,
    )  # fmt: skip
    append(
        actor=actor,
        event=DATASHEET_WRITTEN,
        subject=Subject("datasheet", str(made.pk), str(made), dataset.team_id),
        data=made.public_state(),
        private={name: text for name, text in {**said, "sensitive": "\n".join(columns)}.items() if text},
        topics=(f"dataset:{dataset.pk}", f"datasheet:{made.pk}"),
    )
    return made
