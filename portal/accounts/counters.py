"""A cache of numbers in PostgreSQL, for an installation without Redis.

Django's own database cache pickles what it keeps, so that who may write its table runs code in our processes; it adds
by reading and writing, so that tries at the same moment are counted once; and it throws counters away, live ones, too,
when there are many. Here a value is a number, adding is one statement, and only what has ended goes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

from portal.accounts.models.counters import Counter
from portal.core.clock import now

FOR_EVER = timedelta(days=36_500)
SWEPT_AT_ONCE = 20
_TABLE = "accounts_counter"


class Numbers:
    """How Redis keeps what we count: digits. Django's own way unpickles whatever somebody put there."""

    def dumps(self, value: Any) -> int:
        """Return what is kept."""
        return int(value)

    def loads(self, kept: bytes) -> int:
        """Return the number; raises ValueError for anything else."""
        return int(kept)


class DatabaseCounters(BaseCache):
    """Django's cache interface over a table of numbers."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Begin a counter unless it is there; remove a few that have ended."""
        self._run(
            f"DELETE FROM {_TABLE} WHERE key IN (SELECT key FROM {_TABLE} WHERE expires_at <= clock_timestamp()"  # noqa: S608
            " ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
            [SWEPT_AT_ONCE],
        )
        return self._write(key, value, timeout, version, f"WHERE {_TABLE}.expires_at <= clock_timestamp()")

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Write a counter, whether it is there or not."""
        self._write(key, value, timeout, version, "")

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the number, or the default where there is none or it has ended."""
        row = Counter.objects.filter(pk=self._name(key, version), expires_at__gt=now()).first()
        return default if row is None else row.value

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a counter, in one statement; raises ValueError where there is none."""
        found = self._run(
            f"UPDATE {_TABLE} SET value = value + %s WHERE key = %s AND expires_at > clock_timestamp() RETURNING value",  # noqa: S608
            [delta, self._name(key, version)],
        )
        if not found:
            raise ValueError(f"there is no counter {key}")
        return int(found[0][0])

    def delete(self, key: str, version: int | None = None) -> bool:
        """End a counter; say whether it was there."""
        return Counter.objects.filter(pk=self._name(key, version)).delete()[0] > 0

    def clear(self) -> None:
        """End all counters."""
        Counter.objects.all().delete()

    def _write(self, key: str, value: Any, timeout: Any, version: int | None, where: str) -> bool:
        statement = (
            f"INSERT INTO {_TABLE} (key, value, expires_at) VALUES (%s, %s, %s)"  # noqa: S608
            f" ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at {where}"
            " RETURNING 1"
        )
        return bool(self._run(statement, [self._name(key, version), int(value), self._end(timeout)]))

    def _name(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _end(self, timeout: Any) -> datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return now() + (FOR_EVER if seconds is None else timedelta(seconds=seconds))

    @staticmethod
    def _run(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
