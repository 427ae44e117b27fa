"""Fixing validation plans."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from monitoring.events import PLAN_FIXED
from monitoring.models import ValidationPlan
from monitoring.rules.plans import PlanSpecification, completed, problems
from portal.core.actors import Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.choices import SnapshotState
from registry.models import DatasetSnapshot, RegisteredModel
from registry.services.rows import author_of, lock_model, next_number


@transaction.atomic
def fix_plan(
    *, actor: Actor, model: RegisteredModel, held_out: DatasetSnapshot, specification: Mapping[str, Any]
) -> ValidationPlan:
    """Fix the model's next plan: runs requested from now on follow it.

    What `specification` leaves out takes the default of the model's task. Raises Forbidden, Invalid with every
    problem, and Conflict where the newest plan says the same.
    """
    actor.require("plan_validation", model.team_id)
    author, locked = author_of(actor), lock_model(model.pk)
    content = completed(specification, task=locked.task)
    found = {
        "held_out": _held_out_problems(actor, held_out),
        "specification": problems(content, task=locked.task) or _column_problems(held_out, content),
    }
    if any(found.values()):
        words = " ".join(text for texts in found.values() for text in texts)
        raise Invalid(
            f"The plan can't be fixed. {words}", fields={name: texts for name, texts in found.items() if texts}
        )
    content = PlanSpecification.from_dict(content).as_dict()
    digest = digest_of({"held_out": held_out.sha256, "specification": content})
    newest = locked.validation_plans.first()
    if newest is not None and newest.digest == digest:
        raise Conflict(f"Plan {newest.number} of {locked.slug} already says exactly this.", code="plan_unchanged")
    plan = ValidationPlan.objects.create(
        model=locked,
        number=next_number(locked.validation_plans.all()),
        held_out=held_out,
        specification=content,
        digest=digest,
        created_by_id=author,
        fixed_at=now(),
    )
    append(
        actor=actor,
        event=PLAN_FIXED,
        subject=Subject("plan", str(plan.pk), str(plan), locked.team_id),
        data=plan.public_state(),
        topics=(f"model:{locked.pk}", f"plan:{plan.pk}", f"snapshot:{held_out.pk}"),
    )
    return plan


def _held_out_problems(actor: Actor, held_out: DatasetSnapshot) -> list[str]:
    snapshot = DatasetSnapshot.objects.visible_to(actor).filter(pk=held_out.pk).first()
    if snapshot is None:
        return ["There is no such snapshot."]
    if snapshot.state != SnapshotState.READY:
        return [f"The snapshot is {snapshot.get_state_display().lower()}; only one that is ready can be held out."]
    return [] if snapshot.blob_id else ["The snapshot's rows have been erased."]


def _column_problems(held_out: DatasetSnapshot, content: Mapping[str, Any]) -> list[str]:
    known = {column["name"] for column in held_out.columns}
    wanted = [content["label_column"], content["unit_column"], *content["slices"]]
    return [f"The held-out snapshot has no column “{name}”." for name in wanted if name and name not in known]
