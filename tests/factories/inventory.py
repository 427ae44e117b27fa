"""The inventory of a large bank, in bulk: for benches, and for tests of what grows with it.

The spread is plausible and always the same: some teams have many models, some models many versions; most serve, some
are new, some were refused. Rows go in without services and without entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from django.db import models

from governance.choices import Outcome, RequestState
from governance.models import ApprovalRequest, GateEvaluation, PolicyVersion
from monitoring.choices import RunState
from monitoring.models import ValidationPlan, ValidationRun
from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, Team, User
from portal.blobs.models import Blob
from portal.core.clock import now
from registry.choices import (
    ArtifactRole,
    CardState,
    Environment,
    Implementation,
    ReleaseState,
    SnapshotState,
    Stage,
    Task,
    VersionState,
)
from registry.models import (
    Artifact,
    CardRevision,
    Dataset,
    DatasetSnapshot,
    ModelVersion,
    PipelineStage,
    RegisteredModel,
    Release,
    TrainingRun,
    UseCase,
)
from tests.factories.accounts import hashed_password
from tests.factories.inventory_words import (
    COLUMNS,
    FIELDS,
    LIMITS,
    NAMES,
    NEVER,
    PLACES,
    PURPOSES,
    SUBJECTS,
    SURNAMES,
    UNITS,
)
from tests.factories.registry import sha256_of

Row = TypeVar("Row", bound=models.Model)
STEP = 2_000
STATES = {
    VersionState.SEALED: 82,
    VersionState.WITHDRAWN: 8,
    VersionState.QUARANTINED: 4,
    VersionState.FAILED: 2,
    VersionState.RECEIVING: 4,
}
RUN_STATES = {RunState.PASSED: 80, RunState.FAILED: 14, RunState.ERRORED: 4, RunState.TIMED_OUT: 2}


OWN = [one for one in Implementation.values if one != Implementation.VENDOR]
"""What has versions; a vendor's black box has none."""


