"""The same POST twice is done once: in turn, at the same time, and across a crash."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from drf_spectacular.generators import SchemaGenerator

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.api.idempotency import KEPT_FOR, forget_old_answers
from portal.api.models import KeptAnswer
from portal.core.clock import now
from registry.models import DatasetSnapshot, RegisteredModel
from registry.services import models as services
from tests.factories.accounts import RoleGrantFactory
from tests.factories.governance import ready_version
from tests.factories.registry import DatasetFactory, ReleaseFactory
from tests.portal.api.callers import V1, Caller, caller, digest_header, problem_of

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
MODEL = {
    "slug": "limits", "name": "Limits", "purpose": "Sets limits.", "team": "lending", "tier": 2, "task": "binary",
    "implementation": "onnx",
}  # fmt: skip


def post(one: Caller, body: Any = MODEL, key: str = KEY, path: str = "/models") -> Any:
    return one.client.post(
        V1 + path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_same_request_gets_the_first_answer(developer: Caller) -> None:
    first, again = post(developer), post(developer)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert RegisteredModel.objects.count() == 1


def test_quoted_and_bare_are_one_key(developer: Caller) -> None:
    post(developer, key=f'"{KEY}"')
    assert post(developer, key=KEY)["Idempotency-Replayed"] == "true"


def test_key_with_another_body_or_query_is_refused(developer: Caller, team: Team) -> None:
    post(developer)
    assert problem_of(post(developer, MODEL | {"name": "Other"}), 409, "idempotency_key_reused")
    assert RegisteredModel.objects.get().name == "Limits"


def test_key_is_of_one_caller_and_one_address(developer: Caller, team: Team) -> None:
    post(developer)
    other = caller(Role.DEVELOPER, team=team)
    assert problem_of(post(other), 422, "slug_taken")
    dataset = {"slug": "rows", "name": "Rows", "team": "lending"}
    assert "Idempotency-Replayed" not in post(developer, dataset, path="/datasets")


def test_a_refusal_is_not_kept(developer: Caller, viewer: Caller, team: Team) -> None:
    assert problem_of(post(viewer), 403, "missing_capability")
    RoleGrantFactory.create(user=viewer.user, role=Role.DEVELOPER, team=team)
    assert post(viewer).status_code == 201
    assert post(developer, {}).status_code == 400
    assert post(developer, MODEL | {"slug": "others"}).status_code == 201


@pytest.mark.parametrize("key", ["", '""', " ", "x" * 201, "schlüssel", '"\t"'])
def test_key_that_is_none_is_a_400(developer: Caller, key: str) -> None:
    assert problem_of(post(developer, key=key), 400, "idempotency_key_invalid")


def test_answer_is_not_told_to_who_has_other_rights_now(team: Team) -> None:
    first = caller(Role.DEVELOPER, team=team)
    post(first)
    narrow = Caller(first.user, scopes=("read",))
    assert problem_of(post(narrow), 409, "idempotency_key_reused")
    assert RegisteredModel.objects.count() == 1


def test_answers_are_kept_for_a_day(developer: Caller) -> None:
    post(developer)
    KeptAnswer.objects.update(created_at=now() - KEPT_FOR + timedelta(minutes=1))
    assert forget_old_answers() == 0
    assert post(developer).status_code == 201
    KeptAnswer.objects.update(created_at=now() - KEPT_FOR)
    assert problem_of(post(developer), 422, "slug_taken")  # too old to answer, even before it is removed
    assert forget_old_answers() == 1


def test_upload_is_known_by_its_digest(developer: Caller, team: Team) -> None:
    DatasetFactory.create(slug="rows", team=team)
    data = b"day,x\n2026-01-01,1\n"
    first, again = (developer.upload("POST", "/datasets/rows/snapshots", data, idempotency_key=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert DatasetSnapshot.objects.count() == 1
    other = developer.upload("POST", "/datasets/rows/snapshots", data + b"2026-01-02,2\n", idempotency_key=KEY)
    assert problem_of(other, 409, "idempotency_key_reused")


def test_upload_of_other_bytes_than_declared_is_not_kept(developer: Caller, team: Team) -> None:
    DatasetFactory.create(slug="rows", team=team)
    data, declared = b"day,x\n2026-01-01,1\n", digest_header(b"day,x\n2026-01-01,2\n")
    answer = developer.upload("POST", "/datasets/rows/snapshots", data, content_digest=declared, idempotency_key=KEY)
    assert problem_of(answer, 422, "digest_mismatch")
    assert not KeptAnswer.objects.exists()


class Waiting:
    """A verb that waits inside its transaction until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.real = services.register_model
        monkeypatch.setattr(services, "register_model", self)

    def __call__(self, **values: Any) -> RegisteredModel:
        made = self.real(**values)
        self.inside.set()
        assert self.go_on.wait(20)
        return made


def apart(one: Caller, *args: Any) -> Any:
    """Call on a connection of its own."""
    try:
        return post(one, *args)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_while_the_first_works_the_second_is_told_to_come_again(
    developer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    verb = Waiting(monkeypatch)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(apart, developer)
        assert verb.inside.wait(20)
        refused = post(developer)
        verb.go_on.set()
        made = first.result()
    assert problem_of(refused, 409, "idempotency_in_progress")
    assert refused["Retry-After"] == "1"
    assert made.status_code == 201
    assert post(developer).content == made.content


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_it_once(developer: Caller) -> None:
    barrier = threading.Barrier(6)

    def together() -> Any:
        barrier.wait()
        return apart(developer)

    with ThreadPoolExecutor(6) as pool:
        answers = [future.result() for future in [pool.submit(together) for _ in range(6)]]
    done = [one for one in answers if one.status_code == 201]
    assert len([one for one in done if "Idempotency-Replayed" not in one]) == 1
    assert len({one.content for one in done}) == 1
    for one in answers:
        assert one.status_code == 201 or problem_of(one, 409, "idempotency_in_progress")
    assert RegisteredModel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_deed_and_answer_leaves_neither(developer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    real = services.register_model

    def dies(**values: Any) -> RegisteredModel:
        made = real(**values)
        with connection.cursor() as cursor:  # as if the process were killed here
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return made

    monkeypatch.setattr(services, "register_model", dies)
    assert apart(developer).status_code == 503
    monkeypatch.setattr(services, "register_model", real)
    assert not RegisteredModel.objects.exists()
    assert not KeptAnswer.objects.exists()
    assert apart(developer).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_an_approval_is_asked_for_once_though_its_gate_commits_by_itself() -> None:
    release = ReleaseFactory.create(version=ready_version())
    one = caller(Role.DEVELOPER, team=release.model.team)
    path, body = f"/releases/{release.pk}/approval-requests", {"summary": "More months."}
    first, again = post(one, body, path=path), post(one, body, path=path)
    assert first.status_code == 201, first.content
    assert again.content == first.content
    KeptAnswer.objects.all().delete()  # what a crash before the answer was kept would leave
    assert problem_of(post(one, body, path=path), 409, "request_exists")


def test_no_operation_answers_a_secret_that_would_be_kept() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    shown = {name for part in schema["components"]["schemas"].values() for name in part.get("properties", {})}
    assert not {name for name in shown if "secret" in name or "password" in name}
