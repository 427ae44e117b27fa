"""CI issuers: registered, with other keys, withdrawn; and the training runs that their tokens vouch for."""

import json
from typing import Any

import pytest

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from registry.errors import CiIdentityRefused
from registry.models import CiIssuer, ModelVersion, TrainingRun
from registry.services.ci_issuers import register_ci_issuer, withdraw_ci_issuer
from registry.services.versions import TrainingRunInput, register_version
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.ci import COMMIT, ISSUER, REPOSITORY, SUBJECT, WORKFLOW, claims, identity_token, jwks
from tests.factories.registry import RegisteredModelFactory, SnapshotFactory
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory.create()
    return made


@pytest.fixture
def admin() -> Actor:
    return actor_with(Role.ADMIN)


def registered(team: Team, token: str, **changes: Any) -> ModelVersion:
    """Register a version of the team's whose training run comes with the token."""
    model = RegisteredModelFactory.create(team=team)
    said = {
        "repository": REPOSITORY, "commit": COMMIT, "commit_authors": ["ann@example.org"],
        "environment_lock_sha256": "a" * 64, "training_snapshot": SnapshotFactory.create(dataset__team=team),
    }  # fmt: skip
    run = TrainingRunInput(**said | changes, ci_identity_token=token)
    assert token not in repr(run)
    return register_version(actor=actor_with(Role.DEVELOPER, team=team), model=model, training_run=run)


def test_a_job_vouches_for_its_commit_and_its_token_is_kept_nowhere(team: Team, admin: Actor) -> None:
    issuer = register_ci_issuer(actor=admin, team=team, **ISSUER, jwks=jwks("one"))
    token = identity_token("one")
    run = registered(team, token).training_run
    assert run.commit_verified
    assert run.commit_words == (
        f"verified by a CI identity: {ISSUER['issuer']} says that the job {SUBJECT} ran at it, workflow {WORKFLOW}"
    )
    run.refresh_from_db()
    assert run.ci_identity == {
        "provider": "github", "issuer": ISSUER["issuer"], "subject": SUBJECT, "workflow": WORKFLOW,
        "registration": issuer.pk, "key": "one",
    }  # fmt: skip
    assert replayed("training_run") == {str(run.pk): run.public_state()}
    written = json.dumps([bytes(row.payload).decode() for row in PendingEntry.objects.all()])
    assert (SUBJECT in written, token.split(".")[2] in written) == (True, False)


@pytest.mark.parametrize("changes", [{"exp": 1}, {"sha": "0" * 40}, {"repository": "lending/other"}])
def test_a_token_that_does_not_fit_refuses_the_version_and_nothing_is_kept(
    team: Team, admin: Actor, changes: dict[str, Any]
) -> None:
    register_ci_issuer(actor=admin, team=team, **ISSUER, jwks=jwks("one"))
    with pytest.raises(CiIdentityRefused) as refused:
        registered(team, identity_token("one", claims(**changes)))
    assert set(refused.value.fields) == {"training_run.ci_identity_token"}
    assert not TrainingRun.objects.exists()


def test_issuers_of_another_team_vouch_for_nothing(team: Team, admin: Actor) -> None:
    register_ci_issuer(actor=admin, team=TeamFactory.create(), **ISSUER, jwks=jwks("one"))
    with pytest.raises(CiIdentityRefused, match="issuer is not registered for the team"):
        registered(team, identity_token("one"))


def test_other_keys_take_the_place_of_former_ones_which_stay_told(team: Team, admin: Actor) -> None:
    first = register_ci_issuer(actor=admin, team=team, **ISSUER, jwks=jwks("one"))
    second = register_ci_issuer(actor=admin, team=team, **ISSUER, jwks=jwks("two"))
    first.refresh_from_db()
    assert (first.state, first.withdrawn_by_id, second.state) == ("withdrawn", second.registered_by_id, "active")
    assert replayed("ci_issuer") == {str(row.pk): row.public_state() for row in (first, second)}
    assert registered(team, identity_token("two")).training_run.ci_identity["registration"] == second.pk
    with pytest.raises(CiIdentityRefused, match="key that is not registered"):
        registered(team, identity_token("one"))
    withdrawn = withdraw_ci_issuer(actor=admin, issuer=second)
    assert withdraw_ci_issuer(actor=admin, issuer=second).withdrawn_at == withdrawn.withdrawn_at
    with pytest.raises(CiIdentityRefused, match="issuer is not registered"):
        registered(team, identity_token("two"))


def test_only_administrators_say_whose_jobs_count(team: Team) -> None:
    developer = actor_with(Role.DEVELOPER, team=team)
    with pytest.raises(Forbidden):
        register_ci_issuer(actor=developer, team=team, **ISSUER, jwks=jwks("one"))
    with pytest.raises(Forbidden):
        withdraw_ci_issuer(actor=developer, issuer=CiIssuer(pk=1))


def test_what_is_no_issuer_is_refused_by_field(team: Team, admin: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        register_ci_issuer(actor=admin, team=team, **ISSUER | {"host": "https://x", "audience": ""}, jwks={})
    assert set(refused.value.fields) == {"host", "audience", "jwks"}