@dataclass
class Inventory:
    """What was made, in the order of its keys."""

    rng: Random
    policy_version: PolicyVersion
    teams: list[Team] = field(default_factory=list)
    people: dict[int, list[User]] = field(default_factory=dict)
    """By team."""
    use_cases: dict[int, list[UseCase]] = field(default_factory=dict)
    snapshots: dict[int, list[DatasetSnapshot]] = field(default_factory=dict)
    models: list[RegisteredModel] = field(default_factory=list)
    versions: list[ModelVersion] = field(default_factory=list)

    def add(self, count: int, versions: int, teams: int) -> None:
        """Add that many models and versions, owned by that many teams."""
        self._add_teams(teams, people=max(2 * teams, count // 25))
        self._add_use_cases(max(teams, count // 25))
        self._add_data(max(teams, count // 6))
        self._add_models(count)
        self._add_cards()
        self._add_versions(versions)
        self._add_evidence()

    def _add_teams(self, count: int, people: int) -> None:
        moment = now()
        made = [f"{UNITS[at % len(UNITS)]} {at // len(UNITS) + 1}" for at in range(count)]
        self.teams = _made(
            Team(slug=name.lower().replace(" ", "-"), name=name, line="first", created_at=moment) for name in made
        )
        names = [f"{self.rng.choice(NAMES)} {self.rng.choice(SURNAMES)}" for _ in range(people)]
        users = _made(
            User(email=f"{at}@bank.example", name=name, password=hashed_password(), created_at=moment)
            for at, name in enumerate(names)
        )
        pairs = [(user, self.teams[at % count]) for at, user in enumerate(users)]
        _made(
            RoleGrant(user=user, role=Role.DEVELOPER, team=team, granted_from=moment, created_at=moment)
            for user, team in pairs
        )
        for user, team in pairs:
            self.people.setdefault(team.pk, []).append(user)

    def _add_use_cases(self, count: int) -> None:
        rows = []
        for at in range(count):
            team = self.teams[at % len(self.teams)]
            owner, moment = self.rng.choice(self.people[team.pk]), self._past()
            rows.append(
                UseCase(
                    slug=f"use-{at:05}", name=f"{self.rng.choice(SUBJECTS)} for {team.name}", team=team, owner=owner,
                    sponsor=owner, purpose=self.rng.choice(PURPOSES), affected_persons="Customers of the bank.",
                    decision=self.rng.choice(PURPOSES), proposed_by=owner, proposed_at=moment, involved=[owner.pk],
                    state="approved_for_development", decided_by=owner, decided_at=moment,
                )
            )  # fmt: skip
        for row in _made(rows):
            self.use_cases.setdefault(row.team_id, []).append(row)

    def _add_data(self, count: int) -> None:
        rows = []
        for at in range(count):
            team, subject = self.teams[at % len(self.teams)], self.rng.choice(SUBJECTS).lower()
            rows.append(
                Dataset(
                    slug=f"{subject.replace(' ', '-')}-data-{at:05}", name=f"{subject.capitalize()} of {team.name}",
                    description=self.rng.choice(PURPOSES), team=team, created_at=self._past(),
                )
            )  # fmt: skip
        snapshots = [
            DatasetSnapshot(
                dataset=dataset, number=number, state=SnapshotState.READY,
                sha256=sha256_of(f"{dataset.slug} {number}"),
                size=self.rng.randint(10_000, 10**9), rows=self.rng.randint(1_000, 10**7), time_column="day",
                columns=self._columns(), created_by=self.people[dataset.team_id][0], created_at=self._past(),
            )
            for dataset in _made(rows)
            for number in range(1, self.rng.randint(2, 4))
        ]  # fmt: skip
        for row in _made(snapshots):
            self.snapshots.setdefault(row.dataset.team_id, []).append(row)

    def _add_models(self, count: int) -> None:
        weights = [1 / (at + 3) for at in range(len(self.teams))]
        rows = []
        for at in range(count):
            team = self.rng.choices(self.teams, weights)[0]
            subject, line, place = (self.rng.choice(words) for words in (SUBJECTS, FIELDS, PLACES))
            name = f"{line} {subject.lower()} {place}"
            rows.append(
                RegisteredModel(
                    slug=f"{name.lower().replace(' ', '-')}-{at:05}", name=name, purpose=self.rng.choice(PURPOSES),
                    team=team, owner=self.rng.choice(self.people[team.pk]),
                    tier=self.rng.choices((1, 2, 3), (1, 3, 6))[0],
                    task=self.rng.choice(Task.values), implementation=self.rng.choice(OWN),
                    use_case=self.rng.choice([None, *self.use_cases[team.pk]]), created_at=self._past(),
                )
            )  # fmt: skip
        self.models = _made(rows)
        _made(
            PipelineStage(
                model=model, stage=stage, owner_user=None if self.rng.random() < 0.1 else model.owner, changed_at=now()
            )
            for model in self.models
            for stage in Stage
        )

    def _add_cards(self) -> None:
        rows = []
        for model in self.models:
            revisions = self.rng.choices((0, 1, 2, 3), (1, 5, 3, 1))[0]
            for number in range(1, revisions + 1):
                state = CardState.PUBLISHED if number == revisions else CardState.SUPERSEDED
                rows.append(
                    CardRevision(
                        model=model, number=number, state=state, intended_use=self._text(PURPOSES),
                        limitations=self._text(LIMITS), out_of_scope_use=self._text(NEVER), author=model.owner,
                        digest=sha256_of(f"card {model.slug} {number}"), created_at=self._past(),
                    )
                )  # fmt: skip
        _made(rows)

    def _add_versions(self, count: int) -> None:
        weights = [self.rng.paretovariate(1.6) for _ in self.models]
        owners = [*self.models, *self.rng.choices(self.models, weights, k=count)][:count]
        owners.sort(key=lambda model: model.pk)
        runs = _made(
            TrainingRun(
                model=model, repository=f"https://git.bank.example/{model.slug}", commit=sha256_of(f"commit {at}")[:40],
                commit_authors=[model.owner.email], hyperparameters={"depth": at % 9}, owner=model.owner,
                environment_lock_sha256=sha256_of("lock"), created_at=self._past(),
                training_snapshot=self.rng.choice(self.snapshots[model.team_id]),
            )
            for at, model in enumerate(owners)
        )  # fmt: skip
        numbers: dict[int, int] = {}
        rows = []
        for at, run in enumerate(runs):
            number = numbers[run.model_id] = numbers.get(run.model_id, 0) + 1
            rows.append(
                ModelVersion(
                    model=run.model, number=number, state=VersionState.RECEIVING, training_run=run,
                    description=self.rng.choice(LIMITS) if at % 3 == 0 else "", digest=sha256_of(f"version {at}"),
                    created_by=run.owner, created_at=run.created_at, submitted_by=run.owner,
                    submitted_at=run.created_at, sealed_at=run.created_at,
                )
            )  # fmt: skip
        self.versions = _made(rows)
        blob, _ = Blob.objects.get_or_create(
            sha256=sha256_of("one model"), defaults={"size": 1_000, "created_at": now()}
        )
        _made(
            Artifact(
                version=version, role=ArtifactRole.MODEL, name="model.onnx", blob=blob, sha256=blob.pk, size=blob.size,
                created_by=version.created_by, created_at=version.created_at,
            )
            for version in self.versions
        )  # fmt: skip
        self._move_on()

    def _move_on(self) -> None:
        """Let versions come to the states in which they stay, the way that the database asks of them."""
        states: dict[str, list[int]] = {}
        for version in self.versions:
            version.state = self.rng.choices(list(STATES), list(STATES.values()))[0]
            states.setdefault(version.state, []).append(version.pk)
        left = ModelVersion.objects.filter(pk__gte=self.versions[0].pk)
        left.exclude(pk__in=states.pop(VersionState.RECEIVING, [])).update(state=VersionState.INSPECTING)
        for state, keys in states.items():
            ModelVersion.objects.filter(pk__in=keys).update(state=state)

    def _add_evidence(self) -> None:
        """Add plans, runs, gates, releases and requests, as far as each model has come."""
        sealed = [version for version in self.versions if version.state == VersionState.SEALED]
        plans = {
            plan.model_id: plan
            for plan in _made(
                ValidationPlan(
                    model=model, number=1, held_out=self.snapshots[model.team_id][0], specification={},
                    digest=sha256_of(f"plan {model.slug}"), created_by=model.owner, fixed_at=model.created_at,
                )
                for model in self.models
            )
        }  # fmt: skip
        runs = _made(
            ValidationRun(
                version=version, plan=plans[version.model_id], requested_by="system", requested_at=version.created_at,
                state=self.rng.choices(list(RUN_STATES), list(RUN_STATES.values()))[0],
                started_at=version.created_at, finished_at=version.created_at,
            )
            for version in sealed
        )  # fmt: skip
        gates = _made(
            GateEvaluation(
                version=run.version, environment=Environment.PRODUCTION, policy_version=self.policy_version, run=run,
                inputs={}, inputs_digest=sha256_of("none"), digest=sha256_of(f"gate {run.pk}"),
                outcome=Outcome.PASSED if run.state == RunState.PASSED else Outcome.FAILED,
                evaluated_at=run.requested_at,
            )
            for run in runs
        )  # fmt: skip
        self._add_releases([gate for gate in gates if gate.outcome == Outcome.PASSED])

    def _add_releases(self, gates: Sequence[GateEvaluation]) -> None:
        newest = {gate.version.model_id: gate.version_id for gate in gates}
        rows = []
        for gate in gates:
            version, state = gate.version, ReleaseState.SUPERSEDED
            if newest[version.model_id] == version.pk:
                state = self.rng.choices((ReleaseState.ACTIVE, ReleaseState.PLANNED), (3, 1))[0]
            rows.append(
                Release(
                    model=version.model, version=version, environment=Environment.PRODUCTION, state=state,
                    fallback="A person decides.", planned_by=version.created_by, planned_at=version.created_at,
                    activated_at=None if state == ReleaseState.PLANNED else version.created_at,
                    ended_at=version.created_at if state == ReleaseState.SUPERSEDED else None,
                )
            )  # fmt: skip
        _made(
            ApprovalRequest(
                release=release, policy_version=self.policy_version, evaluation=gate, bundle={},
                state=RequestState.OPEN if release.state == ReleaseState.PLANNED else RequestState.APPROVED,
                bundle_digest=sha256_of(f"request {gate.pk}"), summary=self.rng.choice(LIMITS),
                opened_by=release.planned_by, opened_at=release.planned_at, expires_at=now() + timedelta(days=14),
            )
            for release, gate in zip(_made(rows), gates, strict=True)
        )  # fmt: skip

    def _past(self) -> Any:
        return now() - timedelta(minutes=self.rng.randint(1, 2_000_000))

    def _columns(self) -> list[dict[str, str]]:
        return [{"name": name, "type": "double"} for name in self.rng.sample(COLUMNS, self.rng.randint(8, 60))]

    def _text(self, sentences: Sequence[str]) -> str:
        return " ".join(self.rng.sample(sentences, 3))


def make_inventory(*, models: int, versions: int, teams: int, policy_version: PolicyVersion) -> Inventory:
    """Return an inventory of that size; at least one version for each model."""
    inventory = Inventory(Random(7), policy_version)  # noqa: S311 (always the same)
    inventory.add(models, versions, teams)
    return inventory


def _made(rows: Any) -> list[Any]:
    """Insert rows of one table in bulk; return them with their keys."""
    found = list(rows)
    return type(found[0])._default_manager.bulk_create(found, batch_size=STEP) if found else []
