"""What the database refuses of discussions, whoever asks."""

import pytest
from django.db import IntegrityError, transaction

from portal.threads.models import Thread
from registry.models import Discussion
from tests.factories.registry import FindingFactory, SealedVersionFactory
from tests.factories.threads import thread_about
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_thing_has_one_thread_and_keeps_it() -> None:
    version = SealedVersionFactory.create()
    finding = FindingFactory.create(model=version.model)
    for subject in (version.model, version, finding):
        thread = thread_about(subject)
        discussion = Discussion.objects.get(thread=thread)
        assert refused(discussion, model=version.model)
        columns = {"model": version.model, "version": discussion.version, "finding": discussion.finding}
        other = Thread.objects.create(team=version.model.team, about="x", topics=[])
        with pytest.raises(IntegrityError), transaction.atomic():
            Discussion.objects.create(thread=other, **columns)


def test_a_thread_is_about_one_thing() -> None:
    version = SealedVersionFactory.create()
    finding = FindingFactory.create(model=version.model)
    other = Thread.objects.create(team=version.model.team, about="x", topics=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        Discussion.objects.create(thread=other, model=version.model, version=version, finding=finding)
