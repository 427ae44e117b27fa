import pytest
from django.test import Client

from portal.accounts.choices import Role
from registry.models import Release
from tests.factories.accounts import person_with
from tests.factories.lineage import LineageEventFactory, LineageRunFactory, elsewhere, openlineage_event
from tests.factories.registry import (
    ActiveReleaseFactory,
    FeaturePipelineVersionFactory,
    SealedVersionFactory,
    SnapshotFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(client: Client) -> Release:
    """What is in production, of a team whose viewer has come."""
    made: Release = ActiveReleaseFactory.create()
    client.force_login(person_with(Role.VIEWER, team=made.model.team))
    return made


def shown(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_a_snapshots_page_leads_to_what_depends_on_it(client: Client, release: Release) -> None:
    snapshot = release.released.training_run.training_snapshot
    address = f"/lineage?of=snapshot:{snapshot.dataset.slug}:{snapshot.number}"
    assert address in shown(client, snapshot.get_absolute_url())
    page = shown(client, address)
    assert "1 active release depends on" in page
    assert f'href="{release.get_absolute_url()}"' in page
    assert f"snapshot {snapshot} → version {release.released}" in page
    assert "<svg" in page
    assert "The same as a table" in page


def test_a_pasted_commit_finds_the_releases(client: Client, release: Release) -> None:
    page = shown(client, f"/lineage?of={release.released.training_run.commit[:9]}")
    assert "1 active release depends on" in page
    assert str(release.released) in page


def test_one_can_walk_either_way_and_deeper(client: Client, release: Release) -> None:
    name = f"version:{release.model.slug}:{release.released.number}"
    up = shown(client, f"/lineage?of={name}&direction=upstream&depth=1")
    assert "is the code of" in up
    assert "runs as" not in up
    assert f"?of={name.replace(':', '%3A')}&amp;direction=upstream&amp;depth=2" in up
    assert "runs as" in shown(client, f"/lineage?of={name}&direction=nonsense&depth=99")
    assert "is the code of" not in shown(client, f"/lineage?of={name}&direction=downstream")


def test_the_question_stands_alone_and_says_what_it_takes(client: Client, release: Release) -> None:
    assert "paste the beginning of a commit" in shown(client, "/lineage")
    assert "This names nothing that has lineage." in shown(client, "/lineage?of=%3Cb%3E", 422)
    assert "Nothing that you may see has this commit or digest." in shown(client, "/lineage?of=abcdef0123")


@pytest.mark.parametrize(
    "wording",
    [
        "{model} v{number}",
        "{MODEL} v{number}",
        "version {model} {number}",
        "{model} v{number} in production",
        "{dataset} {snapshot}",
        "{dataset} {snapshot} {sha}…",
        "{dataset} {sha}",
        "snapshot {dataset}@{snapshot}",
        "{sha}…",
        "commit {commit}",
        "model {model}",
        "{name}",
    ],
)
def test_a_name_is_understood_as_pages_show_it(client: Client, release: Release, wording: str) -> None:
    model, version = release.model, release.released
    snapshot = version.training_run.training_snapshot
    text = wording.format(
        model=model.slug, MODEL=model.slug.upper(), name=model.name, number=version.number,
        dataset=snapshot.dataset.slug, snapshot=snapshot.number, sha=snapshot.sha256[:8],
        commit=version.training_run.commit[:12],
    )  # fmt: skip
    response = client.get("/lineage", {"of": text})
    page = response.content.decode()
    assert "1 active release depends on" in page
    assert f'value="{text}"' in page
    if "sha}…" not in wording[:6] and "commit" not in wording:
        assert "was understood as" in page


def test_a_feature_pipeline_is_named_as_programs_write_it(client: Client, release: Release) -> None:
    features = FeaturePipelineVersionFactory.create(pipeline__team=release.model.team)
    page = shown(client, f"/lineage?of={features.pipeline.slug}@{features.number}")
    assert f"pipeline:{features.pipeline.slug}:{features.number}" in page


def test_where_several_things_may_be_meant_they_are_listed_and_none_of_another_team(
    client: Client, release: Release
) -> None:
    dataset = release.released.training_run.training_snapshot.dataset
    own = [release.released.training_run.training_snapshot, SnapshotFactory.create(dataset=dataset)]
    theirs = SnapshotFactory.create(dataset__slug=f"{dataset.slug}-theirs")
    page = shown(client, f"/lineage?of={dataset.slug[:-1]}")
    assert "2 things may be meant" in page
    assert all(f"of=snapshot%3A{dataset.slug}%3A{one.number}" in page for one in own)
    assert theirs.dataset.slug not in page


def test_what_nothing_depends_on_says_so(client: Client, release: Release) -> None:
    version = SealedVersionFactory.create(model=release.model)
    page = shown(client, f"/lineage?of=version:{version.model.slug}:{version.number}")
    assert "No active release that you may see depends on it." in page


def test_another_teams_thing_is_as_if_absent(client: Client, release: Release) -> None:
    theirs = SnapshotFactory.create()
    name = f"snapshot:{theirs.dataset.slug}:{theirs.number}"
    for address in (
        f"/lineage?of={name}",
        f"/lineage.csv?of={name}",
        f"/lineage.csv?of={theirs.sha256}",
        "/lineage.csv",
    ):
        shown(client, address, 404)
    assert theirs.dataset.slug not in shown(client, f"/lineage?of={theirs.sha256}")


def test_the_answer_is_a_file_too(client: Client, release: Release) -> None:
    response = client.get(f"/lineage.csv?of=model:{release.model.slug}")
    lines = b"".join(response).decode().splitlines()
    assert lines[0] == "release,environment,model,version,team,activated_at,steps,through"
    assert lines[1].startswith(f"{release.pk},production,{release.model.slug},{release.released.number},")


def test_runs_elsewhere_are_listed_and_shown_with_what_led_nowhere(client: Client, release: Release) -> None:
    assert "No event has come yet." in shown(client, "/lineage/runs")
    run = LineageRunFactory.create(
        team=release.model.team, commit="a" * 40, failure="Out of memory", parameters={"d": 3}
    )
    schema = {"fields": [{"name": "day", "type": "date"}]}
    LineageEventFactory.create(run=run, body=openlineage_event(run.run_id, inputs=[elsewhere("loans", schema=schema)]))
    assert "parts led to nothing" in shown(client, "/lineage/runs?q=tra&state=complete")
    assert "No run that you may see is like this." in shown(client, "/lineage/runs?q=nothing")
    page = shown(client, run.get_absolute_url())
    for words in ("job.facets.sql", "loans", "day", "Out of memory", "commit:" + "a" * 40):
        assert words in page
    shown(client, LineageRunFactory.create().get_absolute_url(), 404)


def test_a_version_says_what_is_known_of_its_commit(client: Client, release: Release) -> None:
    page = shown(client, release.released.get_absolute_url())
    assert "the commit was not sent, nothing is verified" in page
    assert f"/lineage?of=commit:{release.released.training_run.commit}" in page
