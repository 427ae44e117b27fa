"""Making accounts, closing them, and opening them again; nobody is ever deleted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from portal.accounts.choices import CredentialKind, Role, UserKind
from portal.accounts.errors import OwnAccountForbidden
from portal.accounts.events import USER_CREATED, USER_DEACTIVATED, USER_EMAIL_CHANGED, USER_REACTIVATED
from portal.accounts.models import FormerAddress, User
from portal.accounts.services.authority import require_now, require_somebody_stays
from portal.accounts.services.changes import withdraw_open
from portal.accounts.services.sessions import end_sessions
from portal.accounts.services.tokens import revoke_tokens_of
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid
from portal.core.names import name_errors
from portal.ledger.catalogue import Event, EventType, Subject
from portal.ledger.services import append


@transaction.atomic
def create_user(
    *,
    actor: Actor,
    email: str,
    name: str,
    password: str | None = None,
    owner: User | None = None,
    time_zone: str = "UTC",
) -> User:
    """Make an account: a person's, or a service account where a human owner is named (it has no password).

    Raises Forbidden, and Invalid for an address that is taken or a password that is weak.
    """
    require_now(actor)
    email = email.strip().lower()
    user = User(
        email=email,
        name=name.strip(),
        kind=UserKind.PERSON if owner is None else UserKind.SERVICE,
        owner=owner,
        time_zone=time_zone,
        created_at=now(),
    )
    _check(user, password)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    record_user(user, actor=actor, event=USER_CREATED)
    return user


@transaction.atomic
def deactivate_user(*, actor: Actor, user: User) -> User:
    """Close an account: its sessions and tokens end, its grants rest; its service accounts rest, and their tokens end.

    Raises Forbidden, OwnAccountForbidden, LastAdministrator, Conflict.
    """
    require_now(actor)
    if actor.user_id == user.pk:
        raise OwnAccountForbidden("You can't deactivate your own account; another administrator can.")
    row = User.objects.select_for_update().get(pk=user.pk)
    if not row.is_active:
        raise Conflict(f"{row.name} is deactivated already.")
    if row.grants.at(now()).filter(role=Role.ADMIN).exists():
        require_somebody_stays(without_user=row.pk)
    row.is_active = False
    row.save(update_fields=["is_active"])
    record_user(row, actor=actor, event=USER_DEACTIVATED)
    end_sessions(user=row)
    revoke_tokens_of(actor=actor, user=row)
    withdraw_open(actor=actor, user=row, kinds=list(CredentialKind))
    return row


def put_email(*, actor: Actor, user: User, email: str) -> None:
    """Give an account another address, by which its person signs in; in the caller's transaction.

    The former one stays theirs: what they did under it still keeps them from signing.
    """
    FormerAddress.objects.create(user=user, email=User.objects.get(pk=user.pk).email, until=now())
    user.email = email
    user.save(update_fields=["email"])
    record_user(user, actor=actor, event=USER_EMAIL_CHANGED)


def reopen(*, actor: Actor, user: User) -> None:
    """Open a closed account: its grants count again, within their dates; in the caller's transaction."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_user(user, actor=actor, event=USER_REACTIVATED)


def address_errors(email: str, *, user: User | None = None) -> list[str]:
    """Return what is wrong with an address for an account, in words; `user` may take a former one of theirs again."""
    try:
        validate_email(email)
    except ValidationError:
        return ["Enter an e-mail address, such as nora@example.org."]
    if User.objects.filter(email=email).exists():
        return ["There is an account with this address already."]
    if FormerAddress.objects.filter(email=email).exclude(user=user).exists():
        return ["This was the address of another account, and stays theirs."]
    return []


def _check(user: User, password: str | None) -> None:
    fields: dict[str, list[str]] = {}
    if unusable := name_errors(user.name):
        fields["name"] = unusable
    if wrong := address_errors(user.email):
        fields["email"] = wrong
    if user.owner is not None and (user.owner.kind != UserKind.PERSON or not user.owner.is_active):
        fields["owner"] = ["The owner of a service account is a person with an active account."]
    if user.owner is not None and password is not None:
        fields["password"] = ["A service account has tokens, no password."]
    elif password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            fields["password"] = list(error.messages)
    if fields:
        raise Invalid("The account can't be made; see the fields.", fields=fields)


def record_user(user: User, *, actor: Actor, event: EventType) -> Event:
    """Write an event about an account; in the caller's transaction."""
    return append(
        actor=actor,
        event=event,
        subject=Subject("user", str(user.pk), user.name),
        data=user.public_state(),
        private={"name": user.name, "email": user.email},
        topics=(user.actor_id,),
    )
