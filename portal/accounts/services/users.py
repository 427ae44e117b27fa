"""Making and deactivating accounts."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from portal.accounts.choices import UserKind
from portal.accounts.errors import OwnAccountForbidden
from portal.accounts.events import USER_CREATED, USER_DEACTIVATED
from portal.accounts.models import User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid
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
    actor.require("manage_users", None)
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
    _record(user, actor=actor, event=USER_CREATED)
    return user


@transaction.atomic
def deactivate_user(*, actor: Actor, user: User) -> User:
    """Close an account: no session, token or grant of it works from now on. Raises OwnAccountForbidden."""
    actor.require("manage_users", None)
    if actor.user_id == user.pk:
        raise OwnAccountForbidden("You can't deactivate your own account; another administrator can.")
    row = User.objects.select_for_update().get(pk=user.pk)
    if not row.is_active:
        raise Conflict(f"{row.name} is deactivated already.")
    row.is_active = False
    row.save(update_fields=["is_active"])
    _record(row, actor=actor, event=USER_DEACTIVATED)
    return row


def _check(user: User, password: str | None) -> None:
    fields: dict[str, list[str]] = {}
    if not user.name:
        fields["name"] = ["Enter a name."]
    try:
        validate_email(user.email)
    except ValidationError:
        fields["email"] = ["Enter an e-mail address, such as nora@example.org."]
    if User.objects.filter(email=user.email).exists():
        fields["email"] = ["There is an account with this address already."]
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


def _record(user: User, *, actor: Actor, event: EventType) -> Event:
    return append(
        actor=actor,
        event=event,
        subject=Subject("user", str(user.pk), user.name),
        data=user.public_state(),
        private={"name": user.name, "email": user.email},
        topics=(user.actor_id,),
    )
