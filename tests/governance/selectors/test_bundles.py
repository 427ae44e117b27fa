from datetime import timedelta

import pytest

from governance.selectors.bundles import current_bundle, newest_run, what_changed
from monitoring.choices import RunState
from portal.core.clock import now
from registry.models import CardRevision, RegisteredModel
from tests.factories.governance import OpenRequestFactory, ready_version
from tests.factories.monitoring import RunFactory

pytestmark = pytest.mark.django_db


def test_parts_that_changed_are_named() -> None:
    request = OpenRequestFactory.create()
    assert current_bundle(request) == request.bundle
    RegisteredModel.objects.filter(pk=request.release.model_id).update(tier=1)
    CardRevision.objects.update(state="superseded")
    assert [one.part for one in what_changed(request)] == ["card", "tier"]


def test_cancelled_and_unfinished_runs_say_nothing() -> None:
    version = ready_version()
    run = version.validation_runs.get()
    RunFactory.create(version=version, plan=run.plan, state=RunState.CANCELLED, finished_at=now() + timedelta(hours=1))
    RunFactory.create(version=version, plan=run.plan, state=RunState.RUNNING)
    assert newest_run(version) == run
