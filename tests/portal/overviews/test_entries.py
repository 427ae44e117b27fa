from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.services.credentials import issue_link
from portal.accounts.services.tokens import create_token
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.ledger.selectors import EntryRow
from portal.overviews.entries import entry_lines
from portal.overviews.people import names_of
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, TeamFactory, UserFactory, actor_with
from tests.factories.governance import DecisionFactory, PolicyVersionFactory
from tests.factories.monitoring import RunFactory
from tests.factories.registry import (
    ArtifactFactory,
    CardRevisionFactory,
    DatasheetFactory,
    DeclaredReleaseFactory,
    PipelineStageFactory,
    SealedVersionFactory,
    SnapshotFactory,
    UseCaseFactory,
)

pytestmark = pytest.mark.django_db


def entry_of(kind: str, data: dict[str, Any], actor_id: str = "system", *, on_behalf_of: str | None = None) -> EntryRow:
    return EntryRow(
        index=0, event_id="", at=now(), event="registry.version.sealed", actor_id=actor_id, on_behalf_of=on_behalf_of,
        subject_type=kind, subject_id="77", team_id=None, topics=(), data=data, leaf_hash="", private={},
    )  # fmt: skip


def named(actor: Actor, kind: str, row: Any) -> tuple[str, str]:
    (line,) = entry_lines(actor, [entry_of(kind, row.public_state())])
    return line.name, line.url


def test_each_thing_is_called_by_name_and_leads_to_its_page() -> None:
    auditor = actor_with(Role.AUDITOR)
    version = SealedVersionFactory.create()
    model, snapshot = version.model, version.training_run.training_snapshot
    run, card = RunFactory.create(version=version), CardRevisionFactory.create(model=model)
    artifact = version.artifacts.get()
    use_case, sheet = UseCaseFactory.create(), DatasheetFactory.create(dataset=snapshot.dataset)
    assert named(auditor, "datasheet", sheet) == (f"1 of {snapshot.dataset.slug}", sheet.get_absolute_url())
    assert named(auditor, "use_case", use_case) == (use_case.slug, use_case.get_absolute_url())
    assert named(auditor, "model", model) == (model.slug, model.get_absolute_url())
    assert named(auditor, "version", version) == (str(version), version.get_absolute_url())
    assert named(auditor, "artifact", artifact) == (f"model.onnx of {version}", version.get_absolute_url())
    assert named(auditor, "dataset", snapshot.dataset) == (snapshot.dataset.slug, snapshot.dataset.get_absolute_url())
    assert named(auditor, "snapshot", snapshot) == (str(snapshot), snapshot.get_absolute_url())
    assert named(auditor, "run", run) == (f"{run.pk} of {version}", run.get_absolute_url())
    assert named(auditor, "card_revision", card) == (f"1 of {model.slug}", card.get_absolute_url())
    stage = PipelineStageFactory.create(model=model)
    declared = DeclaredReleaseFactory.create(version=None)
    assert named(auditor, "release", declared) == (f"{declared.model.slug} in production", declared.get_absolute_url())
    assert named(auditor, "pipeline_stage", stage) == (f"training of {model.slug}", stage.get_absolute_url())
    assert named(auditor, "plan", run.plan) == (f"1 of {model.slug}", model.get_absolute_url())


def test_what_was_done_to_people_names_them_and_leads_administrators_to_their_page() -> None:
    ada, robot = UserFactory.create(name="Ada"), ServiceAccountFactory.create(name="Robot")
    grant = RoleGrantFactory.create(user=ada, role=Role.POLICY_STEWARD)
    token = create_token(actor=SYSTEM, user=robot, name="ci", scopes=["read"], days=1).token
    change = issue_link(actor=SYSTEM, user=ada).change
    page, machine = reverse("admin_person", args=[ada.pk]), reverse("admin_person", args=[robot.pk])
    admin, auditor = actor_with(Role.ADMIN), actor_with(Role.AUDITOR)
    assert named(admin, "user", ada) == ("Ada", page)
    assert named(admin, "user", robot) == ("Robot", machine)
    assert named(admin, "grant", grant) == ("policy steward of Ada", page)
    assert named(admin, "token", token) == (f"{token.prefix} of Robot", machine)
    assert named(admin, "credential", change) == ("Ada", page)
    assert named(auditor, "grant", grant) == ("policy steward of Ada", "")
    (nothing,) = entry_lines(admin, [entry_of("grant", {"role": "viewer"})])
    assert (nothing.name, nothing.url) == ("77", "")


def test_what_governance_did_is_named_too() -> None:
    auditor = actor_with(Role.AUDITOR)
    decision, policy = DecisionFactory.create(), PolicyVersionFactory.create()
    request = decision.request
    release, version = request.release, request.release.version
    assert named(auditor, "request", request) == (f"#{request.pk} on {version}", request.get_absolute_url())
    assert named(auditor, "decision", decision) == (
        f"#{request.pk} on {version}",
        request.get_absolute_url(),
    )
    assert named(auditor, "release", release) == (f"{version} in production", release.get_absolute_url())
    assert named(auditor, "policy_version", policy) == ("sober-default v1", policy.get_absolute_url())
    assert named(auditor, "gate_evaluation", request.evaluation) == (str(version), version.get_absolute_url())


def test_what_the_reader_may_not_see_keeps_its_number_and_has_no_address() -> None:
    stranger = actor_with(Role.VIEWER, team=TeamFactory.create())
    for kind, row in (
        ("version", SealedVersionFactory.create()),
        ("run", RunFactory.create()),
        ("card_revision", CardRevisionFactory.create()),
        ("snapshot", SnapshotFactory.create()),
        ("artifact", ArtifactFactory.create()),
    ):
        name, url = named(stranger, kind, row)
        assert url == "", kind
        assert name in {"77", row.public_state().get("name")}


def test_people_are_named_and_unknown_ones_keep_their_id() -> None:
    ann = UserFactory.create(name="Ann")
    assert names_of([f"user:{ann.pk}", "system", "user:0"]) == {
        f"user:{ann.pk}": "Ann",
        "system": "System",
        "user:0": "user:0",
    }
    (line,) = entry_lines(actor_with(Role.AUDITOR), [entry_of("job", {}, f"user:{ann.pk}")])
    assert (line.who, line.kind, line.name, line.url) == ("Ann", "job", "77", "")


def test_for_whom_the_system_acted_is_named_and_for_itself_is_nothing() -> None:
    ann, reader = UserFactory.create(name="Ann"), actor_with(Role.AUDITOR)
    told = {one: entry_lines(reader, [entry_of("run", {}, on_behalf_of=one)])[0].behalf for one in (None, "system")}
    assert told == {None: "", "system": ""}
    (line,) = entry_lines(reader, [entry_of("run", {}, on_behalf_of=f"user:{ann.pk}")])
    assert (line.who, line.behalf) == ("System", "Ann")


def test_a_job_is_told_by_what_it_does() -> None:
    (line,) = entry_lines(actor_with(Role.AUDITOR), [entry_of("job", {"job": 9, "kind": "registry.inspect_version"})])
    assert (line.name, line.url) == ("9 (inspect version)", "")


def test_many_entries_take_no_more_queries_than_one(django_assert_num_queries: Callable[..., Any]) -> None:
    auditor = actor_with(Role.AUDITOR)
    rows = [entry_of("version", SealedVersionFactory.create().public_state()) for _ in range(5)]
    with django_assert_num_queries(2):
        assert len(entry_lines(auditor, rows)) == len(rows)
