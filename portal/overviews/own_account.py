"""What somebody sees of their own account."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from portal.accounts.models import RoleGrant, User, UserSession
from portal.core.actors import Actor
from portal.core.clock import now
from registry.models import PipelineStage


@dataclass(frozen=True)
class SessionLine:
    """A browser in which one is signed in; `here` is the reader's own."""

    session: UserSession
    here: bool


@dataclass(frozen=True)
class OwnAccount:
    """Roles with their dates, sessions, and the service accounts that one answers for."""

    user: User
    grants: Sequence[RoleGrant]
    sessions: Sequence[SessionLine]
    service_accounts: Sequence[User]
    token_count: int
    stages: Sequence[PipelineStage]
    """Of models that one may see: those that one owns, or stands in for."""


def own_account(actor: Actor, user: User, session_key: str) -> OwnAccount:
    """Return the reader's own account; grants that count or will come first."""
    at = now()
    grants = list(RoleGrant.objects.with_names().filter(user=user))
    sessions = UserSession.objects.filter(user=user, expire_date__gt=at).order_by("-begun_at")
    stages = PipelineStage.objects.visible_to(actor).filter(Q(owner_user=user) | Q(backup=user))
    return OwnAccount(
        user=user,
        grants=sorted(grants, key=lambda one: (one.state not in {"active", "planned", "waiting"}, -one.pk)),
        sessions=[SessionLine(one, one.session_key == session_key) for one in sessions],
        service_accounts=list(user.service_accounts.order_by("name")),
        token_count=user.tokens.filter(revoked_at=None, expires_at__gt=at).count(),
        stages=list(stages.select_related("model").order_by("model__slug", "pk")),
    )
