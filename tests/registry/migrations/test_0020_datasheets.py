import pytest

from tests.factories.registry import DatasheetFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_datasheet_never_changes() -> None:
    sheet = DatasheetFactory.create(sensitive=["income"])
    assert refused(sheet, sensitive=[])
    assert refused(sheet, origin="Elsewhere.")
