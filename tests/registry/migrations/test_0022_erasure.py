"""What the database refuses of an erasure, whoever asks."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from registry.models import DatasetSnapshot
from tests.factories.accounts import UserFactory
from tests.factories.registry import SnapshotFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def whole() -> dict[str, Any]:
    return {"blob": None, "erased_at": now(), "erased_by": UserFactory.create(), "erasure_reason": "Asked for."}


def test_a_finished_snapshot_loses_its_bytes_once_and_nothing_else_changes() -> None:
    snapshot = SnapshotFactory.create()
    assert refused(snapshot, blob=None)
    assert refused(snapshot, erasure_reason="Asked for.")
    assert refused(snapshot, rows=1, **whole())
    assert not refused(snapshot, **whole())
    DatasetSnapshot.objects.filter(pk=snapshot.pk).update(**whole())
    assert refused(snapshot, erasure_reason="Other.")
    assert refused(snapshot, erased_at=None, erased_by=None, erasure_reason="")


@pytest.mark.parametrize("missing", ["erased_by", "erasure_reason"])
def test_half_an_erasure_is_none(missing: str) -> None:
    snapshot, empty = SnapshotFactory.create(), {"erased_by": None, "erasure_reason": ""}
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetSnapshot.objects.filter(pk=snapshot.pk).update(**whole() | {missing: empty[missing]})
