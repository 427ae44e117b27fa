"""Answers that are kept, so that a repeated request is answered and not done again."""

from django.db import models


class KeptAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered, for one caller at one address."""

    actor_id = models.CharField(max_length=80, help_text='Who called: "user:12".')
    route = models.CharField(max_length=400, help_text="The path that was posted to.")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of query and body.")
    rights = models.CharField(max_length=64, help_text="Digest of the grants with which it was done.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_id", "route", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
