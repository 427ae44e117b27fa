"""The systemd units, the Procfile and `up` start the same programs."""

from portal.env import BASE_DIR

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
        program, *arguments = command.replace("${PORT:-8000}", "${PORT}").split()
        line = started(name).split()
        assert line[0].endswith(f"/.venv/bin/{program}")
        assert line[1:] == arguments


def test_units_stop_the_main_process_first() -> None:
    for path in UNITS.glob("*.service"):
        assert "KillMode=mixed" in path.read_text(), path.name
