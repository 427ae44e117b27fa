"""Who acts with which capabilities now, and who could."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from django.db.models import Q, QuerySet

from portal.accounts.choices import UserKind
from portal.accounts.models import ApiToken, FormerAddress, RoleGrant, User
from portal.accounts.models.grants import RoleGrantQuerySet
from portal.accounts.roles import capabilities_of, narrowed
from portal.core.actors import Actor, Grant
from portal.core.clock import now


def actor_for_user(user: User, *, interactive: bool) -> Actor:
    """Return the user as an actor with the grants in force now; one who may not enter holds none."""
    held = RoleGrant.objects.at(now()).filter(user_id=user.pk) if user.may_enter else ()
    return Actor(
        id=user.actor_id,
        kind="service" if user.kind == UserKind.SERVICE else "user",
        name=user.name,
        user_id=user.pk,
        grants=_capabilities(user, held),
        interactive=interactive and user.kind == UserKind.PERSON,
    )


def actor_for_token(token: ApiToken) -> Actor:
    """Return the token's user, narrowed to the token's scopes; never `sign`, never interactive."""
    actor = actor_for_user(token.user, interactive=False)
    if not token.works_at(now()):
        return replace(actor, grants=frozenset())
    return replace(actor, grants=narrowed(actor.grants, token.scopes))


def people_with(capability: str, team_id: int | None) -> list[User]:
    """Return the active users who hold the capability for this team now, by name (None: for every team)."""
    return people_by_team(capability, [team_id])[team_id]


def people_by_team(capability: str, team_ids: Collection[int | None]) -> dict[int | None, list[User]]:
    """Return {team: the active users who hold the capability for it now, by name}, in one query."""
    grants_of: dict[int, list[RoleGrant]] = defaultdict(list)
    asked = Q(team=None) | Q(team__in=[team for team in team_ids if team is not None])
    for row in RoleGrant.objects.at(now()).filter(asked, user__is_active=True).select_related("user__owner"):
        grants_of[row.user_id].append(row)
    people = [rows[0].user for rows in grants_of.values() if rows[0].user.may_enter]
    found: dict[int | None, list[User]] = {team: [] for team in team_ids}
    for user in sorted(people, key=lambda user: (user.name, user.pk)):
        held = {one.team_id for one in _capabilities(user, grants_of[user.pk]) if one.capability == capability}
        for team in found if None in held else found.keys() & held:
            found[team].append(user)
    return found


def people_of_addresses(addresses: Collection[str], *, kind: str = "") -> dict[str, int]:
    """Return {address in lower case: id of whose it is or was}; of accounts of one kind where told."""
    rows = User.objects.filter(kind=kind) if kind else User.objects.all()
    former = FormerAddress.objects.filter(email__in=addresses, user__in=rows)
    return {
        **dict(former.values_list("email", "user")),
        **dict(rows.filter(email__in=addresses).values_list("email", "pk")),
    }


def takes_two(user: User) -> bool:
    """Whether changes to how this person gets in take two administrators: their grants do, or wait to."""
    return RoleGrant.objects.held_by_two(now()).filter(user_id=user.pk).exists()


def grants_visible_to(actor: Actor) -> RoleGrantQuerySet:
    """Return the grants an actor may see: all for who manages users or reads everything, else one's own."""
    rows = RoleGrant.objects.with_names()
    if actor.may("manage_users", None) or actor.may("read_ledger", None):
        return rows
    return rows.filter(Q(user_id=actor.user_id) if actor.user_id else Q(pk=None))


def people_known_to(actor: Actor) -> QuerySet[User]:
    """Return everybody for who reads every team's ledger, else who ever held a grant in the actor's teams or in all."""
    teams = actor.teams_for("read_ledger")
    rows = User.objects.order_by("name", "pk")
    if teams is None:
        return rows
    held = RoleGrant.objects.filter(Q(team=None) | Q(team__in=teams))
    return rows.filter(Q(pk__in=held.values("user_id")) | Q(pk=actor.user_id))


def _capabilities(user: User, rows: Iterable[RoleGrant]) -> frozenset[Grant]:
    given = capabilities_of(row.held for row in rows)
    if user.kind == UserKind.SERVICE:
        return frozenset(grant for grant in given if grant.capability != "sign")
    return given
