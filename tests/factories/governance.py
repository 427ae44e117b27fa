"""Policies, gates and requests, made by the real verbs: for tests of what stands on them."""

from typing import Any

import factory

from governance.choices import Verdict
from governance.models import ApprovalRequest, Decision, GateEvaluation, PolicyVersion
from governance.selectors.bundles import whole_version
from governance.selectors.gates import Evidence
from governance.services.gates import evaluate_gate
from governance.services.policies import ensure_default_policy
from governance.services.requests import open_request
from governance.services.signing import sign
from monitoring.models import ValidationRun
from portal.accounts.choices import Role
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from registry.choices import Environment
from registry.models import ModelVersion, RegisteredModel, Release
from tests.factories.accounts import PASSWORD, TeamFactory, person_with
from tests.factories.monitoring import FinishedRunFactory, PlanFactory, simulated
from tests.factories.registry import CardRevisionFactory, RegisteredModelFactory, ReleaseFactory, SealedVersionFactory


def ready_version(*, team: Team | None = None, author: User | None = None, **run: Any) -> ModelVersion:
    """Return a version that passes the sober default's gate: card published, commit author known, run finished.

    `author` made and submitted everything; `run` goes to FinishedRunFactory, such as state, values or champion.
    """
    ensure_default_policy()
    team = team or TeamFactory.create()
    author = author or person_with(Role.DEVELOPER, team=team)
    model = RegisteredModelFactory.create(team=team, owner=author)
    CardRevisionFactory.create(model=model, author=author)
    return next_version(model=model, author=author, **run)


def next_version(*, model: RegisteredModel, author: User | None = None, **run: Any) -> ModelVersion:
    """Return another version of the model, with a finished run; give `champion` where production has one."""
    author = author or model.owner
    version: ModelVersion = SealedVersionFactory.create(
        model=model,
        created_by=author,
        training_run__commit_authors=[author.email],
        training_run__owner=author,
        training_run__training_snapshot__created_by=author,
    )
    plan = model.validation_plans.first() or PlanFactory.create(model=model)
    finished_run(version=version, plan=plan, **run)
    return version


def evidence_now(evaluation: GateEvaluation) -> Evidence:
    """Return what judging the evaluation's version would read now."""
    return Evidence(whole_version(evaluation.version_id))


def finished_run(**columns: Any) -> ValidationRun:
    """Return a finished run as FinishedRunFactory makes it, of a version that claims nothing; `note` tells it apart."""
    results = simulated(has_champion=columns.get("champion") is not None).results or {}
    columns.setdefault("results", {**results, "claims": [], "notes": [columns.pop("note", "")]})
    run: ValidationRun = FinishedRunFactory.create(**columns)
    return run


class PolicyVersionFactory(factory.Factory):  # type: ignore[misc]
    """The published sober default."""

    class Meta:
        model = PolicyVersion

    @classmethod
    def _create(cls, _model: object, *_args: Any, **_columns: Any) -> PolicyVersion:
        return ensure_default_policy()


class GateEvaluationFactory(factory.Factory):  # type: ignore[misc]
    """An evaluation of a version's gate, which passes unless the version was made otherwise."""

    class Meta:
        model = GateEvaluation

    version = factory.LazyFunction(ready_version)
    environment = Environment.PRODUCTION

    @classmethod
    def _create(cls, _model: object, *_args: Any, **columns: Any) -> GateEvaluation:
        return evaluate_gate(actor=SYSTEM, **columns)


class OpenRequestFactory(factory.Factory):  # type: ignore[misc]
    """An open request for a planned release; who opened it holds the developer's role in the team."""

    class Meta:
        model = ApprovalRequest

    version = factory.LazyFunction(ready_version)
    environment = Environment.PRODUCTION
    release = factory.LazyAttribute(
        lambda request: ReleaseFactory.create(
            version=request.version, environment=request.environment, planned_by=request.version.created_by
        )
    )
    opened_by = factory.LazyAttribute(
        lambda request: person_with(Role.DEVELOPER, team=request.release.version.model.team)
    )
    summary = "Trained on four more months."

    @classmethod
    def _create(cls, _model: object, *_args: Any, **columns: Any) -> ApprovalRequest:
        release: Release = columns["release"]
        actor = actor_for_user(columns["opened_by"], interactive=True)
        return open_request(actor=actor, release=release, summary=columns["summary"])


class DecisionFactory(factory.Factory):  # type: ignore[misc]
    """A decision that a person who may sign took; an approval makes the release active."""

    class Meta:
        model = Decision

    request = factory.SubFactory(OpenRequestFactory)
    signer = factory.LazyAttribute(
        lambda decision: person_with(Role.APPROVER, team=decision.request.release.model.team, name="Nora Approver")
    )
    verdict = Verdict.APPROVE
    meaning = "approval"
    rationale = "Better than production on every measure that counts."

    @classmethod
    def _create(cls, _model: object, *_args: Any, **columns: Any) -> Decision:
        request, signer = columns.pop("request"), columns.pop("signer")
        return sign(
            actor=actor_for_user(signer, interactive=True),
            request=request,
            shown_digest=request.bundle_digest,
            password=PASSWORD,
            **columns,
        )


class ApprovedRequestFactory(OpenRequestFactory):
    """A request that was approved, so that its release is active."""

    @classmethod
    def _create(cls, _model: object, *_args: Any, **columns: Any) -> ApprovalRequest:
        request = super()._create(_model, **columns)
        DecisionFactory.create(request=request)
        request.refresh_from_db()
        return request
