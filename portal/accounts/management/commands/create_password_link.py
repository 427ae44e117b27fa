"""A link to set a password from the machine's own shell: for when no second administrator is left to confirm one."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.services.credentials import issue_link
from portal.core.actors import SYSTEM
from portal.core.errors import DomainError


class Command(BaseCommand):
    help = "Make a link by which a person sets a new password, once, and print it. It is an entry of the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError(f"There is no account {options['email']}.")
        try:
            issued = issue_link(actor=SYSTEM, user=user)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{settings.PUBLIC_URL.rstrip('/')}{reverse('password_link', args=[issued.secret])}")
