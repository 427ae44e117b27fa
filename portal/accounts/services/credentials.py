"""Changes to how somebody gets in. Of people whose word takes two administrators, these take two as well.

A link and a code are handed over by two different administrators, so that neither can become the person.
"""

import base64
import secrets
from dataclasses import dataclass, field

from django.db import transaction

from portal.accounts.choices import CredentialKind, UserKind
from portal.accounts.errors import ChangeIsSettled, ChangeNeedsAnotherAdmin, OwnAccountForbidden
from portal.accounts.events import CREDENTIAL_CONFIRMED
from portal.accounts.models import CredentialChange, User
from portal.accounts.selectors import takes_two
from portal.accounts.services.authority import require_now, still_administers
from portal.accounts.services.changes import ask, hashed, record_change, settle, withdraw
from portal.accounts.services.reauthentication import confirm_password
from portal.accounts.services.users import address_errors, create_user, put_email, reopen
from portal.core.actors import Actor
from portal.core.errors import Conflict, Invalid

SECRET_BYTES, CODE_BYTES = 32, 10


@dataclass(frozen=True)
class Issued:
    """A change, with what somebody must hand over to its person: shown once, empty where there is nothing."""

    change: CredentialChange
    secret: str = field(default="", repr=False)
    waits: bool = False
    """Whether it takes a second administrator."""


@transaction.atomic
def invite(*, actor: Actor, email: str, name: str) -> Issued:
    """Make a person's account, and the link by which they set their first password. Raises Forbidden, Invalid."""
    return issue_link(actor=actor, user=create_user(actor=actor, email=email, name=name))


@transaction.atomic
def issue_link(*, actor: Actor, user: User) -> Issued:
    """Make a link by which its person sets a new password, once; a link made before ends.

    Raises Forbidden, OwnAccountForbidden, Conflict for a closed or a service account.
    """
    row = _opened(actor, user)
    if row.kind == UserKind.SERVICE:
        raise Conflict("A service account has tokens, no password.")
    if not row.is_active:
        raise Conflict(f"{row.name} is deactivated; open the account first.")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    change = ask(actor=actor, user=row, kind=CredentialKind.PASSWORD, secret_sha256=hashed(secret))
    return Issued(change, secret, waits=takes_two(row) and actor.user_id is not None)


@transaction.atomic
def change_email(*, actor: Actor, user: User, email: str) -> Issued:
    """Give somebody another address: at once, or when a second administrator confirmed it. Raises Invalid."""
    row = _opened(actor, user)
    email = email.strip().lower()
    if wrong := address_errors(email, user=row):
        raise Invalid("The address can't be changed; see the field.", fields={"email": wrong})
    return _apply_or_wait(actor, row, ask(actor=actor, user=row, kind=CredentialKind.EMAIL, email=email))


@transaction.atomic
def reactivate_user(*, actor: Actor, user: User) -> Issued:
    """Open a closed account again: at once, or when a second administrator confirmed it. Raises Conflict."""
    row = _opened(actor, user)
    if row.is_active:
        raise Conflict(f"{row.name} is active already.")
    return _apply_or_wait(actor, row, ask(actor=actor, user=row, kind=CredentialKind.REACTIVATION))


@transaction.atomic
def confirm_change(*, actor: Actor, change: CredentialChange, password: str) -> Issued:
    """Confirm as a second administrator with one's password; of a link, `secret` is the code that its person needs.

    Raises Forbidden, ChangeNeedsAnotherAdmin, ChangeIsSettled, and Invalid for a wrong password.
    """
    require_now(actor)
    row = _locked(change)
    if actor.user_id is None or actor.user_id in {row.requested_by_id, row.user_id}:
        raise ChangeNeedsAnotherAdmin("It is confirmed by an administrator who neither asked for it nor is concerned.")
    if not row.is_open or row.confirmed_by_id is not None:
        raise ChangeIsSettled("It was confirmed or withdrawn, or it has expired. Ask for it anew where it is wanted.")
    if row.requested_by_id is None or not takes_two(row.user):
        raise ChangeIsSettled("It needs no confirmation.")
    if not still_administers(row.requested_by_id):
        raise ChangeNeedsAnotherAdmin("Who asked for it no longer administers. Withdraw it, and ask for it anew.")
    confirm_password(user=User.objects.get(pk=actor.user_id), password=password)
    row.confirmed_by_id = actor.user_id
    code = ""
    if row.kind == CredentialKind.PASSWORD:
        if not row.user.is_active:
            raise ChangeIsSettled(f"{row.user.name} is deactivated; open the account first.")
        plain = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
        code = "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))
        row.code_sha256 = hashed(plain)
    row.save(update_fields=["confirmed_by", "code_sha256"])
    record_change(row, actor=actor, event=CREDENTIAL_CONFIRMED)
    if row.kind != CredentialKind.PASSWORD:
        _apply(actor, row)
    return Issued(row, code)


@transaction.atomic
def withdraw_change(*, actor: Actor, change: CredentialChange) -> CredentialChange:
    """Take a change back before it takes effect, one's own or another's. Raises Forbidden, ChangeIsSettled."""
    require_now(actor)
    row = _locked(change)
    if not row.is_open:
        raise ChangeIsSettled("It took effect, was withdrawn or has expired already.")
    withdraw(row, actor=actor)
    return row


def _opened(actor: Actor, user: User) -> User:
    require_now(actor)
    if actor.user_id == user.pk:
        raise OwnAccountForbidden(
            "You can't change your own credentials here: your password on the page Account, the rest by another"
            " administrator."
        )
    return User.objects.select_for_update().get(pk=user.pk)


def _apply_or_wait(actor: Actor, user: User, row: CredentialChange) -> Issued:
    if takes_two(user) and actor.user_id is not None:
        return Issued(row, waits=True)
    _apply(actor, row)
    return Issued(row)


def _apply(actor: Actor, row: CredentialChange) -> None:
    user = User.objects.select_for_update().get(pk=row.user_id)
    if row.kind == CredentialKind.EMAIL:
        if wrong := address_errors(row.email, user=user):
            raise Conflict(f"The address can't be changed now. {' '.join(wrong)}")
        put_email(actor=actor, user=user, email=row.email)
    elif not user.is_active:
        reopen(actor=actor, user=user)
    row.user = user
    settle(row, actor=actor)


def _locked(change: CredentialChange) -> CredentialChange:
    return CredentialChange.objects.select_for_update(of=("self",)).select_related("user").get(pk=change.pk)
