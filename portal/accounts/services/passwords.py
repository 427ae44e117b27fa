"""Setting one's own password: by a link that an administrator handed over, or by the one that one knows."""

import hmac

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts.choices import CredentialKind
from portal.accounts.errors import LinkNotUsable, LinkWaits
from portal.accounts.events import USER_PASSWORD_CHANGED
from portal.accounts.models import CredentialChange, User
from portal.accounts.selectors import actor_for_user, takes_two
from portal.accounts.services.changes import hashed, settle
from portal.accounts.services.reauthentication import confirm_password
from portal.accounts.services.sessions import end_sessions
from portal.accounts.services.tokens import revoke_tokens_of
from portal.accounts.services.users import record_user
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid


def usable_link(secret: str) -> CredentialChange:
    """Return the change that a link opens. Raises LinkNotUsable, and LinkWaits until a second administrator came."""
    rows = CredentialChange.objects.select_related("user").filter(kind=CredentialKind.PASSWORD)
    row = rows.filter(secret_sha256=hashed(secret)).first()
    if row is None or not row.is_open or not row.user.is_active:
        raise LinkNotUsable("This link is used, withdrawn or expired. Ask an administrator for a new one.")
    if row.confirmed_by_id is None and row.requested_by_id is not None and takes_two(row.user):
        raise LinkWaits(
            "This link waits for a second administrator, who will hand you a code. Open it again when you have that."
        )
    return row


@transaction.atomic
def set_password_by_link(*, secret: str, password: str, repeated: str, code: str = "") -> User:
    """Set the password that a link is for; end the link, all sessions and all tokens: who had the former may have them.

    Raises LinkNotUsable, LinkWaits, Invalid.
    Where two administrators made it, the code of the second is asked for, too.
    """
    row = CredentialChange.objects.select_for_update(of=("self",)).get(pk=usable_link(secret).pk)
    usable_link(secret)  # again, now that nobody else can use it
    user = User.objects.select_for_update().get(pk=row.user_id)
    plain = "".join(character for character in code.upper() if character.isalnum())
    if row.code_sha256 and not hmac.compare_digest(hashed(plain), row.code_sha256):
        raise Invalid(
            "The password can't be set; see the field.", fields={"code": ["This is not the code of this link."]}
        )
    _put(user, password=password, repeated=repeated)
    row.user = user
    actor = actor_for_user(user, interactive=False)
    settle(row, actor=actor)
    end_sessions(user=user)
    revoke_tokens_of(actor=actor, user=user)
    return user


@transaction.atomic
def change_password(*, actor: Actor, current: str, password: str, repeated: str, session_key: str | None) -> User:
    """Change one's own password and end one's other sessions. Raises Forbidden, Invalid."""
    if not actor.interactive or actor.user_id is None:
        raise Forbidden("A password is changed by its own person, signed in.")
    user = User.objects.select_for_update().get(pk=actor.user_id)
    try:
        confirm_password(user=user, password=current)
    except Invalid as wrong:
        raise Invalid(
            "The password can't be changed; see the field.", fields={"current": wrong.fields["password"]}
        ) from wrong
    _put(user, password=password, repeated=repeated)
    record_user(user, actor=actor, event=USER_PASSWORD_CHANGED)
    end_sessions(user=user, but=session_key)
    return user


def _put(user: User, *, password: str, repeated: str) -> None:
    fields: dict[str, list[str]] = {}
    try:
        validate_password(password, user)
    except ValidationError as error:
        fields["password"] = list(error.messages)
    if password != repeated:
        fields["repeated"] = ["The two passwords differ."]
    if fields:
        raise Invalid("The password can't be set; see the fields.", fields=fields)
    user.set_password(password)
    user.save(update_fields=["password"])
