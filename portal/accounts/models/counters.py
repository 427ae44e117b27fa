"""Counters that all processes share where there is no Redis."""

from django.db import models


class Counter(models.Model):
    """One number with an end; only the cache of `portal.accounts.counters` touches it."""

    key = models.CharField(max_length=200, primary_key=True)
    value = models.BigIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
