"""Making and renaming teams, and which of them may hand in pickles."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from portal.accounts.choices import Line
from portal.accounts.events import TEAM_CREATED, TEAM_PICKLES_ALLOWED, TEAM_PICKLES_ENDED, TEAM_RENAMED
from portal.accounts.models import Team
from portal.accounts.services.authority import require_now
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.core.names import name_errors
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append

LONGEST_WITH_PICKLES = timedelta(days=366)
LONGEST_REASON = 2000


@transaction.atomic
def create_team(*, actor: Actor, slug: str, name: str, line: str = Line.FIRST) -> Team:
    """Make a team in a line of defence. Raises Forbidden, and Invalid for a slug that is taken or malformed."""
    require_now(actor)
    fields: dict[str, list[str]] = {}
    try:
        validate_slug(slug)
    except ValidationError:
        fields["slug"] = ["Use letters, digits, hyphens and underscores."]
    if Team.objects.filter(slug=slug).exists():
        fields["slug"] = ["There is a team of this name already."]
    if line not in Line.values:
        fields["line"] = [f"Choose one of {', '.join(Line.values)}."]
    if wrong := name_errors(name):
        fields["name"] = wrong
    if fields:
        raise Invalid("The team can't be made; see the fields.", fields=fields)
    team = Team.objects.create(slug=slug, name=name.strip(), line=line, created_at=now())
    _record(team, actor=actor, event=TEAM_CREATED)
    return team


@transaction.atomic
def rename_team(*, actor: Actor, team: Team, name: str) -> Team:
    """Give a team another name; its slug, by which programs know it, stays. Raises Forbidden, Invalid."""
    require_now(actor)
    if wrong := name_errors(name):
        raise Invalid("The team can't be renamed; see the field.", fields={"name": wrong})
    row = Team.objects.select_for_update().get(pk=team.pk)
    row.name = name.strip()
    row.save(update_fields=["name"])
    _record(row, actor=actor, event=TEAM_RENAMED)
    return row


@transaction.atomic
def allow_pickles(*, actor: Actor, team: Team, until: datetime, reason: str) -> Team:
    """Let models of the team be pickles until a day: kept and described, never opened. Raises Forbidden, Invalid."""
    require_now(actor)
    fields: dict[str, list[str]] = {}
    if not now() < until <= now() + LONGEST_WITH_PICKLES:
        fields["until"] = [f"Choose a day that is to come, in {LONGEST_WITH_PICKLES.days} days at most."]
    if not reason.strip() or len(reason) > LONGEST_REASON or "\0" in reason:
        fields["reason"] = [f"Say why, in at most {LONGEST_REASON} characters."]
    if fields:
        raise Invalid("Pickles are not allowed; see the fields.", fields=fields)
    return _set_pickles(team, until, reason.strip(), actor=actor, event=TEAM_PICKLES_ALLOWED)


@transaction.atomic
def end_pickles(*, actor: Actor, team: Team) -> Team:
    """Let no further model of the team be a pickle; what was kept stays. Raises Forbidden; safe to repeat."""
    require_now(actor)
    if Team.objects.get(pk=team.pk).pickles_until is None:
        return team
    return _set_pickles(team, None, "", actor=actor, event=TEAM_PICKLES_ENDED)


def _set_pickles(team: Team, until: datetime | None, reason: str, *, actor: Actor, event: EventType) -> Team:
    row = Team.objects.select_for_update().get(pk=team.pk)
    row.pickles_until, row.pickles_reason = until, reason
    row.save(update_fields=["pickles_until", "pickles_reason"])
    _record(row, actor=actor, event=event)
    return row


def _record(team: Team, *, actor: Actor, event: EventType) -> None:
    reason = {"pickles_reason": team.pickles_reason} if team.pickles_reason else {}
    append(
        actor=actor,
        event=event,
        subject=Subject("team", str(team.pk), team.name, team.pk),
        data=team.public_state(),
        private={"name": team.name, **reason},
        topics=(f"team:{team.pk}",),
    )
