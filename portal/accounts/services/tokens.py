"""API tokens: made by their person, shown once, checked without telling why not."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from portal.accounts.choices import UserKind
from portal.accounts.errors import TokenOfAnotherForbidden
from portal.accounts.events import TOKEN_CREATED, TOKEN_REVOKED
from portal.accounts.models import ApiToken, User
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.authority import require_now
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.core.names import name_errors
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append

SECRET_BYTES = 32
PREFIX_BYTES = 5
LONGEST_DAYS = 365
LAST_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewToken:
    """A token at the one moment when its secret is known."""

    token: ApiToken
    secret: str = field(repr=False)
    """The whole of what the client sends: cs_<prefix>_<secret>."""


@transaction.atomic
def create_token(*, actor: Actor, user: User, name: str, scopes: Sequence[str], days: int) -> NewToken:
    """Make a token for oneself, or for a service account that one owns or administers; at most a year.

    Raises TokenOfAnotherForbidden, also where a token asks for a token, and Invalid.
    """
    _require_authority(actor, user)
    fields: dict[str, list[str]] = {}
    unknown = sorted(set(scopes) - set(TOKEN_SCOPES))
    if unknown or not scopes:
        fields["scopes"] = [f"No token can carry {', '.join(unknown)}." if unknown else "Choose at least one scope."]
    if not 1 <= days <= LONGEST_DAYS:
        fields["days"] = [f"From 1 to {LONGEST_DAYS} days."]
    if wrong := name_errors(name):
        fields["name"] = wrong
    if not user.may_enter:
        fields["user"] = [f"{user.name} is deactivated."]
    if fields:
        raise Invalid("The token can't be made; see the fields.", fields=fields)
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_hex(SECRET_BYTES)
    at = now()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        prefix=prefix,
        secret_sha256=_hash(secret),
        scopes=sorted(set(scopes)),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    _record(token, actor=actor, event=TOKEN_CREATED)
    return NewToken(token=token, secret=f"cs_{prefix}_{secret}")


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken) -> ApiToken:
    """End a token now; a second time changes nothing. One's own, or any for who manages tokens."""
    row = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if actor.user_id is None or actor.user_id not in {row.user_id, row.user.owner_id}:
        actor.require("manage_tokens", None)
    if row.revoked_at is None:
        _end(row, actor=actor)
    return row


def revoke_tokens_of(*, actor: Actor, user: User) -> int:
    """End all working tokens of an account and of the service accounts that it owns; return how many.

    In the caller's transaction: when the account is closed, and when its password was set by a link, for who knew the
    former one could have made tokens for the machines as well.
    """
    rows = list(
        ApiToken.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(Q(user=user) | Q(user__owner=user), revoked_at=None, expires_at__gt=now())
        .order_by("pk")
    )
    for row in rows:
        _end(row, actor=actor)
    return len(rows)


def use_token(raw: str) -> ApiToken | None:
    """Return the working token of an active user, or None; notes its use at most once a minute."""
    scheme, _, rest = raw.partition("_")
    prefix, _, secret = rest.partition("_")
    row = ApiToken.objects.select_related("user__owner").filter(prefix=prefix[: 2 * PREFIX_BYTES]).first()
    # The comparison is made for unknown prefixes, too, so that time tells nothing.
    matches = hmac.compare_digest(_hash(secret), row.secret_sha256 if row else _hash(""))
    at = now()
    if row is None or not matches or scheme != "cs" or not row.works_at(at) or not row.user.may_enter:
        return None
    if row.last_used_at is None or row.last_used_at <= at - LAST_USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USED_EVERY)
        ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=at)
    return row


def _require_authority(actor: Actor, user: User) -> None:
    if actor.kind == "system":
        return
    if actor.interactive and actor.user_id in {user.pk, user.owner_id}:
        return
    if actor.interactive and user.kind == UserKind.SERVICE and actor.may("manage_tokens", None):
        require_now(actor, "manage_tokens")
        return
    raise TokenOfAnotherForbidden("A token is made by its own person, or a service account's owner, signed in.")


def _end(row: ApiToken, *, actor: Actor) -> None:
    row.revoked_at = now()
    row.save(update_fields=["revoked_at"])
    _record(row, actor=actor, event=TOKEN_REVOKED)


def _hash(secret: str) -> str:
    # A plain hash will do: 256 random bits can't be guessed, and every request pays for it.
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(token: ApiToken, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("token", str(token.pk), str(token)),
        data=token.public_state(),
        private={"name": token.name},
        topics=(token.user.actor_id,),
    )
