"""Tables of the ledger. Only this package touches them; triggers and grants of the first migration protect them."""

import json
from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from portal.core.querysets import ScopedQuerySet


class PendingEntry(models.Model):
    """An event written by its transaction and not yet ordered; only the sequencer deletes it."""

    order = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    payload = models.BinaryField(help_text="Canonical JSON.")
    private = models.JSONField(null=True, help_text="{field: {salt: hex, text}}, moved to PrivateText.")

    def __str__(self) -> str:
        return f"pending {self.event_id}"


class EntryQuerySet(ScopedQuerySet["Entry"]):
    """Entries by team; entries of no team are for those who read everything."""

    capability = "read_ledger"


class Entry(models.Model):
    """One event at its place in the log; every column is derived from the payload."""

    index = models.BigIntegerField(primary_key=True, help_text="Dense, from 0.")
    event_id = models.UUIDField(unique=True)
    payload = models.BinaryField(help_text="Canonical JSON: what the leaf hash covers.")
    leaf_hash = models.BinaryField(help_text="sha256(0x00 || payload), RFC 6962.")
    at = models.DateTimeField()
    event = models.TextField()
    actor_id = models.TextField()
    subject_type = models.TextField()
    subject_id = models.TextField()
    team_id = models.BigIntegerField(null=True)
    topics = ArrayField(models.TextField())

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-index"]
        indexes = [
            models.Index(fields=["event", "index"], name="entry_by_event"),
            models.Index(fields=["subject_type", "subject_id", "index"], name="entry_by_subject"),
            models.Index(fields=["team_id", "index"], name="entry_by_team"),
            models.Index(fields=["actor_id", "index"], name="entry_by_actor"),
            GinIndex(fields=["topics"], name="entry_by_topic"),
        ]

    def __str__(self) -> str:
        return f"entry {self.index}"

    @property
    def document(self) -> dict[str, Any]:
        """The payload as values."""
        return cast("dict[str, Any]", json.loads(bytes(self.payload)))


class PrivateText(models.Model):
    """A text to which the entry holds a salted commitment; erased by `ledger_erase_private` alone."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="private_texts", db_index=False)
    field = models.TextField()
    salt = models.BinaryField(null=True)
    text = models.TextField(null=True)  # noqa: DJ001  (erased is not empty)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="one_private_text_per_field")]

    def __str__(self) -> str:
        return f"{self.field} of entry {self.entry_id}"


class Tile(models.Model):
    """A full Merkle tile of 256 hashes (C2SP tlog-tiles, height 8) and the root over them.

    The partial tile of a level is the roots of full tiles one level below, so nothing here ever changes.
    """

    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="one_tile_per_place")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.number}"


class Checkpoint(models.Model):
    """What the sequencer signed after a batch: the log's size and root (C2SP tlog-checkpoint)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Cursor(models.Model):
    """How far one subscriber has heard; `reason` says why the last attempt failed."""

    name = models.CharField(max_length=200, primary_key=True)
    position = models.BigIntegerField(default=0, help_text="Index of the next entry to look at.")
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
