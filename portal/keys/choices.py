"""What the installation's keys are for: one key per purpose at a time."""

from django.db import models


class Purpose(models.TextChoices):
    """What is signed with a key; another one goes into a migration that freezes its rows, too."""

    DECISION = "decision", "Decisions"
    CHECKPOINT = "checkpoint", "Checkpoints of the ledger"


FILES = {Purpose.DECISION: "decision.key", Purpose.CHECKPOINT: "checkpoint.key"}
"""Where in KEYS_DIR the private part lies, for the one program that signs."""
