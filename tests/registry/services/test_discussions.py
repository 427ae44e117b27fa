"""Comments on models, versions and findings: one thread each."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.ledger.models import PendingEntry
from portal.threads.models import Thread
from registry.models import Discussion, Finding
from registry.services.discussions import comment_on
from registry.services.models import retire_model
from tests.factories.accounts import actor_with
from tests.factories.registry import FindingFactory, RegisteredModelFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db


def test_each_thing_has_a_thread_of_its_own() -> None:
    version = SealedVersionFactory.create(model__slug="late-arrival", number=2)
    model = version.model
    finding: Finding = FindingFactory.create(model=model)
    actor = actor_with(Role.VALIDATOR)
    for subject, about, topics in (
        (model, "late-arrival", []),
        (version, "late-arrival v2", [f"version:{version.pk}"]),
        (finding, "finding 1 of late-arrival", [f"finding:{finding.pk}"]),
    ):
        first, second = (comment_on(actor=actor, subject=subject, text=text) for text in ("One.", "Two."))
        assert (first.number, second.number, first.thread_id) == (1, 2, second.thread_id)
        assert first.thread.about == about
        assert list(Discussion.objects.comments_on(subject)) == [first, second]
        assert Discussion.objects.get(thread=first.thread).subject == subject
        payload = json.loads(bytes(PendingEntry.objects.latest("pk").payload))
        assert payload["topics"] == [f"model:{model.pk}", *topics, f"comment:{second.pk}"]
        assert payload["subject"]["team"] == model.team_id
    assert Thread.objects.count() == 3


def test_a_thing_that_was_commented_on_is_not_locked_again() -> None:
    model, actor = RegisteredModelFactory.create(), actor_with(Role.VALIDATOR)
    comment_on(actor=actor, subject=model, text="One.")
    with CaptureQueriesContext(connection) as queries:
        comment_on(actor=actor, subject=model, text="Two.")
    assert not [one for one in queries if "registry_" in one["sql"] and "FOR UPDATE" in one["sql"]]


def test_a_retired_model_is_still_spoken_of() -> None:
    model = RegisteredModelFactory.create()
    developer = actor_with(Role.DEVELOPER, team=model.team)
    retire_model(actor=developer, model=model, reason="Over.")
    assert comment_on(actor=developer, subject=model, text="What took its place?").number == 1
