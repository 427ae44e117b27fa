"""Saved filters: what a person looks at again and again."""

from django.db import models

from portal.accounts.models.users import User


class SavedView(models.Model):
    """The filter of one list under a name; its person's alone, so the ledger does not tell of it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    page = models.CharField(max_length=40, help_text="Which list, by the name of its address.")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, help_text="The filter as it stands in the address.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.page})"
