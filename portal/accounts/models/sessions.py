"""Browser sessions, each with its person, so that all of somebody's can be listed and ended."""

import hashlib

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from portal.accounts.models.users import User


class UserSession(AbstractBaseSession):
    """One browser's session; before somebody signs in it is nobody's."""

    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="sessions")
    begun_at = models.DateTimeField()
    agent = models.CharField(max_length=200, blank=True, help_text="What the browser called itself at signing in.")

    @property
    def handle(self) -> str:
        """A name for pages: the key itself is a secret."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]
