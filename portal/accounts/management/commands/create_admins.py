"""The first two administrators of an installation, or the second where one is left: one can confirm nothing."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.accounts.choices import Role
from portal.accounts.selectors import people_with
from portal.accounts.services.grants import grant_role
from portal.accounts.services.users import create_user
from portal.core.actors import SYSTEM
from portal.core.errors import DomainError

COUNT = 2


class Command(BaseCommand):
    help = "Make administrators until there are two, and print their passwords, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("emails", nargs="*", help="One address for each that is missing; else asked for.")

    def handle(self, **options: Any) -> None:
        held = len(people_with("manage_users", None))
        if held >= COUNT:
            raise CommandError("There are two administrators already; they make the others.")
        emails = [*options["emails"]]
        while held + len(emails) < COUNT:
            emails.append(input(f"E-mail of administrator {held + len(emails) + 1} of {COUNT}: ").strip())
        if held + len(emails) > COUNT:
            raise CommandError(f"Give {COUNT - held} address{'es' if held == 0 else ': one administers already'}.")
        made: list[tuple[str, str]] = []
        try:
            with transaction.atomic():
                for email in emails:
                    password = secrets.token_urlsafe(15)
                    user = create_user(actor=SYSTEM, email=email, name=email.partition("@")[0], password=password)
                    grant_role(actor=SYSTEM, user=user, role=Role.ADMIN)
                    made.append((user.email, password))
        except DomainError as error:
            texts = [text for messages in error.fields.values() for text in messages]
            raise CommandError(" ".join([error.message, *texts])) from error
        for email, password in made:
            self.stdout.write(f"{email}  {password}")
        self.stdout.write("These passwords are shown this once.")
