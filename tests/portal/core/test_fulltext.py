from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Upper

from portal.core.fulltext import Alike, holding
from registry.models import ModelVersion, RegisteredModel, TrainingRun
from tests.factories.registry import RegisteredModelFactory

pytestmark = pytest.mark.django_db


def plan(rows: Any) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found: str = rows.order_by().explain()
    return found


def test_each_word_is_held_by_one_of_the_columns_in_any_case() -> None:
    model = RegisteredModelFactory.create(slug="late-arrival", name="Winter")
    rows = RegisteredModel.objects
    assert list(rows.filter(holding(["LATE", "wint"], "slug", "name"))) == [model]
    assert not rows.filter(holding(["late", "summer"], "slug", "name")).exists()
    assert rows.filter(holding([], "slug")).count() == 1


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (RegisteredModel.objects.filter(holding(["arrival"], "slug", "name")), "model_parts"),
        (RegisteredModel.objects.filter(Alike(Upper("slug"), Value("arival"))), "model_parts"),
        (ModelVersion.objects.filter(digest__startswith="c0ffee"), "version_digest"),
        (TrainingRun.objects.filter(commit__startswith="c0ffee"), "training_commit"),
    ],
)
def test_parts_of_names_likeness_and_beginnings_go_by_an_index(rows: Any, index: str) -> None:
    assert index in plan(rows)
