"""Proof, at the moment of signing, that the person at the keyboard is the one who signed in."""

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.core.errors import Invalid


def knows_password(*, user: User, password: str) -> bool:
    """Whether this is the active person's password; read afresh, not from the session's copy."""
    known = User.objects.get(pk=user.pk)
    return known.is_active and known.kind == UserKind.PERSON and known.check_password(password)


def confirm_password(*, user: User, password: str) -> None:
    """Return if this is the active person's password; raises Invalid on the field `password` otherwise."""
    if not knows_password(user=user, password=password):
        raise Invalid("The password is wrong.", fields={"password": ["This is not your password."]})
