"""What the database refuses of a model's record, whoever asks."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import now
from registry.models import RegisteredModel
from tests.factories.accounts import UserFactory
from tests.factories.registry import RegisteredModelFactory
from tests.registry.migrations.test_0002_protection import refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WRONG: list[dict[str, Any]] = [
    {"origin": "found"},
    {"mlflow_name": ""},
    {"implementation": "vendor"},
    {"retirement": "Over."},
    {"retired_at": now()},
]


def test_a_retired_model_never_changes() -> None:
    row = RegisteredModelFactory.create(retired_by=UserFactory.create(), retired_at=now(), retirement="Over.")
    assert refused(row, name="Other")
    assert refused(row, retired_by=None, retired_at=None, retirement="")
    assert not refused(RegisteredModelFactory.create(), name="Other")


@pytest.mark.parametrize("changes", WRONG)
def test_what_contradicts_itself_is_no_row(changes: dict[str, Any]) -> None:
    model = RegisteredModelFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisteredModel.objects.filter(pk=model.pk).update(**changes)


def test_a_model_is_backed_up_by_another_and_named_once() -> None:
    model, other = RegisteredModelFactory.create(), RegisteredModelFactory.create(mlflow_name="late")
    for changes in ({"backup": model.owner}, {"mlflow_name": other.mlflow_name}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RegisteredModel.objects.filter(pk=model.pk).update(**changes)
