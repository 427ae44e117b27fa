import csv
import io
import json
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Forbidden
from portal.core.progress import Cancelled, silent
from portal.jobs.models import Job
from registry.errors import ImportRefused
from registry.models import RegisteredModel, Release
from registry.rules.imports import NAMES
from registry.services.imports import Report, begin_import, check_models, finish_import, start_import
from registry.services.models import register_model
from tests.factories.accounts import RoleGrantFactory, TeamFactory, UserFactory, person_with
from tests.factories.registry import RegisteredModelFactory, UseCaseFactory
from tests.portal.ledger.replay import replayed


@pytest.fixture
def row(team: Team) -> dict[str, Any]:
    """A line of a file, of a team and an owner that the developer knows."""
    owner = person_with(Role.VIEWER, team=team, email="dana@example.org")
    return {
        "slug": "late", "name": "Late", "purpose": "Warns.", "team": team.slug, "owner": owner.email, "tier": 2,
        "task": "binary", "implementation": "onnx",
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def said(report: Report) -> dict[str, str]:
    return {flaw.place: flaw.words for flaw in report.flaws}


def imported(actor: Actor, content: bytes, **more: Any) -> Iterable[RegisteredModel]:
    """Import as the job does."""
    job = start_import(actor=actor, content=content, **more)
    who, report = begin_import(**job.arguments)
    finish_import(actor=who, report=report, tell=silent, last_step=nullcontext)
    return RegisteredModel.objects.order_by("slug")


def test_a_dry_run_writes_nothing_and_says_what_would_happen(developer: Actor, row: dict[str, Any]) -> None:
    content = table(row, {**row, "slug": "early", "in_use_since": "2021-03-01", "deadline": "2027-01-01"})
    report = check_models(actor=developer, content=content)
    assert (report.lines, len(report.ready), report.declared, report.flaws) == (2, 2, 1, [])
    assert not RegisteredModel.objects.exists()
    assert not Job.objects.exists()
    assert replayed("model") == {}


def test_every_model_is_registered_by_the_usual_verbs(developer: Actor, team: Team, row: dict[str, Any]) -> None:
    backup = person_with(Role.VIEWER, team=team)
    use_case = UseCaseFactory.create(team=team, approved=True)
    whole = {
        **row, "slug": "whole", "backup": backup.email.upper(), "origin": "vendor", "implementation": "vendor",
        "mlflow_name": "whole", "use_case": use_case.slug, "in_use_since": "2021-03-01", "deadline": "2027-01-01",
        "staging_in_use_since": "2021-02-01", "staging_deadline": "2027-02-01", "staging_in_use_as": "v5",
    }  # fmt: skip
    gone = {**row, "slug": "gone", "retirement": "The contract ended."}
    first, late, second = imported(developer, table(row, whole, gone))
    assert (first.slug, first.retirement) == ("gone", "The contract ended.")
    assert (late.slug, late.owner.email, late.use_case) == ("late", "dana@example.org", None)
    assert (second.backup, second.origin, second.mlflow_name, second.use_case) == (backup, "vendor", "whole", use_case)
    declared = Release.objects.declared().order_by("environment").values_list("environment", "description")
    assert list(declared) == [("production", "Late"), ("staging", "v5")]
    assert replayed("model") == {str(model.pk): model.public_state() for model in RegisteredModel.objects.all()}
    assert replayed("release") == {str(one.pk): one.public_state() for one in Release.objects.all()}
    assert second.stages.count() == 6


def test_everything_that_is_wrong_is_named_by_line_and_column(
    developer: Actor, team: Team, row: dict[str, Any]
) -> None:
    RegisteredModelFactory.create(slug="here", team=team, mlflow_name="here")
    RegisteredModelFactory.create(slug="theirs")
    other = TeamFactory.create(slug="other")
    reader = person_with(Role.VIEWER, team=other, email="ed@example.org")
    foreign, closed = UseCaseFactory.create(team=other), UseCaseFactory.create(team=team, rejected=True)
    lines = [
        {**row, "slug": "no good"},
        {**row, "slug": "here"},
        {**row, "slug": "theirs"},
        {**row, "slug": "twice", "mlflow_name": "one"},
        {**row, "slug": "twice", "mlflow_name": "one"},
        {**row, "slug": "a", "mlflow_name": "here"},
        {**row, "slug": "b", "team": "other"},
        {**row, "slug": "c", "owner": reader.email},
        {**row, "slug": "d", "backup": row["owner"]},
        {**row, "slug": "e", "use_case": foreign.slug},
        {**row, "slug": "f", "use_case": closed.slug},
        {**row, "slug": "g", "implementation": "vendor"},
        {**row, "slug": "h", "in_use_since": "2021-03-01", "deadline": "2031-01-01"},
        {**row, "slug": "i", "purpose": "x" * 20_001},
        {**row, "slug": "j", "tier": 9},
    ]
    found = said(check_models(actor=developer, content=table(*lines)))
    assert {place: words[:24] for place, words in found.items()} == {
        "line 2, slug": "Use 1 to 80 letters, dig",
        "line 3, slug": "This model is here alrea",
        "line 4, slug": "The name theirs is taken",
        "line 6, slug": "Line 5 has the same name",
        "line 6, mlflow_name": "Line 5 has the same name",
        "line 7, mlflow_name": "Another model has the na",
        "line 8, team": "No team of yours is call",
        "line 9, owner": "Nobody of your teams who",
        "line 10, backup": "The backup is somebody e",
        "line 11, use_case": "There is no such use cas",
        "line 12, use_case": "The use case is rejected",
        "line 13, origin": "Only a vendor's model ca",
        "line 14, deadline": "Choose a day within 365 ",
        "line 15, purpose": "Use at most 20000 charac",
        "line 16, tier": "A tier is 1 (the highest",
    }
    with pytest.raises(ImportRefused, match="14 lines are wrong") as refused:
        start_import(actor=developer, content=table(*lines))
    assert refused.value.fields.keys() == found.keys()
    assert refused.value.fields["line 16, tier"] == [f"“9” of j: {found['line 16, tier']}"]
    assert refused.value.fields["line 9, owner"] == [f"c: {found['line 9, owner']}"]
    assert found["line 8, team"].endswith(f"You register models in {team.slug}.")
    assert not Job.objects.exists()


def test_what_the_dry_run_lets_pass_the_verbs_let_pass(developer: Actor, team: Team, row: dict[str, Any]) -> None:
    """Where the two disagree, an import fails that was found right."""
    bad: list[dict[str, Any]] = [
        {"slug": "no good"}, {"name": "a\u200bb"}, {"name": "x" * 201}, {"purpose": "x" * 20_001}, {"tier": 9},
        {"task": "guess"}, {"implementation": "vendor"}, {"origin": "x"}, {"mlflow_name": "-"},
    ]  # fmt: skip
    owner = person_with(Role.VIEWER, team=team)
    for changes in bad:
        values = {**row, "origin": "own", "mlflow_name": None, "team": team, "owner": owner, **changes}
        with pytest.raises(Exception, match="can't be registered"):
            register_model(actor=developer, **values)
        assert check_models(actor=developer, content=table({**row, **changes})).flaws


def test_models_that_are_here_are_left_out_where_that_is_asked_for(
    developer: Actor, team: Team, row: dict[str, Any]
) -> None:
    RegisteredModelFactory.create(slug="late", name="Kept", team=team)
    RegisteredModelFactory.create(slug="theirs")
    content = table(row, {**row, "slug": "early"})
    report = check_models(actor=developer, content=content, skip_existing=True)
    assert (report.skipped, [one.line.slug for one in report.ready], report.flaws) == (["late"], ["early"], [])
    theirs = check_models(actor=developer, content=table({**row, "slug": "theirs"}), skip_existing=True)
    assert said(theirs) == {"line 2, slug": "The name theirs is taken. Choose another one."}
    assert [model.name for model in imported(developer, content, skip_existing=True)][:2] == ["Late", "Kept"]
    with pytest.raises(ImportRefused, match="nothing to register"):
        start_import(actor=developer, content=content, skip_existing=True)


def test_a_model_that_is_refused_at_last_takes_all_with_it(
    developer: Actor, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start_import(actor=developer, content=table(row, {**row, "slug": "early"}))
    who, report = begin_import(**job.arguments)
    RegisteredModelFactory.create(slug="early")  # somebody was quicker
    with pytest.raises(ImportRefused, match="Line 3: The name early is taken") as refused:
        finish_import(actor=who, report=report, tell=silent, last_step=nullcontext)
    assert set(refused.value.fields) == {"line 3, slug"}
    assert not RegisteredModel.objects.filter(slug="late").exists()
    with pytest.raises(ImportRefused, match="1 line is wrong"):
        begin_import(**job.arguments)


def test_it_stops_between_two_models_when_asked_to(developer: Actor, row: dict[str, Any]) -> None:
    def stop(done: int, total: int, message: str) -> None:
        assert (total, "all appear together" in message) == (2, True)
        if done == 1:
            raise Cancelled

    job = start_import(actor=developer, content=table(row, {**row, "slug": "early"}))
    who, report = begin_import(**job.arguments)
    with pytest.raises(Cancelled):
        finish_import(actor=who, report=report, tell=stop, last_step=nullcontext)
    assert not RegisteredModel.objects.exists()


def test_rights_are_those_of_the_moment_of_the_import(developer: Actor, team: Team, row: dict[str, Any]) -> None:
    job = start_import(actor=developer, content=table(row))
    RoleGrant.objects.filter(user=developer.user_id).update(revoked_at=now())
    with pytest.raises((ImportRefused, Forbidden)):
        begin_import(**job.arguments)


def test_who_may_register_nowhere_tries_nothing(viewer: Actor, row: dict[str, Any]) -> None:
    for verb in (check_models, start_import):
        with pytest.raises(Forbidden, match="in no team"):
            verb(actor=viewer, content=table(row))


def test_a_team_in_which_one_only_reads_is_named(developer: Actor, row: dict[str, Any]) -> None:
    other = TeamFactory.create(slug="readers")
    user = User.objects.get(pk=developer.user_id or 0)
    RoleGrantFactory.create(user=user, role=Role.VIEWER, team=other)
    actor = actor_for_user(user, interactive=True)
    found = said(check_models(actor=actor, content=table({**row, "team": "readers"})))
    assert found["line 2, team"].startswith("You may not register models in readers")


def test_a_file_of_many_lines_asks_no_more_than_one_of_few(developer: Actor, row: dict[str, Any]) -> None:
    def asked(count: int) -> int:
        content = table(*({**row, "slug": f"m-{number}", "backup": ""} for number in range(count)))
        with CaptureQueriesContext(connection) as queries:
            assert len(check_models(actor=developer, content=content).ready) == count
        return len(queries)

    assert asked(2) == asked(40) < 12


def test_the_job_belongs_to_the_team_or_to_who_asked(developer: Actor, team: Team, row: dict[str, Any]) -> None:
    job = start_import(actor=developer, content=table(row))
    assert (job.team_id, job.subject_label) == (team.pk, "1 model")
    assert list(Job.objects.visible_to(developer)) == [job]
    json.dumps(job.arguments)


def test_a_spanning_import_is_seen_by_who_asked_alone(team: Team, row: dict[str, Any]) -> None:
    both, other = UserFactory.create(), TeamFactory.create()
    for one in (team, other):
        RoleGrantFactory.create(user=both, role=Role.DEVELOPER, team=one)
    actor = actor_for_user(both, interactive=True)
    job = start_import(actor=actor, content=table(row, {**row, "slug": "other", "team": other.slug}))
    assert job.team_id is None
    assert list(Job.objects.visible_to(actor)) == [job]
    for stranger in (team, other):
        reader = actor_for_user(person_with(Role.DEVELOPER, team=stranger), interactive=True)
        assert not Job.objects.visible_to(reader).exists()


def test_a_model_takes_few_statements_and_no_look_for_who_may_read(
    developer: Actor, team: Team, row: dict[str, Any]
) -> None:
    backup = person_with(Role.VIEWER, team=team)
    whole = {**row, "backup": backup.email, "in_use_since": "2021-03-01", "deadline": "2027-01-01"}

    def statements(models: int) -> int:
        content = table(*({**whole, "slug": f"of-{models}-{number}"} for number in range(models)))
        report = check_models(actor=developer, content=content)
        with CaptureQueriesContext(connection) as queries:
            finish_import(actor=developer, report=report, tell=silent, last_step=nullcontext)
        return len(queries)

    assert statements(8) - statements(3) <= 5 * 8
