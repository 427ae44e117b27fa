"""Every example of docs/api.md, run by a shell against a portal; every example of a body against its description."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pytest_django.live_server_helper import LiveServer

from portal.accounts.choices import Role
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token
from portal.api.examples import EXAMPLES
from portal.core.actors import SYSTEM
from portal.env import BASE_DIR
from registry.models import Dataset, DatasetSnapshot
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import RegisteredModelFactory, SealedVersionFactory, stored
from tests.matrix.test_openapi import COMMITTED

TEXT = (BASE_DIR / "docs" / "api.md").read_text()
SHELL = [block for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) if "curl" in block]
HEAD = re.search(r"```\n(export .*?)```", TEXT, re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_examples_do_what_is_written(live_server: LiveServer, tmp_path: Path) -> None:
    team = TeamFactory.create(slug="flight-operations")
    model = RegisteredModelFactory.create(slug="late-arrival", team=team, tier=2)
    SealedVersionFactory.create(model=model, blob=stored(b"model bytes"))
    user = person_with(Role.DEVELOPER, team=team)
    token = create_token(actor=SYSTEM, user=user, name="shell", scopes=TOKEN_SCOPES, days=1).secret
    (tmp_path / "rows.csv").write_text("day,x\n2026-01-01,1\n")
    assert HEAD is not None
    head = HEAD.group(1).replace("http://127.0.0.1:8000", live_server.url)
    said = []
    for block in SHELL:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{head}\n{block}"],
            env={**os.environ, "TOKEN": token}, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        said.append(ran.stdout.strip())
    me, page, narrowed, findings, comment, lines, known, made, jobs, snapshot, part = said
    assert json.loads(me)["token"]["name"] == "shell"
    assert [row["slug"] for row in json.loads(page)["results"]] == ["late-arrival"]
    assert json.loads(narrowed)["results"] == json.loads(findings)["results"] == []
    assert json.loads(comment)["about"] == "late-arrival v1"
    assert json.loads(lines)["slug"] == "late-arrival"
    assert known == "304"
    assert json.loads(made)["slug"] == Dataset.objects.get(slug="rows").slug == "rows"
    assert json.loads(jobs)["results"] == []
    assert json.loads(snapshot)["number"] == DatasetSnapshot.objects.get(dataset__slug="rows").number == 1
    assert (part, (tmp_path / "part").read_bytes()) == ("206", b"model bytes")


@pytest.mark.parametrize("operation", sorted(EXAMPLES))
def test_example_of_a_body_is_one(operation: str) -> None:
    description: dict[str, Any] = json.loads(COMMITTED.read_text())
    [body] = [
        one["requestBody"]["content"]["application/json"]
        for path in description["paths"].values() for one in path.values() if one["operationId"] == operation
    ]  # fmt: skip
    assert body["example"] == EXAMPLES[operation]
    jsonschema.validate(body["example"], {**body["schema"], "components": description["components"]})
