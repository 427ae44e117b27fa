"""Run in a portal's own environment: people, and then models and files without end, as a busy morning brings them."""

import os
import sys
import time

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()

from portal.accounts.choices import Role
from portal.accounts.selectors import actor_for_user
from portal.blobs.services import store_stream
from registry.models import RegisteredModel
from registry.services import datasets
from registry.services.models import register_model
from tests.factories.accounts import TeamFactory, person_with

EMAIL = "ada@example.org"


def fill(count: int | None) -> None:
    """Register `count` models, each with a file (None: until somebody ends us), by a person who can sign in."""
    done = RegisteredModel.objects.count()
    team = TeamFactory.create(slug=f"team-{done}")
    person = person_with(Role.DEVELOPER, team=team, email=EMAIL if not done else f"person{done}@example.org")
    actor = actor_for_user(person, interactive=True)
    dataset = datasets.register_dataset(actor=actor, slug=f"rows-{done}", name="Rows", team=team)
    for number in range(done, done + (count or 1_000_000)):
        register_model(
            actor=actor, slug=f"model-{number}", name=f"Model {number}", purpose="Tries.", team=team, owner=person,
            tier=3, task="binary", implementation="onnx",
        )  # fmt: skip
        blob = store_stream(iter([f"file {number}".encode() * 5000]))
        datasets.add_snapshot(actor=actor, dataset=dataset, blob=blob, declared_sha256=blob.pk)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        time.sleep(0.01)


if __name__ == "__main__":
    fill(int(sys.argv[1]) if len(sys.argv) > 1 else None)
