"""Fill an empty portal with the documented example, as a client would."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.accounts.models import ApiToken, Team, User
from portal.accounts.roles import TOKEN_SCOPES, needs_confirmation
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.grants import confirm_grant, grant_role
from portal.accounts.services.teams import create_team
from portal.accounts.services.tokens import NewToken, create_token, revoke_token
from portal.accounts.services.users import create_user
from portal.core.actors import SYSTEM
from portal.core.parentage import die_with_parent
from portal.runtime.demo import (
    ADMINS,
    APPROVER,
    DEVELOPER,
    OWNERS,
    PEOPLE,
    SCRIPT,
    SPONSOR,
    TEAMS,
    VALIDATOR,
    Person,
    Record,
    told,
)


class Command(BaseCommand):
    help = "Make demo teams and people, then run docs/examples/flights_demo.py against PUBLIC_URL. Only once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-logins", action="store_true", help="don't end with the logins")

    def handle(self, **options: Any) -> None:
        if not User.objects.exists():
            self._fill()
        elif Record.read(settings.HOME) is None:
            self._step("this portal has accounts already; demo data go into an empty one only")
        if not options["no_logins"]:
            for line in told(settings.HOME):
                self.stdout.write(line)

    def _step(self, text: str) -> None:
        self.stdout.write(f"  {'Demo':<12} {text}")
        self.stdout.flush()

    def _fill(self) -> None:
        record = Record.new()
        record.write(settings.HOME)  # first, so that an interrupted demo is known as one
        make_people(record.password)
        self._step(f"{len(TEAMS)} teams, {len(PEOPLE) + len(ADMINS)} people: one for each role, and a second admin")
        tokens = {person: _token_of(person) for person in (DEVELOPER, VALIDATOR)}
        status = _run_script(
            {
                "BASE_URL": settings.PUBLIC_URL,
                "TEAM": OWNERS,
                "TOKEN": tokens[DEVELOPER].secret,
                "COMMIT_AUTHOR": DEVELOPER.email,
                "VALIDATOR_TOKEN": tokens[VALIDATOR].secret,
                "SPONSOR_EMAIL": SPONSOR.email,
                "SIGNER_EMAIL": APPROVER.email,
                "SIGNER_PASSWORD": record.password,
            }
        )
        for token in tokens.values():
            revoke_token(actor=SYSTEM, token=ApiToken.objects.get(pk=token.token.pk))
        if status:
            raise CommandError(f"{SCRIPT.name} ended with status {status}; the portal holds a part.")
        Record(record.password, finished=True).write(settings.HOME)


@transaction.atomic
def make_people(password: str) -> None:
    """Make the demo's teams and people: the first admin grants, the second confirms."""
    first, second = (actor_for_user(_admin(person, password), interactive=True) for person in ADMINS)
    teams: dict[str | None, Team | None] = {None: None}
    for slug, name, line in TEAMS:
        teams[slug] = create_team(actor=first, slug=slug, name=name, line=line)
    for person in PEOPLE:
        user = create_user(actor=first, email=person.email, name=person.name, password=password)
        grant = grant_role(actor=first, user=user, role=person.role, team=teams[person.team])
        if needs_confirmation(role=person.role, capability=""):
            confirm_grant(actor=second, grant=grant, password=password)


def _admin(person: Person, password: str) -> User:
    user = create_user(actor=SYSTEM, email=person.email, name=person.name, password=password)
    grant_role(actor=SYSTEM, user=user, role=person.role)
    return user


def _token_of(person: Person) -> NewToken:
    user = User.objects.get(email=person.email)
    return create_token(actor=SYSTEM, user=user, name="demo script", scopes=TOKEN_SCOPES, days=1)


def _run_script(variables: dict[str, str]) -> int:
    """Run the example to its end; return its status. It knows no database, and ends with us."""
    parent = os.getpid()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "BROKER_"))}
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**kept, **variables},
        cwd=SCRIPT.parent,
        preexec_fn=lambda: die_with_parent(parent),
        check=False,
    ).returncode
