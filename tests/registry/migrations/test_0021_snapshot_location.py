import pytest

from registry.choices import SnapshotState
from tests.factories.registry import SnapshotFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_where_the_bytes_lie_is_said_once() -> None:
    snapshot = SnapshotFactory.create(
        state=SnapshotState.REFERENCED, blob=None, sha256="ab" * 32, size=None, location="On tape 7."
    )
    assert refused(snapshot, location="On tape 8.")
