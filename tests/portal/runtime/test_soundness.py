"""Against the suite's real roles: what a production program refuses to start with."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from portal.env import BASE_DIR, PROGRAMS, read_environment
from portal.runtime import soundness
from portal.runtime.keys import make_keys
from tests.databases import WORKER, database_of, url_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def url(role: str) -> str:
    return url_of(role, database_of(WORKER))


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """Return a production environment with which every program starts, once it is told which one it is."""
    make_keys(tmp_path / "keys")
    return {
        "COUNTERSIGN_HOME": str(tmp_path),
        "PRODUCTION": "1",
        "PUBLIC_URL": "https://portal.example.org",
        "ALLOWED_HOSTS": "portal.example.org",
        "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "DATABASE_URL": url("app"),
        "DATABASE_SEQUENCER_URL": url("sequencer"),
        "BROKER_URL": "memory://",
    }


def reasons(program: str, given: Mapping[str, str], **changes: str) -> list[str]:
    """Return why the program would not start; it is given what it needs, with these changes."""
    unneeded = {"DATABASE_URL", "DATABASE_SEQUENCER_URL", "BROKER_URL"} - PROGRAMS[program].variables
    variables = {name: value for name, value in given.items() if name not in unneeded}
    variables |= {"COUNTERSIGN_PROGRAM": program, **changes}
    return soundness.refusals(read_environment(variables), variables)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_sound_program_starts(given: dict[str, str], program: str) -> None:
    assert reasons(program, given) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS: lets every host name in"),
        ({"ALLOWED_HOSTS": "portal.example.org,*"}, "ALLOWED_HOSTS: lets every host name in"),
        ({"ALLOWED_HOSTS": "localhost"}, "ALLOWED_HOSTS: lacks portal.example.org"),
        ({"PUBLIC_URL": "http://portal.example.org"}, "PUBLIC_URL: http://portal.example.org. It begins with https://"),
        ({"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES: empty"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES: trusts every address"),
        ({"TRUSTED_PROXIES": "10.0.0.1,::/0"}, "TRUSTED_PROXIES: trusts every address"),
        ({"MAX_UPLOAD_BYTES": "0"}, "MAX_UPLOAD_BYTES: 0"),
    ],
)
def test_web_does_not_start_where_it_can_not_be_reached_safely_and_the_others_do(
    given: dict[str, str], change: dict[str, str], reason: str
) -> None:
    assert any(found.startswith(reason) for found in reasons("web", given, **change))
    assert reasons("worker", given, **change) == []
    assert reasons("web", given, **change, PRODUCTION="0") == []


def test_a_host_may_be_let_in_with_all_its_subdomains(given: dict[str, str]) -> None:
    assert reasons("web", given, ALLOWED_HOSTS=".example.org") == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_starts_with_tracebacks_for_everybody(given: dict[str, str], program: str) -> None:
    assert reasons(program, given, DEBUG="1") == [
        "debug: on. DEBUG=1 shows values to everybody: unset it, or PRODUCTION."
    ]
    assert reasons(program, given, DEBUG="1", PRODUCTION="0") == []


@pytest.mark.parametrize(
    ("program", "name"), [(one, key) for one, needs in PROGRAMS.items() for key in sorted(needs.keys)]
)
def test_a_key_that_is_missing_or_open_to_others_stops_the_program_that_uses_it_and_no_other(
    given: dict[str, str], tmp_path: Path, program: str, name: str
) -> None:
    path = tmp_path / "keys" / name
    path.chmod(0o640)
    assert reasons(program, given) == [f"key {name}: mode 0640, others can read it. chmod 600 {path}"]
    path.unlink()
    [reason] = reasons(program, given)
    assert reason.startswith(f"key {name}: missing. Put it at {path}")
    others = [one for one, needs in PROGRAMS.items() if name not in needs.keys]
    assert [reasons(other, given) for other in others] == [[]] * len(others)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_given_what_it_needs_and_nothing_more(given: dict[str, str], program: str) -> None:
    for name in PROGRAMS[program].variables:
        assert reasons(program, given, **{name: ""}) == [f"{name}: missing. Set it in the environment of {program}."]
    for name in {"DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL"} - PROGRAMS[program].variables:
        [reason] = reasons(program, given, **{name: url("owner")})
        assert reason.startswith(f"{name}: given. {program} does not need it")


@pytest.mark.parametrize("program", ["web", "worker", "sequencer"])
def test_the_owner_of_the_tables_is_no_app(given: dict[str, str], program: str) -> None:
    [reason] = reasons(program, given, DATABASE_URL=url("owner"))
    assert "(DATABASE_URL) owns the tables, so it could switch their protection off" in reason
    assert "manage.py bootstrap_roles makes the three" in reason


@pytest.mark.parametrize("program", ["web", "worker", "sequencer"])
def test_the_sequencers_role_is_no_app(given: dict[str, str], program: str) -> None:
    [reason] = reasons(program, given, DATABASE_URL=url("sequencer"))
    assert "(DATABASE_URL) may write the log itself, which is the sequencer's" in reason


def test_the_app_role_and_the_owner_are_no_sequencer(given: dict[str, str]) -> None:
    [reason] = reasons("sequencer", given, DATABASE_SEQUENCER_URL=url("app"))
    assert "(DATABASE_SEQUENCER_URL) may do what the app does, too" in reason
    [reason] = reasons("sequencer", given, DATABASE_SEQUENCER_URL=url("owner"))
    assert "(DATABASE_SEQUENCER_URL) owns the tables" in reason


def test_one_role_for_everything_is_found_by_each_program_alone(given: dict[str, str]) -> None:
    everything = {"DATABASE_URL": url("owner"), "DATABASE_SEQUENCER_URL": url("owner")}
    for program, needs in PROGRAMS.items():
        named = {name: value for name, value in everything.items() if name in needs.variables}
        assert len(reasons(program, given, **named)) == len(named)


def test_a_superuser_is_no_app(given: dict[str, str]) -> None:
    admin = os.environ["COUNTERSIGN_TEST_ADMIN_URL"]
    with psycopg.connect(admin) as connection:
        if connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER").fetchone() != (True,):
            pytest.skip("the suite's administrator on this server is no superuser")
    [reason] = reasons("web", given, DATABASE_URL=urlunsplit(urlsplit(admin)._replace(path=f"/{database_of(WORKER)}")))
    assert "(DATABASE_URL) is a superuser" in reason


def started(given: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, *command], env={**bare, **given}, cwd=BASE_DIR, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("web", ["-m", "portal.runtime.soundness", "web"]),
        ("web", ["-c", "import portal.wsgi"]),
        ("worker", ["-m", "celery", "-A", "portal.celery", "worker", "-c", "1"]),
        ("beat", ["-m", "celery", "-A", "portal.celery", "beat", "--pidfile="]),
        ("sequencer", ["manage.py", "sequencer"]),
    ],
)
def test_every_program_ends_with_a_code_that_says_do_not_try_again(
    given: dict[str, str], program: str, command: list[str]
) -> None:
    ended = started({**given, "DEBUG": "1"}, *command)
    assert ended.returncode == soundness.MISCONFIGURED
    assert f"countersign {program} does not start:\n  " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_does_not_answer_is_worth_another_try(given: dict[str, str]) -> None:
    del given["DATABASE_SEQUENCER_URL"]
    given["DATABASE_URL"] = "postgresql://app@127.0.0.1:1/countersign"
    ended = started(given, "-m", "portal.runtime.soundness", "web")
    assert ended.returncode == soundness.TRY_AGAIN
    assert "The database does not answer" in ended.stderr


def test_commands_of_people_start_to_mend_what_is_wrong(given: dict[str, str]) -> None:
    assert soundness.refusals(read_environment({**given, "DEBUG": "1"}), given) == []
