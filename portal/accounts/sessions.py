"""Django's sessions in the database, with a column that says whose each is (the session engine of the settings)."""

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from portal.accounts.models import UserSession
from portal.core.clock import now

BEGUN, AGENT = "begun", "agent"


class SessionStore(DatabaseStore):
    """Keeps with each session its person, when it began, and what browser it is."""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        """Return the table."""
        return UserSession

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        """Return the row as it is about to be saved."""
        data.setdefault(BEGUN, now().isoformat())
        row = super().create_model_instance(data)
        return _described(row, data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> UserSession:
        """Return the row as it is about to be saved."""
        data.setdefault(BEGUN, now().isoformat())
        row = await super().acreate_model_instance(data)
        return _described(row, data)


def _described(row: Any, data: dict[str, Any]) -> UserSession:
    key = data.get(SESSION_KEY)
    row.user_id = int(key) if key else None
    row.begun_at = datetime.fromisoformat(data[BEGUN])
    row.agent = data.get(AGENT, "")
    kept: UserSession = row
    return kept
