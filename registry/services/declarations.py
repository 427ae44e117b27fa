"""Declaring what was in use before the portal, and saying that it is not any more."""

from datetime import date

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from registry.choices import ReleaseState
from registry.errors import NotUsable
from registry.events import RELEASE_DECLARED, RELEASE_ENDED, RELEASE_SUPERSEDED
from registry.models import ModelVersion, RegisteredModel, Release
from registry.rules.declarations import extension_problem, problems
from registry.rules.releases import version_problem
from registry.rules.states import RELEASE, after
from registry.rules.values import text_problems
from registry.services.releases import record_release
from registry.services.rows import author_of, lock_model, require_in_service


@transaction.atomic
def declare_release(
    *, actor: Actor, model: RegisteredModel, environment: str, in_use_since: date, deadline: date,
    description: str = "", version: ModelVersion | None = None,
) -> Release:  # fmt: skip
    """Declare what was in use in an environment before the portal, and by when it goes through the gates.

    A second declaration there takes the place of the first; saying the same again is no event. Raises Forbidden and
    Invalid, and NotUsable where a release was approved or the version is not sealed.
    """
    actor.require("declare_release", model.team_id)
    model = lock_model(model.pk)
    require_in_service(model)
    at, description = now(), description.strip()
    found = problems(
        environment=environment, description=description, has_version=version is not None, in_use_since=in_use_since,
        deadline=deadline, registered_on=model.created_at.date(), today=at.date(),
    )  # fmt: skip
    if version is not None and version.model_id != model.pk:
        found["version"] = ["It is a version of another model."]
    former = model.releases.filter(environment=environment, in_use_since__isnull=False).first()
    may_extend = actor.may("extend_deadline", model.team_id)
    if reason := extension_problem(deadline, former.deadline if former else None, may_extend=may_extend):
        found.setdefault("deadline", []).append(reason)
    if found:
        raise Invalid("It can't be declared; see the fields.", fields=found)
    _require_never_approved(model, environment, version)
    wanted = {
        "environment": environment, "description": description, "in_use_since": in_use_since, "deadline": deadline,
        "version": version,
    }  # fmt: skip
    stands = former if former is not None and former.state == ReleaseState.DECLARED else None
    if stands is not None:
        if all(getattr(stands, name) == value for name, value in wanted.items()):
            return stands
        _end(stands, model, actor=actor, verb="supersede")
    release = Release.objects.create(
        **wanted, model=model, feature_pipeline_version=version.feature_pipeline_version if version else None,
        state=ReleaseState.DECLARED, planned_by_id=author_of(actor), planned_at=at,
    )  # fmt: skip
    record_release(release, actor=actor, event=RELEASE_DECLARED, private={"description": description})
    return release


@transaction.atomic
def end_declared_release(*, actor: Actor, release: Release, reason: str) -> Release:
    """Say that what was declared is not in use any more. Raises Forbidden, Invalid and NotUsable."""
    actor.require("declare_release", release.model.team_id)
    model = lock_model(release.model_id)
    if found := text_problems({"reason": reason}):
        raise Invalid("It can't be ended; see the fields.", fields=found)
    row = Release.objects.select_for_update(of=("self",)).select_related("version__model").get(pk=release.pk)
    if after(RELEASE, "end", row.state) is None:
        raise NotUsable(f"The release is {row.get_state_display().lower()}; only a declared one is ended so.")
    row.reason = reason.strip()
    _end(row, model, actor=actor, verb="end")
    return row


def _require_never_approved(model: RegisteredModel, environment: str, version: ModelVersion | None) -> None:
    """Raise NotUsable where the gates were passed once: nothing goes around them after that."""
    if model.releases.filter(environment=environment, activated_at__isnull=False).exists():
        words = "A release of this model was approved there: what runs there since goes through the gates."
        raise NotUsable(f"{words} Ask for the approval of the version that is in use.")
    if version is not None and (reason := version_problem(version.state)) is not None:
        raise NotUsable(reason)


def _end(row: Release, model: RegisteredModel, *, actor: Actor, verb: str) -> None:
    row.model = model
    row.state, row.ended_at = str(after(RELEASE, verb, row.state)), now()
    row.save(update_fields=["state", "ended_at", "reason"])
    event = RELEASE_ENDED if verb == "end" else RELEASE_SUPERSEDED
    record_release(row, actor=actor, event=event, private={"reason": row.reason} if row.reason else None)
