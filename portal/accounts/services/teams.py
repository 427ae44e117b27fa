"""Making and renaming teams."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from portal.accounts.choices import Line
from portal.accounts.events import TEAM_CREATED, TEAM_RENAMED
from portal.accounts.models import Team
from portal.accounts.services.authority import require_now
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.core.names import name_errors
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append


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


def _record(team: Team, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("team", str(team.pk), team.name, team.pk),
        data=team.public_state(),
        private={"name": team.name},
        topics=(f"team:{team.pk}",),
    )
