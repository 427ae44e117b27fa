"""A token from the machine's own shell."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.core.errors import DomainError


class Command(BaseCommand):
    help = "Make an API token for a user and print its secret, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="made by create_token")
        parser.add_argument("--days", type=int, default=30)
        parser.add_argument("--scope", action="append", dest="scopes", choices=TOKEN_SCOPES, help="May be repeated.")

    def handle(self, **options: Any) -> None:
        user = User.objects.select_related("owner").filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError(f"There is no account {options['email']}.")
        try:
            made = create_token(
                actor=SYSTEM,
                user=user,
                name=options["name"],
                scopes=options["scopes"] or TOKEN_SCOPES,
                days=options["days"],
            )
        except DomainError as error:
            texts = [text for messages in error.fields.values() for text in messages]
            raise CommandError(" ".join([error.message, *texts])) from error
        self.stdout.write(made.secret)
