"""The API against its own description: whatever is sent, the answer is one that the description knows.

Every operation gets made-up requests, half of them to things that exist; then chains of requests along the links.
SCHEMATHESIS_EXAMPLES=200 looks deeper than the suite has time for.
"""

import json
import os
from collections import Counter
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from tests.factories.world import World
from tests.matrix.addresses import ARGUMENTS
from tests.matrix.bodies import sent
from tests.matrix.test_openapi import COMMITTED

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
DESCRIPTION = json.loads(COMMITTED.read_text())
OPERATIONS = [f"{method.upper()} {path}" for path, one in DESCRIPTION["paths"].items() for method in one]
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 10,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink] if EXAMPLES > 10 else [Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# What the description can not say: rules of the domain refuse what has the right form.
CHECKS = {"positive_data_acceptance": {"enabled": False}}
# A chain's checks do not see the token that we bring; the permission matrix calls everything without one.
CHECKS_OF_CHAINS = {**CHECKS, "ignored_auth": {"enabled": False}}


@pytest.fixture(scope="module")
def headers(world: World) -> dict[str, str]:
    made = create_token(actor=SYSTEM, user=world.mine.author, name="ci", scopes=TOKEN_SCOPES, days=1)
    return {"Authorization": f"Bearer {made.secret}"}


def described(checks: dict[str, Any]) -> Any:
    """Return the description, ready to be asked of the portal."""
    values = {"checks": checks, "generation": {"with-security-parameters": False}}
    config = schemathesis.config.SchemathesisConfig.from_dict(values)
    made = schemathesis.openapi.from_dict(DESCRIPTION, config=config)
    made.app = WSGIHandler()
    return made


@pytest.fixture(scope="module")
def api() -> Any:
    return described(CHECKS)


def name_of(path: str) -> str:
    """Return the address's name in the portal."""
    filled = (
        path.replace("{slug}", "a")
        .replace("{number}", "1")
        .replace("{position}", "1")
        .replace("{id}", "1")
        .replace("{stage}", "training")
    )
    filled = filled.replace("{name}", "a").replace("{kind}", "pdf").replace("{run_id}", str(UUID(int=1)))
    return str(resolve(filled).url_name)


def existing(path: str, method: str, world: World) -> dict[str, Any]:
    """Return the path's parameters for a thing of my team."""
    arguments = ARGUMENTS.get(f"{method} {name_of(path)}") or ARGUMENTS.get(name_of(path))
    found = dict(arguments(world.mine)) if arguments else {}
    return {"id" if key == "pk" else key: value for key, value in found.items()}


def requests_to(operation: Any, known: dict[str, Any]) -> Any:
    """Return made-up requests, right and wrong ones, to things that exist and to such that do not."""
    modes = schemathesis.GenerationMode
    found = [operation.as_strategy(modes.POSITIVE), operation.as_strategy(modes.NEGATIVE)]
    if known:
        found.append(operation.as_strategy(modes.POSITIVE, path_parameters=known))
    return st.one_of(found)


@pytest.mark.parametrize("label", OPERATIONS)
def test_operation_answers_as_described(label: str, api: Any, world: World, headers: dict[str, str]) -> None:
    method, path = label.split()

    @BOUNDED
    @given(case=requests_to(api[path][method], existing(path, method, world)))
    def told(case: Any) -> None:
        cache.clear()  # made-up tokens use the tries of an address up
        case.call_and_validate(headers=headers)

    told()


def test_chains_of_operations_answer_as_described(world: World, headers: dict[str, str]) -> None:
    numbers, answers = count(1), Counter[int]()

    class Walk(described(CHECKS_OF_CHAINS).as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Any) -> None:
            """Send what can be done, so that the chain goes on: made-up bodies are tried above."""
            values = sent(case.operation.method.upper(), name_of(case.operation.path), world.mine).values
            if values is not None and isinstance(case.body, dict):
                case.body = {**values, "slug": f"walk-{next(numbers)}"} if "slug" in values else dict(values)

        def after_call(self, response: Any, case: Any) -> None:
            super().after_call(response, case)
            answers[response.status_code] += 1

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:  # noqa: ARG002
            return {"headers": headers}

    Walk.run(settings=settings(BOUNDED, stateful_step_count=6))
    assert answers[201], answers
