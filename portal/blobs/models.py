from django.db import models


class Blob(models.Model):
    """Bytes in the store, named by what they are; a row exists only after the bytes do.

    Whoever uses a blob has a PROTECT foreign key to it: the sweeper trusts only that.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="blob_sha256_is_hex"),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="blob_size_not_negative"),
        ]

    def __str__(self) -> str:
        return self.sha256
