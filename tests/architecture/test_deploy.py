"""The systemd units, the containers, the Procfile and `up` start the same programs, with variables that are known."""

import re
from typing import Any

import pytest
import yaml

from portal.env import BASE_DIR
from portal.env import PROGRAMS as NEEDS
from portal.jobs.kinds import QUEUES
from portal.runtime.installation import programs
from tests.portal.test_env import variables_of_the_code

UNITS = BASE_DIR / "deploy"
PROGRAMS = dict(line.split(": ", 1) for line in (BASE_DIR / "Procfile").read_text().splitlines())
COMPOSE: dict[str, Any] = yaml.safe_load((UNITS / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
NOT_OURS = {"postgres", "rabbitmq", "redis"}
LOGIN_OF_THE_ADMIN = "ADMIN_URL"
"""Of the one-shot container that makes the roles, and of no other."""
USES = {
    "web": {"DATABASE_URL", "BROKER_URL"},
    "worker": {"DATABASE_URL", "BROKER_URL"},
    "longworker": {"DATABASE_URL", "BROKER_URL"},
    "beat": {"BROKER_URL"},
    "sequencer": {"DATABASE_URL", "DATABASE_SEQUENCER_URL", "BROKER_URL"},
    "migrate": {"DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL", "BROKER_URL", LOGIN_OF_THE_ADMIN},
}
KEYS = {"web": ["secret_key", "decision.key"], "sequencer": ["checkpoint.key"]}
# What a machine or a container has of its own: how many processes, where it listens.
OWN = {"--workers", "--host", "--port", "--respawn-interval", "--workers-kill-timeout"}


def words(command: list[str]) -> list[str]:
    """Return program, options and arguments in one form; without what differs by place."""
    split = [part for word in command for part in (word.split("=", 1) if word.startswith("--") else [word])]
    if "&&" in split:  # a look at itself first
        split = split[split.index("&&") + 2 :]
    program = split[0].rpartition("/")[2]
    if program.startswith("python") and split[1] == "-m":
        program, split = split[2], split[2:]
    rest = iter(split[1:])
    found = ["python" if program.startswith("python") else program]
    for word in rest:
        if word in OWN:
            next(rest)
        else:
            found.append(word.removeprefix(f"{BASE_DIR}/"))
    return found


def unit(name: str) -> str:
    return (UNITS / f"countersign-{name}.service").read_text()


def started_by(name: str) -> list[str]:
    lines = unit(name).splitlines()
    return next(line for line in lines if line.startswith("ExecStart=")).removeprefix("ExecStart=").split()


def blocks(lock: str) -> dict[str, str]:
    """Return each pinned package of a lock with its hashes, without who wants it, and on which system."""
    text = re.sub(r"^\s+#.*\n", "", (BASE_DIR / lock).read_text(), flags=re.MULTILINE)
    text = re.sub(r" ; [^\\\n]*", " ", text)
    return {block.split("==")[0]: block.strip() for block in re.split(r"\n(?=\S)", text)}


def test_every_line_of_the_procfile_has_a_unit_in_the_target_and_a_container() -> None:
    target = (UNITS / "countersign.target").read_text()
    assert {path.stem.removeprefix("countersign-") for path in UNITS.glob("*.service")} == set(PROGRAMS)
    assert all(f"countersign-{name}.service" in target for name in PROGRAMS)
    assert set(SERVICES) - NOT_OURS == {*PROGRAMS, "migrate"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_unit_container_and_up_start_what_the_procfile_says(name: str) -> None:
    wanted = words(PROGRAMS[name].split())
    of_up = {program.name.replace("-", ""): program.command for program in programs(8000)}
    assert set(of_up) == set(PROGRAMS)
    assert words(started_by(name)) == wanted
    assert words(SERVICES[name]["command"]) == wanted
    assert sorted(words(of_up[name])) == sorted(wanted)


def test_every_queue_has_a_program_that_takes_from_it() -> None:
    taken = re.findall(r"-Q (\S+)", "\n".join(PROGRAMS.values()))
    assert sorted(",".join(taken).split(",")) == sorted(QUEUES)


@pytest.mark.parametrize("name", USES)
def test_a_container_gets_the_logins_and_keys_that_its_program_uses_and_no_others(name: str) -> None:
    service = SERVICES[name]
    given = set(service["environment"])
    assert {variable for variable in given if variable.endswith("_URL")} - {"PUBLIC_URL", "CACHE_URL"} == USES[name]
    assert service.get("secrets", []) == KEYS.get(name, [])
    assert given - {LOGIN_OF_THE_ADMIN} <= variables_of_the_code()


@pytest.mark.parametrize("name", [*PROGRAMS, "migrate"])
def test_a_container_may_do_no_more_than_its_program(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("ports" in service, "outside" in service["networks"]) == ((name == "web"),) * 2
    # An image's check asks the web server.
    assert service.get("healthcheck") == (None if name == "web" else {"disable": True})


def test_nothing_but_the_web_server_is_reached_from_outside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]


def test_the_example_names_every_value_that_the_containers_ask_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (UNITS / "compose.yaml").read_text()))
    told = set(re.findall(r"^#? ?([A-Z_]+)=", (UNITS / "example.env").read_text(), re.MULTILINE))
    assert told == asked


def test_units_and_containers_stop_the_main_process_first_and_give_it_the_same_time() -> None:
    for name in PROGRAMS:
        assert "KillMode=mixed" in unit(name)
        [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", unit(name), re.MULTILINE)
        assert SERVICES[name]["stop_grace_period"] == f"{seconds}s"
        assert SERVICES[name]["init"] is True


def test_the_image_is_made_of_the_lock_runs_without_root_and_starts_the_web_server() -> None:
    text = (UNITS / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    [command] = re.findall(r'exec (granian [^]]+)"\]$', text, re.MULTILINE)
    assert words(command.replace("\\", "").replace('"', "").split()) == words(PROGRAMS["web"].split())
    copied = {word for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]}
    ignored = (BASE_DIR / ".dockerignore").read_text().splitlines()
    assert {path for path in copied if not path.startswith("portal/")} == {
        line[1:] for line in ignored if line.startswith("!")
    }


def test_what_the_image_installs_is_a_part_of_the_lock() -> None:
    whole, part = blocks("requirements.lock"), blocks("deploy/requirements.lock")
    assert {name for name in part if part[name] != whole.get(name)} == set()
    assert not {"pytest", "mypy", "ruff", "playwright"} & set(part)


def test_each_program_has_a_user_and_an_environment_of_its_own_and_none_more_than_it_needs() -> None:
    users: dict[str, set[str]] = {}
    for name in PROGRAMS:
        lines = (UNITS / f"countersign-{name}.service").read_text().splitlines()
        kind = name.removeprefix("long")
        assert f"EnvironmentFile=/etc/countersign/{kind}.environment" in lines
        assert "RestartPreventExitStatus=78" in lines
        users.setdefault(kind, set()).update(line for line in lines if line.startswith("User="))
    assert set(users) == set(NEEDS)
    assert sorted(user for found in users.values() for user in found) == sorted(
        f"User=countersign-{kind}" for kind in NEEDS
    )


def test_web_looks_at_itself_before_it_starts_workers() -> None:
    look = "python -m portal.runtime.soundness web"
    assert PROGRAMS["web"].startswith(f"{look} && exec ")
    assert f"ExecStartPre=/opt/countersign/.venv/bin/{look}" in (UNITS / "countersign-web.service").read_text()
