import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from governance.rules.expressions import compiled
from governance.rules.policies import PublishedChecks, demand, first_published, problems
from governance.services.policies import SOBER_DEFAULT

DEFAULT: dict[str, Any] = json.loads(SOBER_DEFAULT.read_text())
WHERE: dict[str, Any] = {"environments": ["staging", "production"], "tasks": ["binary", "regression"]}


def with_check(**fields: Any) -> dict[str, Any]:
    changed = copy.deepcopy(DEFAULT)
    changed["checks"][0].update(fields)
    return changed


def test_the_sober_default_is_valid() -> None:
    assert problems(DEFAULT, **WHERE) == {}


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_sober_default_reads_nothing_that_only_another_task_measures(task: str) -> None:
    other = {"binary": "validation.r2_lower", "regression": "validation.auc_lower"}[task]
    checks = [check for check in DEFAULT["checks"] if not check.get("tasks") or task in check["tasks"]]
    assert other not in {variable.name for check in checks for variable in compiled(check["expression"]).reads}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({**DEFAULT, "slug": "Not a slug"}, "slug"),
        ({**DEFAULT, "title": " "}, "title"),
        ({**DEFAULT, "title": "Sober\u202e"}, "title"),
        ({**DEFAULT, "seats": [{"title": "A\u200b", "capability": "sign", "meaning": "review"}]}, "seats"),
        ({**DEFAULT, "environments": []}, "environments"),
        ({**DEFAULT, "environments": ["moon"]}, "environments"),
        ({**DEFAULT, "tiers": [4]}, "tiers"),
        ({**DEFAULT, "tiers": [True]}, "tiers"),
        ({**DEFAULT, "tiers": [1, 1]}, "tiers"),
        ({**DEFAULT, "expires_after_days": 0}, "expires_after_days"),
        ({**DEFAULT, "evidence_days": "30"}, "evidence_days"),
        ({**DEFAULT, "seats": []}, "seats"),
        ({**DEFAULT, "seats": [{"title": "A", "capability": "read", "meaning": "approval"}]}, "seats"),
        ({**DEFAULT, "seats": [{"title": "A", "capability": "sign", "meaning": "glory"}]}, "seats"),
        ({**DEFAULT, "seats": [{"title": "", "capability": "sign", "meaning": "review"}]}, "seats"),
        ({**DEFAULT, "seats": ["sign"]}, "seats"),
        ({**DEFAULT, "checks": []}, "checks"),
        ({**DEFAULT, "checks": ["version.sealed"]}, "checks"),
        ({**DEFAULT, "checks": [*DEFAULT["checks"], DEFAULT["checks"][0]]}, "sealed"),
        ({**DEFAULT, "off": True}, "off"),
        (with_check(expression="version.seald"), "sealed"),
        (with_check(expression="model.tier"), "sealed"),
        (with_check(expression="version.sealed" + " " * 2_000), "sealed"),
        (with_check(severity="huge"), "sealed"),
        (with_check(tasks=["juggling"]), "sealed"),
        (with_check(message=""), "sealed"),
        (with_check(colour="red"), "sealed"),
        (with_check(key="Not A Key"), "check 1"),
    ],
)
def test_document_that_can_not_be_used_is_refused_at_its_field(document: dict[str, Any], field: str) -> None:
    found = problems(document, **WHERE)
    assert list(found) == [field]
    assert all(found[field])


def published(day: int, **demands: str) -> PublishedChecks:
    checks = {key: demand(expression=expression, tasks=()) for key, expression in demands.items()}
    return PublishedChecks(datetime(2026, 11, day, tzinfo=UTC), checks)


def test_check_carried_unchanged_keeps_its_first_date() -> None:
    history = [published(1, a="x", b="x"), published(2, a="x", b="y"), published(3, a="x", b="y", c="z")]
    found = {key: first_published(key, history) for key in ("a", "b", "c", "d")}
    days = {key: at.day if at else None for key, at in found.items()}
    assert days == {"a": 1, "b": 2, "c": 3, "d": None}


def test_check_that_was_away_for_a_version_begins_anew() -> None:
    found = first_published("a", [published(1, a="x"), published(2, b="x"), published(3, a="x")])
    assert found is not None
    assert found.day == 3
