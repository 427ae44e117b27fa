"""Lineage over the API; events are made and sent by the stock `openlineage-python` client."""

from io import BytesIO
from typing import Any
from uuid import uuid4

from django.test import Client
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated import (
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    error_message_run,
    parent_run,
    schema_dataset,
    source_code_location_job,
    sql_job,
)
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport
from requests import Response, Session  # noqa: TID251 (what the client sends over)

from portal.accounts.choices import Role
from portal.accounts.models import Team
from registry.models import LineageEvent, LineageRun
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.lineage import LineageRunFactory, openlineage_event
from tests.factories.registry import ActiveReleaseFactory, SnapshotFactory, VersionFactory
from tests.portal.api.callers import Caller, caller, fields_of, problem_of
from tests.portal.api.v1.test_versions import RUN


class Wire(Session):
    """What the client sends over, straight into the portal."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []

    def post(self, url: str, data: Any = None, **kwargs: Any) -> Response:  # type: ignore[override]
        path = url.removeprefix("http://portal")
        headers = dict(kwargs["headers"])
        answer: Any = Client(headers=headers).post(path, data, content_type=headers.pop("Content-Type"))
        self.answers.append(answer)
        response = Response()
        response.status_code, response.raw = answer.status_code, BytesIO(answer.content)
        return response


def stock_client(secret: str, endpoint: str = "api/v1/lineage") -> tuple[OpenLineageClient, Wire]:
    wire = Wire()
    config = HttpConfig(
        url="http://portal", endpoint=endpoint, auth=ApiKeyTokenProvider({"apiKey": secret}), session=wire
    )
    return OpenLineageClient(transport=HttpTransport(config)), wire


def secret_of(program: Caller) -> str:
    return str(program.client.defaults["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


def event(run: str, state: RunState, hour: int, **more: Any) -> RunEvent:
    facets = more.pop("run_facets", {})
    job = Job(namespace="lending", name="loans.train", facets=more.pop("job_facets", {}))
    return RunEvent(
        eventType=state, eventTime=f"2026-01-31T{hour:02}:00:00+00:00", run=Run(runId=run, facets=facets), job=job,
        producer="https://git.example.org/train.py", **more,
    )  # fmt: skip


def test_a_training_told_by_the_stock_client_becomes_a_run_and_a_version_of_it(developer: Caller, team: Team) -> None:
    client, wire = stock_client(secret_of(developer))
    run = str(uuid4())
    location = source_code_location_job.SourceCodeLocationJobFacet(
        type="git", url="https://git.example.org/m", repoUrl="https://git.example.org/m", version="d" * 40
    )
    parent = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=str(uuid4())), job=parent_run.Job(namespace="lending", name="nightly")
    )
    rows = InputDataset(
        namespace="s3://bucket",
        name="loans.parquet",
        facets={
            "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion="a" * 64),
            "schema": schema_dataset.SchemaDatasetFacet(
                fields=[schema_dataset.SchemaDatasetFacetFields(name="day", type="date")]
            ),
        },
        inputFacets={
            "dataQualityMetrics": data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
                rowCount=12, columnMetrics={"day": data_quality_metrics_input_dataset.ColumnMetrics(nullCount=1)}
            )
        },
    )
    client.emit(
        event(run, RunState.START, 7, run_facets={"parent": parent}, job_facets={"sourceCodeLocation": location})
    )
    client.emit(event(run, RunState.RUNNING, 8, inputs=[rows]))
    client.emit(event(run, RunState.COMPLETE, 9, outputs=[OutputDataset(namespace="s3://bucket", name="model.bin")]))
    assert [answer.status_code for answer in wire.answers] == [201, 201, 201]
    last = wire.answers[-1].json()
    assert (last["run"], last["state"]) == (run, "complete")
    assert "outputs.0" in {one["where"] for one in last["unread"]}, "a version without a digest"
    told = developer.get(f"/lineage/runs/{run}").json()
    assert (told["commit"], told["repository"]) == ("d" * 40, "https://git.example.org/m")
    assert told["parent_run"] == parent.run.runId
    snapshot = SnapshotFactory._meta.model.objects.get(sha256="a" * 64)
    assert (snapshot.state, snapshot.rows, snapshot.dataset.team) == ("referenced", 12, team)
    version = VersionFactory.create(model__team=team)
    training = RUN | {
        "training_snapshot": {"dataset": snapshot.dataset.slug, "number": 1}, "lineage_run": run,
        "hardware": "8 cores", "continues": {"model": version.model.slug, "number": 1},
    }  # fmt: skip
    registered = developer.post(f"/models/{version.model.slug}/versions", {"training_run": training})
    assert registered.status_code == 201, registered.content
    made = version.model.versions.get(number=2).training_run
    assert (str(made.lineage_run.run_id), made.hardware, made.parent) == (run, "8 cores", version.training_run)


def test_a_run_that_fails_or_is_stopped_is_told_by_the_stock_client(developer: Caller) -> None:
    client, wire = stock_client(secret_of(developer))
    message = error_message_run.ErrorMessageRunFacet(message="Out of memory", programmingLanguage="python")
    failed, stopped = str(uuid4()), str(uuid4())
    client.emit(event(failed, RunState.FAIL, 7, run_facets={"errorMessage": message}))
    client.emit(event(stopped, RunState.ABORT, 7, job_facets={"sql": sql_job.SQLJobFacet(query="select 1")}))
    assert [answer.json()["state"] for answer in wire.answers] == ["failed", "aborted"]
    assert "job.facets.sql" in {one["where"] for one in wire.answers[1].json()["unread"]}
    assert LineageRun.objects.get(run_id=failed).failure == "Out of memory"


def test_an_event_sent_again_is_there_once(developer: Caller) -> None:
    body = openlineage_event(uuid4())
    first, second = developer.post("/lineage", body), developer.post("/lineage", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first["Location"].endswith(f"/lineage/runs/{body['run']['runId']}")
    assert first.json() == second.json()
    assert LineageEvent.objects.count() == 1


def test_what_breaks_the_specification_is_a_problem_that_names_the_field(developer: Caller) -> None:
    assert fields_of(developer.post("/lineage", {"run": {}}), 422, "invalid") >= {"eventTime", "run.runId", "job"}
    assert fields_of(developer.post("/lineage", []), 422, "invalid") == {"body"}
    problem_of(developer.post("/lineage", openlineage_event(uuid4()) | {"x": "y" * 300_000}), 413, "too_large")
    assert not LineageRun.objects.exists()


def test_the_team_is_named_or_follows(team: Team) -> None:
    person = person_with(Role.DEVELOPER)  # of every team
    TeamFactory.create(slug="pricing")
    program = Caller(person)
    body = openlineage_event(uuid4())
    assert program.post("/lineage", body).status_code == 201, "the job's namespace"
    body["job"]["namespace"] = "airflow"
    assert fields_of(program.post("/lineage", body), 422, "invalid") == {"team"}
    assert program.post("/lineage?team=pricing", body).status_code == 201
    assert sorted(LineageRun.objects.values_list("team__slug", flat=True)) == ["lending", "pricing"]
    problem_of(program.post("/lineage?team=nobody", body), 422, "invalid")


def test_it_takes_the_scope(viewer: Caller, team: Team) -> None:
    problem_of(viewer.post("/lineage", openlineage_event(uuid4())), 403, "missing_capability")
    narrow = caller(Role.DEVELOPER, team=team, scopes=("read", "record_lineage"))
    assert narrow.post("/lineage", openlineage_event(uuid4())).status_code == 201
    blind = caller(Role.DEVELOPER, team=team, scopes=("read",))
    problem_of(blind.post("/lineage", openlineage_event(uuid4())), 403, "missing_capability")


def test_what_depends_on_a_thing_is_answered(developer: Caller, stranger: Caller, team: Team) -> None:
    release = ActiveReleaseFactory.create(version__model__team=team)
    snapshot = release.version.training_run.training_snapshot
    of = f"snapshot:{snapshot.dataset.slug}:{snapshot.number}"
    answer = developer.get("/lineage/dependents", of=of).json()
    assert answer["complete"] is True
    assert [one["reference"] for one in answer["of"]] == [of]
    (found,) = answer["releases"]
    assert (found["release"], found["environment"], found["version"]) == (release.pk, "production", 1)
    assert [one["kind"] for one in found["through"]] == ["snapshot", "version", "release"]
    problem_of(stranger.get("/lineage/dependents", of=of), 404, "not_found")
    assert fields_of(developer.get("/lineage/dependents", of="?"), 400, "invalid") == {"of"}
    assert fields_of(developer.get("/lineage/dependents"), 400, "invalid") == {"of"}


def test_a_dependency_is_stated_once(developer: Caller, stranger: Caller, team: Team) -> None:
    first, second = VersionFactory.create(model__team=team), VersionFactory.create(model__team=team)
    body = {"upstream": f"model:{first.model.slug}", "downstream": f"version:{second.model.slug}:1"}
    assert [developer.post("/lineage/dependencies", body).status_code for _ in range(2)] == [201, 200]
    assert fields_of(stranger.post("/lineage/dependencies", body), 422, "invalid") == {"upstream", "downstream"}
    body["downstream"] = body["upstream"]
    assert fields_of(developer.post("/lineage/dependencies", body), 422, "invalid") == {"upstream"}


def test_runs_are_listed_by_commit_for_their_team(developer: Caller, stranger: Caller, team: Team) -> None:
    run = LineageRunFactory.create(team=team, commit="abc")
    LineageRunFactory.create(team=team)
    found = developer.get("/lineage/runs", commit="abc").json()["results"]
    assert [one["run_id"] for one in found] == [str(run.run_id)]
    assert stranger.get("/lineage/runs").json()["results"] == []
    problem_of(stranger.get(f"/lineage/runs/{run.run_id}"), 404, "not_found")
