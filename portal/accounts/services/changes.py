"""Rows of changes to how somebody gets in: asked for, withdrawn, done. All in the caller's transaction."""

import hashlib
from datetime import timedelta

from portal.accounts.choices import CredentialKind
from portal.accounts.events import CREDENTIAL_DONE, CREDENTIAL_REQUESTED, CREDENTIAL_WITHDRAWN
from portal.accounts.models import CredentialChange, User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append

LASTS = timedelta(days=3)


def hashed(text: str) -> str:
    """Return what is kept of a link's secret or of a code."""
    return hashlib.sha256(text.encode()).hexdigest()


def ask(
    *, actor: Actor, user: User, kind: CredentialKind, email: str = "", secret_sha256: str = ""
) -> CredentialChange:
    """Write down a change; one of this kind that was open is withdrawn."""
    withdraw_open(actor=actor, user=user, kinds=[kind])
    at = now()
    row = CredentialChange.objects.create(
        kind=kind,
        user=user,
        email=email,
        secret_sha256=secret_sha256,
        requested_by_id=actor.user_id,
        requested_at=at,
        expires_at=at + LASTS,
    )
    record_change(row, actor=actor, event=CREDENTIAL_REQUESTED)
    return row


def withdraw(row: CredentialChange, *, actor: Actor) -> None:
    """Note that a change will not take effect."""
    row.withdrawn_at = now()
    row.save(update_fields=["withdrawn_at"])
    record_change(row, actor=actor, event=CREDENTIAL_WITHDRAWN)


def withdraw_open(*, actor: Actor, user: User, kinds: list[CredentialKind]) -> None:
    """Withdraw what of these kinds has not taken effect."""
    rows = CredentialChange.objects.select_related("user").select_for_update(of=("self",))
    for row in rows.filter(user=user, kind__in=kinds, done_at=None, withdrawn_at=None):
        withdraw(row, actor=actor)


def settle(row: CredentialChange, *, actor: Actor) -> None:
    """Note that a change took effect."""
    row.done_at = now()
    row.save(update_fields=["done_at"])
    record_change(row, actor=actor, event=CREDENTIAL_DONE)


def record_change(row: CredentialChange, *, actor: Actor, event: EventType) -> None:
    """Write an event about a change."""
    append(
        actor=actor,
        event=event,
        subject=Subject("credential", str(row.pk), f"{row.get_kind_display()} of {row.user.name}"),
        data=row.public_state(),
        private={"email": row.email} if row.email else None,
        topics=(row.user.actor_id,),
    )
