"""Each guide's code does what the guide says, against a real server, while a worker inspects what it sends."""

import getpass
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from pytest_django.live_server_helper import LiveServer

from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM
from portal.env import BASE_DIR
from portal.jobs.models import Job
from portal.overviews.guides import NEW_MODEL, NEW_VERSION
from registry import tasks
from registry.choices import VersionState
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import DatasetFactory, RegisteredModelFactory, SnapshotFactory
from tests.factories.registry_files import onnx_model

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES, GUIDES = BASE_DIR / "docs" / "examples", BASE_DIR / "docs" / "guides"


def code_of(guide: str, language: str = "python") -> str:
    """Return the one block of the guide in this language."""
    [block] = re.findall(rf"```{language}\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL)
    return str(block)


def work(_: float) -> None:
    """Do what a worker does while a script waits."""
    for job in Job.objects.filter(state="queued", kind__startswith="registry.inspect_"):
        {"snapshot": tasks.inspect_snapshot, "version": tasks.inspect_version}[job.subject_type](job.pk)


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create(slug="pathology")
    return made


@pytest.fixture(autouse=True)
def shell(live_server: LiveServer, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Stand in a repository of one commit, with the token of a developer, as the guides ask for."""
    author = person_with(Role.DEVELOPER, team=team, email="dana@example.org")
    token = create_token(actor=SYSTEM, user=author, name="laptop", scopes=NEW_MODEL, days=1).secret
    for name, value in {"BASE_URL": live_server.url, "TOKEN": token, "TEAM": team.slug}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    person = ("-c", "user.name=Dana", "-c", f"user.email={author.email}")
    subprocess.run(["git", "init", "--quiet"], check=True)
    commit("Fewer leaves.", *person)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    client = importlib.import_module("portal_client")
    monkeypatch.setattr(client.time, "sleep", work)
    yield client
    sys.modules.pop("portal_client", None)


def commit(message: str, *options: str) -> None:
    subprocess.run(["git", *options, "commit", "--quiet", "--allow-empty", "-m", message], check=True)


def run(code: str) -> None:
    exec(compile(code, "register.py", "exec"), {"__name__": "__main__"})  # noqa: S102 (our own guide)


def sealed_version(capsys: pytest.CaptureFixture[str], said: str) -> ModelVersion:
    """Return the version of which the script said that it is sealed."""
    assert said in capsys.readouterr().out
    version = ModelVersion.objects.select_related("training_run", "model").latest("pk")
    assert version.state == VersionState.SEALED
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    assert (version.training_run.commit, version.training_run.commit_authors) == (head, ["dana@example.org"])
    return version


@pytest.mark.parametrize(("guide", "slug"), [("scikit-learn.md", "malignancy"), ("lightgbm.md", "disease-progression")])
def test_the_script_goes_from_a_fitted_model_to_a_sealed_version(
    guide: str, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(code_of(guide))
    assert sealed_version(capsys, f"{slug} v1 is sealed.").model.slug == slug


def test_the_notebooks_cells_run_in_order_and_register_what_is_committed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = os.environ["TOKEN"]
    monkeypatch.delenv("TOKEN")
    monkeypatch.setattr(getpass, "getpass", lambda _: token)
    notebook = json.loads((EXAMPLES / "register.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    kernel = {"__name__": "__main__"}
    (tmp_path / "register.ipynb").touch()
    for cell in cells[:-1]:
        exec(cell, kernel)  # noqa: S102 (our own notebook)
    with pytest.raises(SystemExit, match="Commit the notebook first"):
        exec(cells[-1], kernel)  # noqa: S102
    (tmp_path / "register.ipynb").unlink()
    exec(cells[-1], kernel)  # noqa: S102
    assert sealed_version(capsys, "/models/cultivar/versions/1 is sealed.").model.slug == "cultivar"
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])


def test_the_ci_registers_its_commit_from_the_variables_that_its_job_sets(
    team: Team, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    RegisteredModelFactory.create(slug="malignancy", team=team, implementation="onnx")
    SnapshotFactory.create(dataset=DatasetFactory.create(slug="biopsies", team=team), number=1)
    job = yaml.safe_load(code_of("ci.md", "yaml"))["jobs"]["register"]
    variables = job["steps"][-1]["env"]
    author = User.objects.get(email="dana@example.org")
    secret = create_token(actor=SYSTEM, user=author, name="ci", scopes=NEW_VERSION, days=1).secret
    monkeypatch.setenv("TOKEN", secret)
    code = code_of("ci.md")
    assert set(re.findall(r'environ\["(\w+)"\]', code)) == set(variables)
    for name in ("MODEL", "SNAPSHOT"):
        monkeypatch.setenv(name, variables[name])
    monkeypatch.setenv("REPOSITORY", "https://git.example.org/pathology/malignancy")
    (tmp_path / "requirements.lock").write_text("onnxruntime==1.31.0\n")
    (tmp_path / "model.onnx").write_bytes(b"no model at all")
    with pytest.raises(SystemExit, match="Not registered: "):
        run(code)
    (tmp_path / "model.onnx").write_bytes(onnx_model())
    run(code)
    assert sealed_version(capsys, "malignancy v2 is sealed.").description == "Fewer leaves."
