"""What a home knows of its demo."""

from pathlib import Path

import pytest

from portal.accounts.choices import Role
from portal.runtime import demo
from portal.runtime.demo import Record


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


def test_there_is_one_person_for_each_role_and_a_second_admin() -> None:
    assert sorted(person.role for person in (*demo.PEOPLE, demo.ADMINS[0])) == sorted(Role.values)
    assert [person.role for person in demo.ADMINS] == [Role.ADMIN, Role.ADMIN]
    assert {person.team for person in demo.PEOPLE} <= {None, *(slug for slug, _, _ in demo.TEAMS)}
    assert demo.SCRIPT.exists()


def test_a_home_without_a_demo_has_nothing_to_tell(home: Path) -> None:
    assert Record.read(home) is None
    assert list(demo.told(home)) == []


def test_a_finished_demo_tells_the_login_of_everybody(home: Path) -> None:
    Record("a password", finished=True).write(home)
    lines = list(demo.told(home))
    assert "a password" in lines[0]
    told = [line.split("@")[0].split()[-1] for line in lines[1:]]
    assert told == [person.email.split("@")[0] for person in (*demo.PEOPLE, *demo.ADMINS)]
    assert "second-admin" in told
    assert (home / "run" / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_half_finished_demo_is_said_to_be_one(home: Path) -> None:
    begun = Record.new()
    begun.write(home)
    assert Record.read(home) == begun
    lines = list(demo.told(home))
    assert "interrupted" in lines[0]
    assert begun.password in "".join(lines)


def test_every_home_has_a_password_of_its_own() -> None:
    assert Record.new().password != Record.new().password
    assert len(Record.new().password) >= 12
