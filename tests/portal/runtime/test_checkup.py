from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.jobs.services import pulse
from portal.runtime.checkup import environment, findings, without_password
from portal.runtime.keys import make_keys
from portal.runtime.rotation import register_keys, rotate_session_key
from portal.runtime.soundness import Finding
from tests.databases import METRICS_TOKEN, WORKER, database_of, url_of


def named(name: str) -> Finding:
    return next(finding for finding in findings() if finding.name == name)


def test_passwords_are_never_printed() -> None:
    assert without_password("postgresql://app:s3cret@/db?host=%2Ftmp") == "postgresql://app:…@/db?host=%2Ftmp"
    assert without_password("amqp://guest:guest@host:5672//") == "amqp://guest:…@host:5672//"
    assert without_password("/var/lib") == "/var/lib"


def test_of_a_secret_only_its_presence_is_printed() -> None:
    told = dict(environment())
    assert told["metrics_token"] == "set"
    assert METRICS_TOKEN not in str(told)


@pytest.mark.django_db(transaction=True)
def test_three_separate_roles_and_a_migrated_database_need_no_remedy() -> None:
    pulse("sequencer")
    for name in ("roles", "database", "migrations", "sequencer", "broker", "python", "cage", "clock", "checkpoint"):
        assert named(name).holds, named(name)


@pytest.mark.django_db
def test_one_role_for_two_purposes_is_wrong(settings: Settings) -> None:
    settings.DATABASE_SEQUENCER_URL = settings.DATABASE_OWNER_URL
    assert "three roles" in named("roles").remedy


@pytest.mark.django_db
def test_a_key_that_others_can_read_is_wrong_and_the_remedy_is_a_command(settings: Settings, tmp_path: Path) -> None:
    make_keys(tmp_path)
    settings.KEYS_DIR = tmp_path
    (tmp_path / "decision.key").chmod(0o644)
    assert named("key decision.key").remedy == f"chmod 600 {tmp_path}/decision.key"
    assert named("key secret_key").holds


@pytest.mark.django_db
def test_a_key_that_is_not_registered_is_told_with_the_command_that_does_it(settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    make_keys(tmp_path)
    assert named("public decision key").remedy == "manage.py register_keys"
    register_keys()
    assert named("public decision key").holds
    (tmp_path / "decision.key").unlink()
    make_keys(tmp_path)
    assert "manage.py rotate_key decision" in named("public decision key").remedy


@pytest.mark.django_db
def test_the_former_session_key_is_told_when_no_session_can_need_it(settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    make_keys(tmp_path)
    rotate_session_key(at_once=False)
    assert not [finding for finding in findings() if finding.name == "key of former sessions"]
    settings.SESSION_COOKIE_AGE = -1
    assert "secret_key.former" in named("key of former sessions").remedy


@pytest.mark.django_db
def test_a_role_that_is_more_than_its_name_is_told(settings: Settings) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, database_url=settings.DATABASE_OWNER_URL)
    settings.DATABASE_OWNER_URL = url_of("app", database_of(WORKER))
    assert "owns the tables" in named("roles").detail
    assert named("debug").holds
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, production=True, debug=True)
    assert "DEBUG=1" in named("debug").remedy
