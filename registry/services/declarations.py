"""Declaring what was in use before the portal, and saying that it is not any more."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Wanted:
    """What is declared: what was in use where since when, and by when it goes through the gates."""

    environment: str
    in_use_since: date
    deadline: date
    description: str
    version: ModelVersion | None = None


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
    wanted = Wanted(environment, in_use_since, deadline, description.strip(), version)
    former = model.releases.filter(environment=environment, in_use_since__isnull=False).first()
    _require_sound(actor, model, wanted, former.deadline if former else None)
    _require_never_approved(model, environment, version)
    stands = former if former is not None and former.state == ReleaseState.DECLARED else None
    if stands is not None:
        if all(getattr(stands, name) == value for name, value in vars(wanted).items()):
            return stands
        _end(stands, model, actor=actor, verb="supersede")
    return _declare(actor, model, wanted)


def declare_of_new(
    *, actor: Actor, model: RegisteredModel, environment: str, in_use_since: date, deadline: date, description: str
) -> Release:
    """Declare what is in use of a model that was registered in this very transaction: nothing else can stand there.

    Once for an environment. Raises Forbidden and Invalid.
    """
    actor.require("declare_release", model.team_id)
    wanted = Wanted(environment, in_use_since, deadline, description.strip())
    _require_sound(actor, model, wanted, None)
    return _declare(actor, model, wanted)


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


def _require_sound(actor: Actor, model: RegisteredModel, wanted: Wanted, former_deadline: date | None) -> None:
    """Raise Invalid with what is wrong with a declaration, by field."""
    version = wanted.version
    found = problems(
        environment=wanted.environment, description=wanted.description, has_version=version is not None,
        in_use_since=wanted.in_use_since, deadline=wanted.deadline, registered_on=model.created_at.date(),
        today=now().date(),
    )  # fmt: skip
    if version is not None and version.model_id != model.pk:
        found["version"] = ["It is a version of another model."]
    may_extend = actor.may("extend_deadline", model.team_id)
    if reason := extension_problem(wanted.deadline, former_deadline, may_extend=may_extend):
        found.setdefault("deadline", []).append(reason)
    if found:
        raise Invalid("It can't be declared; see the fields.", fields=found)


def _declare(actor: Actor, model: RegisteredModel, wanted: Wanted) -> Release:
    version = wanted.version
    release = Release.objects.create(
        **vars(wanted), model=model, feature_pipeline_version=version.feature_pipeline_version if version else None,
        state=ReleaseState.DECLARED, planned_by_id=author_of(actor), planned_at=now(),
    )  # fmt: skip
    record_release(release, actor=actor, event=RELEASE_DECLARED, private={"description": wanted.description})
    return release


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
