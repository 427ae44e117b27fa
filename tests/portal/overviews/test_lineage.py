import pytest

from portal.core.actors import SYSTEM
from portal.overviews.lineage import HEAD, dependents, graph, lineage_of_version
from portal.overviews.lineage_things import roots_of
from registry.choices import Environment
from registry.rules.lineage import named
from tests.factories.registry import ActiveReleaseFactory, ReleaseFactory, SealedVersionFactory

pytestmark = pytest.mark.django_db


def test_active_releases_are_named_with_the_way_over_which_they_depend() -> None:
    release = ActiveReleaseFactory.create()
    staging = ActiveReleaseFactory.create(version=release.version, environment=Environment.STAGING)
    ReleaseFactory.create(version=SealedVersionFactory.create(model=release.model))
    snapshot = release.version.training_run.training_snapshot
    asked = named(f"snapshot:{snapshot.dataset.slug}:{snapshot.number}")
    assert asked is not None
    answer = dependents(SYSTEM, roots_of(SYSTEM, asked))
    assert [one.release for one in answer.releases] == [release, staging]
    assert answer.complete
    assert (answer.releases[0].steps, answer.releases[0].through) == (
        2,
        f"snapshot {snapshot} → version {release.version}",
    )
    head, first, _ = answer.lines()
    assert head == HEAD
    assert list(first)[:4] == [release.pk, "production", release.model.slug, release.version.number]


def test_a_graph_says_in_words_what_it_draws() -> None:
    release = ActiveReleaseFactory.create()
    drawn = lineage_of_version(SYSTEM, release.version)
    assert drawn.sentence == f"{release.version} rests on 2 things shown; 1 thing shown depends on it."
    assert drawn.svg.count("<a href=") == 4
    assert [edge.words for edge in drawn.edges][-1] == "runs as"
    assert graph(SYSTEM, drawn.roots, upstream=0, downstream=0).edges == []
