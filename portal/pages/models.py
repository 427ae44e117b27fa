"""What browsers report about the content security policy."""

from django.db import models


class CspReport(models.Model):
    """One blocked thing on one page, counted."""

    document = models.CharField(max_length=500)
    directive = models.CharField(max_length=100)
    blocked = models.CharField(max_length=500)
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "directive", "blocked"], name="csp_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.directive} on {self.document}"
