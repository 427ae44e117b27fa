"""Registering models, and the use case that each belongs to."""

from django.db import transaction

from portal.accounts.models import Team, User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.errors import NotUsable
from registry.events import MODEL_LINKED, MODEL_REGISTERED, MODEL_UNLINKED
from registry.models import RegisteredModel, UseCase
from registry.rules.registration import model_problems
from registry.rules.use_cases import link_problem
from registry.rules.values import slug_problems
from registry.services.rows import create_under_slug, lock_model
from registry.services.stages import add_stages


@transaction.atomic
def register_model(
    *, actor: Actor, slug: str, name: str, purpose: str, team: Team, owner: User, tier: int, task: str,
    implementation: str,
) -> RegisteredModel:  # fmt: skip
    """Register a model of a team. Raises Forbidden, Invalid and SlugTaken."""
    actor.require("register_model", team.pk)
    problems = slug_problems(slug) | model_problems(
        name=name, purpose=purpose, tier=tier, task=task, implementation=implementation,
        owner_is_active=owner.is_active,
    )  # fmt: skip
    if problems:
        raise Invalid("The model can't be registered; see the fields.", fields=problems)
    model = create_under_slug(
        lambda: RegisteredModel.objects.create(
            slug=slug, name=name.strip(), purpose=purpose.strip(), team=team, owner=owner, tier=tier, task=task,
            implementation=implementation, created_at=now(),
        ),
        slug,
    )  # fmt: skip
    add_stages(model)
    append(
        actor=actor,
        event=MODEL_REGISTERED,
        subject=Subject("model", str(model.pk), model.slug, team.pk),
        data=model.public_state(),
        private={"name": model.name, "purpose": model.purpose},
        topics=(f"model:{model.pk}",),
    )
    return model


@transaction.atomic
def link_model(*, actor: Actor, model: RegisteredModel, use_case: UseCase | None) -> RegisteredModel:
    """Say which use case of its team a model serves, or (None) that it serves none.

    Raises Forbidden, and NotUsable for another team's use case, one that takes no models, and what is so already.
    """
    actor.require("register_model", model.team_id)
    model = lock_model(model.pk)
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
    append(
        actor=actor,
        event=MODEL_LINKED if use_case else MODEL_UNLINKED,
        subject=Subject("model", str(model.pk), model.slug, model.team_id),
        data=model.public_state(),
        topics=(f"model:{model.pk}", *(f"use_case:{pk}" for pk in touched)),
    )
    return model
