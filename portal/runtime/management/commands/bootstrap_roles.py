"""Make the three roles and the databases that the environment's URLs name."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.runtime.roles import bootstrap, bootstrap_queue


class Command(BaseCommand):
    help = (
        "Make the database roles and databases named by DATABASE_URL, DATABASE_OWNER_URL, DATABASE_SEQUENCER_URL "
        "and, when the broker is pgmq, BROKER_URL."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("admin_url", help="postgresql:// URL of a superuser, or of a role that may make roles")

    def handle(self, **options: Any) -> None:
        app_url, owner_url = settings.ENVIRONMENT.database_url, settings.DATABASE_OWNER_URL
        sequencer_url, broker_url = settings.DATABASE_SEQUENCER_URL, settings.CELERY_BROKER_URL or ""
        if not (app_url and owner_url and sequencer_url):
            raise CommandError("Set DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SEQUENCER_URL first.")
        admin_url = options["admin_url"]
        bootstrap(admin_url=admin_url, app_url=app_url, owner_url=owner_url, sequencer_url=sequencer_url)
        if broker_url.startswith("pgmq://"):
            bootstrap_queue(admin_url=admin_url, queue_url=broker_url)
        self.stdout.write("Roles and databases are ready.")
