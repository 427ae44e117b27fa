"""The systemd units, the Procfile and `up` start the same programs."""

from portal.env import BASE_DIR
from portal.env import PROGRAMS as NEEDS

UNITS = BASE_DIR / "deploy"
PROGRAMS = dict(line.split(": ", 1) for line in (BASE_DIR / "Procfile").read_text().splitlines())


def started(unit: str) -> str:
    lines = (UNITS / f"countersign-{unit}.service").read_text().splitlines()
    return next(line for line in lines if line.startswith("ExecStart="))


def test_every_line_of_the_procfile_has_a_unit_in_the_target() -> None:
    target = (UNITS / "countersign.target").read_text()
    assert {path.stem.removeprefix("countersign-") for path in UNITS.glob("*.service")} == set(PROGRAMS)
    assert all(f"countersign-{name}.service" in target for name in PROGRAMS)


def test_units_start_what_the_procfile_says() -> None:
    for name, command in PROGRAMS.items():
        program, *arguments = command.rpartition("&& exec ")[2].replace("${PORT:-8000}", "${PORT}").split()
        line = started(name).split()
        assert line[0].endswith(f"/.venv/bin/{program}")
        assert line[1:] == arguments


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


def test_units_stop_the_main_process_first() -> None:
    for path in UNITS.glob("*.service"):
        assert "KillMode=mixed" in path.read_text(), path.name
