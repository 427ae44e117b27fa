"""Addresses by which people were known before."""

from django.db import models

from portal.accounts.models.users import User


class FormerAddress(models.Model):
    """An e-mail address that an account had until it got another; insert only, and nobody else's from then on.

    What a person did under a former address, such as a commit, stays theirs.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="former_addresses")
    email = models.EmailField(max_length=254, help_text="Lower case.")
    until = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["email"], name="former_address_by_email")]

    def __str__(self) -> str:
        return self.email
