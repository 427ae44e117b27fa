"""Saying who answers for the stages of a model's pipeline."""

from typing import Any

from django.db import transaction

from portal.accounts.models import Team, User
from portal.accounts.selectors import people_with
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid, NotFound
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import Stage
from registry.events import STAGE_ASSIGNED
from registry.models import PipelineStage, RegisteredModel
from registry.rules.stages import problems
from registry.services.rows import author_of, candidate, lock_model


def add_stages(model: RegisteredModel) -> None:
    """Give a new model its six stages, which nobody owns yet; the model's own entry says so."""
    PipelineStage.objects.bulk_create(PipelineStage(model=model, stage=stage) for stage in Stage)


@transaction.atomic
def assign_stage(
    *, actor: Actor, model: RegisteredModel, stage: str, owner: User | Team | None, backup: User | None,
    response_hours: int | None,
) -> PipelineStage:  # fmt: skip
    """Say who owns a stage, who stands in and how soon they answer; saying the same again changes nothing.

    Raises Forbidden, NotFound for a stage that no pipeline has, and Invalid.
    """
    actor.require("register_model", model.team_id)
    if stage not in Stage.values:
        raise NotFound(f"A pipeline has no stage of this name; its stages are {', '.join(Stage.values)}.")
    model = lock_model(model.pk)
    # A release before this one may have registered the model without stages.
    row, _ = PipelineStage.objects.select_for_update(of=("self",)).get_or_create(model=model, stage=stage)
    row.model = model
    person, team = (owner, None) if isinstance(owner, User) else (None, owner)
    wanted = {"owner_user": person, "owner_team": team, "backup": backup, "response_hours": response_hours}
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return row
    if found := _problems(model, person, backup, response_hours):
        raise Invalid("The stage can't be assigned; see the fields.", fields=found)
    changes: dict[str, Any] = {**wanted, "changed_at": now(), "changed_by_id": author_of(actor)}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))
    append(
        actor=actor,
        event=STAGE_ASSIGNED,
        subject=Subject("pipeline_stage", str(row.pk), str(row), model.team_id),
        data=row.public_state(),
        topics=(f"model:{model.pk}",),
    )
    return row


def _problems(
    model: RegisteredModel, owner: User | None, backup: User | None, response_hours: int | None
) -> dict[str, list[str]]:
    readers = {user.pk for user in people_with("read", model.team_id)} if owner or backup else set[int]()
    return problems(owner=candidate(owner, readers), backup=candidate(backup, readers), response_hours=response_hours)
