"""The record of a model: registered, changed, linked to a use case, retired."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from django.db import IntegrityError, transaction

from portal.accounts.models import Team, User
from portal.accounts.selectors import people_with
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import Environment, Origin, ReleaseState
from registry.errors import NameTaken, NotUsable
from registry.events import MODEL_CHANGED, MODEL_LINKED, MODEL_REGISTERED, MODEL_RETIRED, MODEL_UNLINKED
from registry.models import RegisteredModel, UseCase
from registry.rules import tags as tagging
from registry.rules.links import Contact, Link, contacts_text, kept, links_text
from registry.rules.links import problems as link_problems
from registry.rules.registration import model_problems, record_problems, retirement_problem
from registry.rules.stages import Candidate
from registry.rules.use_cases import link_problem
from registry.rules.values import slug_problems, text_problems
from registry.services.rows import (
    author_of,
    candidate,
    constraint_of,
    create_under_slug,
    lock_model,
    require_in_service,
)
from registry.services.stages import add_stages


class Kept(Enum):
    """What a change leaves as it is, where None would mean that there is none."""

    KEPT = "kept"


KEPT = Kept.KEPT
RECORD = ("name", "purpose", "owner_id", "backup_id", "mlflow_name", "tags", "links", "contacts")
"""What a change of a record writes."""


@transaction.atomic
def register_model(
    *, actor: Actor, slug: str, name: str, purpose: str, team: Team, owner: User, tier: int, task: str,
    implementation: str, origin: str = Origin.OWN, backup: User | None = None, mlflow_name: str | None = None,
    tags: Iterable[str] = (), links: Sequence[Link] = (), contacts: Sequence[Contact] = (),
    readers: Collection[int] | None = None,
) -> RegisteredModel:  # fmt: skip
    """Register a model of a team. Raises Forbidden, Invalid, SlugTaken and NameTaken.

    `readers`: the people who may read the team's models, where they are known already; among them is the backup.
    """
    actor.require("register_model", team.pk)
    problems = slug_problems(slug) | model_problems(tier=tier, task=task, implementation=implementation, origin=origin)
    problems |= record_problems(
        name=name, purpose=purpose, mlflow_name=mlflow_name, owner=owner.pk, owner_is_active=owner.is_active,
        backup=_candidate(backup, team.pk) if readers is None else candidate(backup, readers),
    )  # fmt: skip
    labels = tagging.normalised(tags)
    problems |= tagging.problems(labels) | link_problems(links, contacts)
    if problems:
        raise Invalid("The model can't be registered; see the fields.", fields=problems)
    with _unique_mlflow_name(mlflow_name):
        model = create_under_slug(
            lambda: RegisteredModel.objects.create(
                slug=slug, name=name.strip(), purpose=purpose.strip(), team=team, owner=owner, backup=backup,
                tier=tier, task=task, implementation=implementation, origin=origin, mlflow_name=mlflow_name,
                tags=" ".join(labels), links=kept(links), contacts=kept(contacts), created_at=now(),
            ),
            slug,
        )  # fmt: skip
    add_stages(model)
    _record(model, actor=actor, event=MODEL_REGISTERED, private=_private(model))
    return model


@transaction.atomic
def change_model(
    *, actor: Actor, model: RegisteredModel, name: str | None = None, purpose: str | None = None,
    owner: User | None = None, backup: User | Kept | None = KEPT, mlflow_name: str | Kept | None = KEPT,
    tags: Iterable[str] | None = None, links: Sequence[Link] | None = None, contacts: Sequence[Contact] | None = None,
) -> RegisteredModel:  # fmt: skip
    """Change what a model's record says and who answers for it; what is not given stays.

    Raises Forbidden, Invalid, NameTaken, and NotUsable for a retired model. Saying the same again is no event.
    """
    actor.require("register_model", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    before = _record_of(model)
    model.name = model.name if name is None else name.strip()
    model.purpose = model.purpose if purpose is None else purpose.strip()
    model.owner = owner or model.owner
    model.backup = model.backup if isinstance(backup, Kept) else backup
    model.mlflow_name = model.mlflow_name if isinstance(mlflow_name, Kept) else mlflow_name
    model.tags = model.tags if tags is None else " ".join(tagging.normalised(tags))
    found = _problems(
        model, new_owner=model.owner_id != before["owner_id"], new_backup=model.backup_id != before["backup_id"]
    )
    if found := found | tagging.problems(model.labels) | link_problems(links or (), contacts or ()):
        raise Invalid("The model can't be changed; see the fields.", fields=found)
    model.links = model.links if links is None else kept(links)
    model.contacts = model.contacts if contacts is None else kept(contacts)
    if before == _record_of(model):
        return model
    with _unique_mlflow_name(model.mlflow_name), transaction.atomic():
        model.save(update_fields=[name.removesuffix("_id") for name in RECORD])
    _record(model, actor=actor, event=MODEL_CHANGED, private=_private(model))
    return model


@transaction.atomic
def retire_model(*, actor: Actor, model: RegisteredModel, reason: str) -> RegisteredModel:
    """Retire a model of which no version takes live decisions; it stays in the inventory, and nothing is added to it.

    Raises Forbidden, Invalid and NotUsable.
    """
    actor.require("register_model", model.team_id)
    model = lock_model(model.pk)
    if found := text_problems({"reason": reason}):
        raise Invalid("The model can't be retired; see the fields.", fields=found)
    states = {place: set(model.releases.in_use_in(place).values_list("state", flat=True)) for place in Environment}
    active, declared = (
        [place.label.lower() for place in Environment if state in states[place]]
        for state in (ReleaseState.ACTIVE, ReleaseState.DECLARED)
    )
    refusal = retirement_problem(is_retired=model.retired_at is not None, active_in=active, declared_in=declared)
    if refusal is not None:
        raise NotUsable(refusal)
    model.retired_by_id, model.retired_at, model.retirement = author_of(actor), now(), reason.strip()
    model.save(update_fields=["retired_by", "retired_at", "retirement"])
    _record(model, actor=actor, event=MODEL_RETIRED, private={"retirement": model.retirement})
    return model


@transaction.atomic
def link_model(*, actor: Actor, model: RegisteredModel, use_case: UseCase | None) -> RegisteredModel:
    """Say which use case of its team a model serves, or (None) that it serves none.

    Raises Forbidden, and NotUsable for another team's use case, one that takes no models, and what is so already.
    """
    actor.require("register_model", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    before = model.use_case_id
    if before == (use_case.pk if use_case else None):
        raise NotUsable("It is so already.")
    if use_case is not None:
        # Locked: it could be rejected, retired or found to need no model at this moment.
        use_case = UseCase.objects.select_for_update().get(pk=use_case.pk)
        if (reason := link_problem(use_case.state, same_team=use_case.team_id == model.team_id)) is not None:
            raise NotUsable(reason)
    model.use_case = use_case
    model.save(update_fields=["use_case"])
    touched = [pk for pk in (before, model.use_case_id) if pk is not None]
    topics = tuple(f"use_case:{pk}" for pk in touched)
    _record(model, actor=actor, event=MODEL_LINKED if use_case else MODEL_UNLINKED, topics=topics)
    return model


def _record_of(model: RegisteredModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in RECORD}


def _private(model: RegisteredModel) -> dict[str, str]:
    """Return what of a record only its salted commitment stands in the log for: texts, names and addresses."""
    said = {"links": links_text(model.links), "contacts": contacts_text(model.contacts)}
    return {"name": model.name, "purpose": model.purpose} | {name: text for name, text in said.items() if text}


def _problems(model: RegisteredModel, *, new_owner: bool, new_backup: bool) -> dict[str, list[str]]:
    """Return what is wrong with a changed record; people who were named before are not judged again."""
    found = record_problems(
        name=model.name,
        purpose=model.purpose,
        mlflow_name=model.mlflow_name,
        owner=model.owner_id,
        owner_is_active=not new_owner or model.owner.is_active,
        backup=_candidate(model.backup if new_backup else None, model.team_id),
    )
    if model.backup_id == model.owner_id:
        found.setdefault("backup", ["The backup is somebody else than the owner."])
    return found


def _candidate(user: User | None, team_id: int) -> Candidate | None:
    return candidate(user, {one.pk for one in people_with("read", team_id)} if user else set())


@contextmanager
def _unique_mlflow_name(name: str | None) -> Iterator[None]:
    """Raise NameTaken where another model has the name for MLflow clients; around a transaction that can be undone."""
    try:
        yield
    except IntegrityError as error:
        if "mlflow_name" not in constraint_of(error):
            raise
        message = f"Another model has the name {name} for MLflow clients. Choose another one."
        raise NameTaken(message, fields={"mlflow_name": [message]}) from None


def _record(
    model: RegisteredModel, *, actor: Actor, event: EventType, private: dict[str, str] | None = None,
    topics: tuple[str, ...] = (),
) -> None:  # fmt: skip
    append(
        actor=actor,
        event=event,
        subject=Subject("model", str(model.pk), model.slug, model.team_id),
        data=model.public_state(),
        private=private,
        topics=(f"model:{model.pk}", *topics),
    )
