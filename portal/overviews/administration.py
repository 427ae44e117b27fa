"""What administrators read: people with their rights, and what waits for a second administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse

from portal.accounts.choices import CredentialKind, UserKind
from portal.accounts.models import ApiToken, CredentialChange, RoleGrant, Team, User, UserSession
from portal.accounts.selectors import people_with, takes_two
from portal.core.actors import Actor
from portal.core.clock import now

SHOWN = 50
SYSTEM_SHELL = "the machine’s own shell"


@dataclass(frozen=True)
class Waiting:
    """Something that a second administrator confirms; `why_not` says why the reader can't, empty where they can."""

    what: str
    user: User
    asked_by: str
    since: datetime
    until: datetime
    url: str
    undo_url: str
    why_not: str


@dataclass(frozen=True)
class ChangeLine:
    """A change of credentials with its state and who did what to it."""

    change: CredentialChange
    state: str
    words: str


@dataclass(frozen=True)
class PersonOverview:
    """One account: what was granted, how one gets in, and what acts for it."""

    user: User
    takes_two: bool
    grants: Sequence[RoleGrant]
    changes: Sequence[ChangeLine]
    tokens: Sequence[ApiToken]
    service_accounts: Sequence[User]
    session_count: int

    @property
    def working_tokens(self) -> int:
        """How many tokens act for the account now."""
        return sum(token.state == "active" for token in self.tokens)


def people_table(*, kind: str, text: str = "", state: str = "", role: str = "") -> QuerySet[User]:
    """Return accounts of a kind by name, each with `held`: its grants that have not ended."""
    at = now()
    live = RoleGrant.objects.filter(Q(granted_until=None) | Q(granted_until__gt=at), revoked_at=None)
    rows = User.objects.filter(kind=kind).select_related("owner").order_by("name", "pk")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if state:
        rows = rows.filter(is_active=state == "active")
    if role:
        rows = rows.filter(pk__in=live.filter(role=role).values("user"))
    if kind == UserKind.SERVICE:
        rows = rows.annotate(token_count=Count("tokens", Q(tokens__revoked_at=None, tokens__expires_at__gt=at)))
    return rows.prefetch_related(Prefetch("grants", live.select_related("team"), to_attr="held"))


def teams_table() -> QuerySet[Team]:
    """Return every team by slug."""
    return Team.objects.order_by("slug")


def person_overview(user: User) -> PersonOverview:
    """Return what an administrator sees of one account; as many queries however much it holds."""
    at = now()
    grants = sorted(RoleGrant.objects.with_names().filter(user=user), key=lambda one: (_is_over(one), -one.pk))
    waiting = set(CredentialChange.objects.waiting(at).filter(user=user).values_list("pk", flat=True))
    changes = CredentialChange.objects.with_names().filter(user=user)[:SHOWN]
    return PersonOverview(
        user=user,
        takes_two=takes_two(user),
        grants=grants,
        changes=[_change_line(one, one.pk in waiting) for one in changes],
        tokens=list(user.tokens.order_by("-pk")[:SHOWN]),
        service_accounts=list(user.service_accounts.order_by("name")),
        session_count=UserSession.objects.filter(user=user, expire_date__gt=at).count(),
    )


def administrators() -> list[User]:
    """Return who administers now."""
    return people_with("manage_users", None)


def waiting_for_second(actor: Actor) -> list[Waiting]:
    """Return what waits for a second administrator, the first to lapse first; nothing for others."""
    if not actor.may("manage_users", None):
        return []
    at = now()
    grants = RoleGrant.objects.waiting(at).with_names()
    changes = CredentialChange.objects.waiting(at).with_names()
    found = [_waiting_grant(actor, one) for one in grants] + [_waiting_change(actor, one) for one in changes]
    return sorted(found, key=lambda one: one.until)


def _waiting_grant(actor: Actor, grant: RoleGrant) -> Waiting:
    until = min(grant.confirm_until, grant.granted_until or grant.confirm_until)
    return Waiting(
        what=f"{grant.words} {place_of(grant)}",
        user=grant.user,
        asked_by=grant.granted_by.name if grant.granted_by else SYSTEM_SHELL,
        since=grant.created_at,
        until=until,
        url=reverse("admin_grant_confirm", args=[grant.pk]),
        undo_url=reverse("admin_grant_revoke", args=[grant.pk]),
        why_not=_why_not(actor, grant.granted_by_id, grant.user, "You gave it."),
    )


def _waiting_change(actor: Actor, change: CredentialChange) -> Waiting:
    return Waiting(
        what=change.get_kind_display(),
        user=change.user,
        asked_by=change.requested_by.name if change.requested_by else SYSTEM_SHELL,
        since=change.requested_at,
        until=change.expires_at,
        url=reverse("admin_change_confirm", args=[change.pk]),
        undo_url=reverse("admin_change_withdraw", args=[change.pk]),
        why_not=_why_not(actor, change.requested_by_id, change.user, "You asked for it."),
    )


def place_of(grant: RoleGrant) -> str:
    """Return where a grant counts, in words."""
    return f"in {grant.team.name}" if grant.team else "everywhere"


def _why_not(actor: Actor, begun_by: int | None, user: User, told: str) -> str:
    if actor.user_id == begun_by:
        return told
    if actor.user_id == user.pk:
        return "It is about you."
    return ""


def _is_over(grant: RoleGrant) -> bool:
    return grant.state in {"revoked", "expired", "lapsed"}


def _change_line(change: CredentialChange, waits: bool) -> ChangeLine:  # noqa: FBT001  (a fact of the line)
    if change.done_at is not None:
        return ChangeLine(change, "done", "Done")
    if change.withdrawn_at is not None:
        return ChangeLine(change, "withdrawn", "Withdrawn")
    if not change.is_open:
        return ChangeLine(change, "expired", "Expired")
    if waits:
        return ChangeLine(change, "waiting", "Waits for a second administrator")
    unused = change.kind == CredentialKind.PASSWORD
    return ChangeLine(change, "open", "Link not used yet" if unused else "Open")
