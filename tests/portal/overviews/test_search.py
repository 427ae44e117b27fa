from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.fulltext import NamesWithin, Words
from portal.overviews.search import SHOWN, Group, nearly, search
from portal.overviews.search_kinds import KINDS, Kind
from portal.overviews.search_words import Piece, asked
from registry.choices import CardState, SnapshotState
from tests.factories.accounts import TeamFactory, UserFactory, actor_with, person_with
from tests.factories.governance import OpenRequestFactory
from tests.factories.registry import (
    CardRevisionFactory,
    DatasetFactory,
    DeclaredReleaseFactory,
    FeaturePipelineVersionFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    SnapshotFactory,
    UseCaseFactory,
)

pytestmark = pytest.mark.django_db


def names(groups: Iterable[Group]) -> dict[str, list[str]]:
    return {group.title: ["".join(piece.text for piece in hit.name) for hit in group.hits] for group in groups}


def found_words(pieces: Iterable[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.matched]


def addresses(groups: Iterable[Group]) -> list[str]:
    return [hit.url for group in groups for hit in group.hits]


def viewer(team: Team) -> Actor:
    return actor_with(Role.VIEWER, team=team)


def test_a_name_is_found_by_the_beginning_or_the_middle_of_its_words() -> None:
    model = RegisteredModelFactory.create(slug="late-arrival", name="Late arrival")
    for words in ("late", "arriv", "Late-Arrival", "arrival late", "rival"):
        assert names(search(viewer(model.team), words))["Models"] == ["late-arrival, Late arrival"], words
    assert search(viewer(model.team), "late departure") == []


def test_a_use_case_is_found_by_its_name_and_by_what_is_decided_with_it() -> None:
    use_case = UseCaseFactory.create(slug="late-warning", decision="Whether to warn the passengers.", rejected=True)
    for words in ("late-warn", "warned passenger"):
        [group] = search(viewer(use_case.team), words)
        assert (group.title, [(hit.url, hit.note) for hit in group.hits]) == (
            "Use cases", [(use_case.get_absolute_url(), f"Rejected, {use_case.team.name}")]
        )  # fmt: skip


def test_words_of_a_card_are_found_by_their_stem_and_set_apart() -> None:
    card = CardRevisionFactory.create(
        state=CardState.PUBLISHED, limitations="Knows no flights from smaller airports; rates drift in winter & spring."
    )
    [group] = search(viewer(card.model.team), "airport flight")
    [hit] = group.hits
    assert (group.title, hit.url) == ("Cards", card.get_absolute_url())
    assert found_words(hit.extract) == ["flights", "airports"]
    assert "winter & spring" in "".join(piece.text for piece in hit.extract)


def test_superseded_cards_are_not_repeated() -> None:
    card = CardRevisionFactory.create(state=CardState.SUPERSEDED, intended_use="Ranks zeppelins.")
    assert search(viewer(card.model.team), "zeppelins") == []


def test_a_version_and_its_request_are_found_by_model_and_number() -> None:
    request = OpenRequestFactory.create(summary="More months of winter.")
    version, team = request.release.version, request.release.model.team
    found = names(search(viewer(team), f"{version.model.slug} v{version.number}"))
    assert found["Versions"] == [str(version)]
    assert found["Reviews"] == [f"{version}, request #{request.pk}"]
    assert found["Releases"] == [f"{version} in production, release {request.release_id}"]
    assert set(names(search(viewer(team), "winter"))) == {"Reviews"}


def test_a_digest_is_found_by_its_beginning_as_pages_show_it() -> None:
    version, snapshot = SealedVersionFactory.create(), SnapshotFactory.create()
    shown = " ".join((version.digest[:4], version.digest[4:8]))
    assert names(search(viewer(version.model.team), shown))["Versions"] == [str(version)]
    team = snapshot.dataset.team
    assert names(search(viewer(team), snapshot.sha256.upper()))["Snapshots"] == [str(snapshot)]
    assert search(viewer(team), snapshot.sha256[:3]) == []


def test_policies_are_found_by_what_their_checks_say() -> None:
    policy = OpenRequestFactory.create().policy_version
    check = policy.checks.first()
    found = names(search(viewer(TeamFactory.create()), check.title))
    assert found["Policies"] == [str(policy)]


def test_people_are_found_where_they_are_known() -> None:
    team = TeamFactory.create()
    colleague = person_with(Role.DEVELOPER, team=team, name="Ada Zimmermann")
    stranger = UserFactory.create(name="Ben Zimmermann")
    [group] = search(viewer(team), "zimmermann")
    assert [hit.url for hit in group.hits] == [f"/audit?actor={colleague.actor_id}"]
    assert stranger.name not in str(group)


def test_nothing_of_another_team_is_found() -> None:
    request = OpenRequestFactory.create(summary="Quokka.")
    version = request.release.version
    DatasetFactory.create(name="Quokka", team=version.model.team)
    CardRevisionFactory.create(model=version.model, state=CardState.DRAFT, intended_use="Quokka.")
    SnapshotFactory.create(dataset__team=version.model.team)
    outsider = viewer(TeamFactory.create())
    for words in ("quokka", version.model.slug, version.digest, request.bundle_digest, "staging"):
        assert search(outsider, words) == [], words
    assert set(names(search(viewer(version.model.team), "quokka"))) == {"Cards", "Reviews", "Datasets"}


def test_names_come_before_texts_and_the_rest_is_told_of() -> None:
    team = TeamFactory.create()
    named = RegisteredModelFactory.create(slug="pricing", team=team)
    RegisteredModelFactory.create_batch(SHOWN, purpose="Sets the pricing.", team=team)
    [group] = search(viewer(team), "pricing")
    assert (len(group.hits), group.more) == (SHOWN, True)
    assert group.hits[0].url == named.get_absolute_url()
    assert found_words(group.hits[0].name) == ["pricing", "Pricing"]


def test_odd_text_finds_nothing_and_breaks_nothing() -> None:
    actor = actor_with(Role.AUDITOR)
    for text in ("", "   ", "\0", "' & | ! :* <-> ((", "the", "%", "_", "ª²", "\\", "a" * 5000, "x " * 500, "Ω≈ç√"):
        assert search(actor, text) == [], text
    assert asked("a b c d e f g h i j").words == tuple("abcdefgh")


def test_each_kind_takes_a_query_and_one_more_where_something_is_found() -> None:
    actor = actor_with(Role.AUDITOR)
    OpenRequestFactory.create_batch(3, summary="production")
    DatasetFactory.create(slug="production")
    with CaptureQueriesContext(connection) as captured:
        found = search(actor, "production")
    models_and_datasets = 2
    assert len(captured) == len(KINDS) + len(found) + models_and_datasets


def test_words_may_stand_in_the_name_of_the_model_and_in_what_a_thing_says_of_itself() -> None:
    release = ReleaseFactory.create(version__model__slug="late-arrival-2024", environment="production")
    card = CardRevisionFactory.create(model=release.model, state=CardState.DRAFT)
    actor = viewer(release.model.team)
    for words in ("late-arrival-2024", "late 2024", f"arrival production {release.pk}", "late prod v1", "prod release"):
        assert release.get_absolute_url() in addresses(search(actor, words)), words
    assert release.get_absolute_url() not in addresses(search(actor, "arrival staging"))
    assert card.get_absolute_url() in addresses(search(actor, "arrival card 1"))
    assert card.get_absolute_url() not in addresses(search(actor, "arrival card 7"))


def test_a_version_is_found_by_the_commit_it_was_trained_at_and_by_its_pipelines() -> None:
    version = SealedVersionFactory.create(training_run__commit="c0ffee" + "1" * 34)
    pipeline = FeaturePipelineVersionFactory.create(pipeline__team=version.model.team, commit="decade" + "2" * 34)
    fed = SealedVersionFactory.create(model=version.model, feature_pipeline_version=pipeline)
    actor = viewer(version.model.team)
    assert names(search(actor, "c0ffee11")) == {"Versions": [str(version)]}
    assert names(search(actor, "decade")) == {"Versions": [str(fed)]}
    assert search(viewer(TeamFactory.create()), "c0ffee11") == []


def test_columns_are_found_in_the_newest_snapshot_that_can_be_read() -> None:
    dataset = DatasetFactory.create(slug="flights")
    columns = [{"name": "dep_delay_minutes", "type": "double"}, {"name": "carrier", "type": "string"}]
    SnapshotFactory.create(dataset=dataset, columns=columns)
    newest = SnapshotFactory.create(dataset=dataset, columns=columns)
    SnapshotFactory.create(dataset=dataset, columns=columns, state=SnapshotState.REFUSED)
    [group] = search(viewer(dataset.team), "delay_min")
    [hit] = group.hits
    assert (group.title, hit.url) == ("Columns", newest.get_absolute_url())
    assert "".join(piece.text for piece in hit.extract) == "dep_delay_minutes"
    assert search(viewer(dataset.team), "dep carrier") == [], "one column holds the words"
    assert search(viewer(dataset.team), "double") == [], "the type of a column is not its name"


def test_a_snapshot_of_very_many_long_columns_can_be_stored_and_its_first_thousand_are_found() -> None:
    columns = [{"name": f"c{at:05}_" + "é" * 190, "type": "double"} for at in range(3_000)]
    snapshot = SnapshotFactory.create(columns=columns)
    assert "Columns" in names(search(viewer(snapshot.dataset.team), "c00999"))
    assert search(viewer(snapshot.dataset.team), "c01000") == []


@pytest.mark.parametrize("typed", ["late-arival", "lat arrivel", "arrivall late", "LATTE arrivals", "late arriavl"])
def test_a_name_with_a_slip_is_nearly_found(typed: str) -> None:
    model = RegisteredModelFactory.create(slug="late-arrival", name="Late arrival")
    RegisteredModelFactory.create(slug="fuel-burn", team=model.team)
    assert search(viewer(model.team), typed) == []
    [group] = nearly(viewer(model.team), typed)
    assert [hit.url for hit in group.hits] == [model.get_absolute_url()]


def test_nothing_of_another_team_is_nearly_found_and_nothing_is_like_odd_text() -> None:
    RegisteredModelFactory.create(slug="late-arrival")
    DatasetFactory.create(slug="late-arrival")
    UseCaseFactory.create(slug="late-arrival")
    assert nearly(viewer(TeamFactory.create()), "late-arival") == []
    everybody = actor_with(Role.AUDITOR)
    assert [group.title for group in nearly(everybody, "late-arival")] == ["Use cases", "Models", "Datasets"]
    for text in ("", "ab", "\0", "' & | ! :* <->", "%%%%%", "____", "Ω≈ç√∫∫"):
        assert nearly(everybody, text) == [], text


def test_the_likest_name_comes_first() -> None:
    team = TeamFactory.create()
    like = RegisteredModelFactory.create(slug="arrival", name="Flights", team=team)
    less = RegisteredModelFactory.create(slug="arriving", name="Flights", team=team)
    [group] = nearly(viewer(team), "arrivall")
    assert [hit.url for hit in group.hits] == [like.get_absolute_url(), less.get_absolute_url()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if isinstance(kind.vector, Words | NamesWithin)])
def test_the_words_of_each_kind_are_spelled_as_an_index_holds_them(kind: Kind) -> None:
    rows: Any = kind.rows(actor_with(Role.AUDITOR)).model.objects.order_by()
    found = rows.alias(words=kind.vector).filter(words=asked("zeppelin").query).values("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "Bitmap Index Scan" in found.explain()


def test_what_was_declared_is_found_by_its_words_and_as_declared() -> None:
    declared = DeclaredReleaseFactory.create(model__slug="rates", description="The actuaries’ spreadsheet.")
    other = ReleaseFactory.create(version__model=declared.model)
    actor = viewer(declared.model.team)
    for words in ("spreadsheet", "rates declared"):
        found = addresses(search(actor, words))
        assert declared.get_absolute_url() in found, words
        assert other.get_absolute_url() not in found
    assert declared.get_absolute_url() not in addresses(search(viewer(TeamFactory.create()), "spreadsheet"))
