import pytest

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from registry.models import LineageEdge
from registry.rules.lineage import named
from registry.services.lineage import Thing, end_named, state_dependency
from tests.factories.lineage import LineageRunFactory
from tests.factories.registry import RegisteredModelFactory, SnapshotFactory, VersionFactory
from tests.portal.ledger.replay import replayed


def test_a_dependency_is_stated_once(developer: Actor, team: Team) -> None:
    upstream, downstream = VersionFactory.create(), VersionFactory.create(model__team=team)
    edge, made = state_dependency(actor=developer, upstream=upstream, downstream=downstream)
    assert made
    assert state_dependency(actor=developer, upstream=upstream, downstream=downstream) == (edge, False)
    assert replayed("lineage_edge") == {str(edge.pk): edge.public_state()}
    assert edge.public_state()["downstream"] == ["version", downstream.pk]
    assert str(edge) == f"version {downstream.pk} depends on version {upstream.pk}"
    other, _ = state_dependency(actor=developer, upstream=upstream.model, downstream=downstream)
    assert other != edge


def test_it_is_stated_for_ones_own_team_and_of_what_can_be_joined(
    developer: Actor, viewer: Actor, stranger: Actor, team: Team
) -> None:
    model, snapshot = RegisteredModelFactory.create(team=team), SnapshotFactory.create(dataset__team=team)
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            state_dependency(actor=actor, upstream=model, downstream=snapshot)
    for upstream, downstream in ((snapshot, model), (model, model)):
        with pytest.raises(Invalid):
            state_dependency(actor=developer, upstream=upstream, downstream=downstream)
    assert not LineageEdge.objects.exists()


def test_things_are_found_by_name_where_one_may_see_them(developer: Actor, stranger: Actor, team: Team) -> None:
    version = VersionFactory.create(model__team=team)
    snapshot = SnapshotFactory.create(dataset__team=team)
    run = LineageRunFactory.create(team=team)
    names: dict[str, Thing] = {
        f"model:{version.model.slug}": version.model,
        f"version:{version.model.slug}:{version.number}": version,
        f"snapshot:{snapshot.dataset.slug}:{snapshot.number}": snapshot,
        f"run:{run.run_id}": run,
    }
    for name, thing in names.items():
        assert end_named(developer, named(name)) == thing
        assert end_named(stranger, named(name)) is None
    assert end_named(developer, named("commit:abc")) is None
    assert end_named(developer, named("nothing")) is None
