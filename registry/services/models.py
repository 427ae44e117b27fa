"""Registering models."""

from django.db import transaction

from portal.accounts.models import Team, User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.events import MODEL_REGISTERED
from registry.models import RegisteredModel
from registry.rules.registration import model_problems
from registry.rules.values import slug_problems
from registry.services.rows import create_under_slug
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
