"""Ending browser sessions. They are no entries of the log; what they did is."""

from portal.accounts.models import User, UserSession


def end_sessions(*, user: User, but: str | None = None) -> int:
    """End all sessions of a person, except the one with this key, and return how many ended."""
    rows = UserSession.objects.filter(user=user)
    if but is not None:
        rows = rows.exclude(session_key=but)
    return rows.delete()[0]


def end_session(*, user: User, handle: str) -> bool:
    """End the person's session of this handle; False where there is none."""
    found = [row for row in UserSession.objects.filter(user=user) if row.handle == handle]
    for row in found:
        row.delete()
    return bool(found)
