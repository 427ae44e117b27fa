import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from governance.choices import Outcome
from governance.errors import GateNotPassed
from governance.models import GateEvaluation
from governance.rules.expressions import compiled, evaluate
from governance.selectors import gates
from governance.services.gates import evaluate_gate, is_current, require_passed
from governance.services.policies import SOBER_DEFAULT, draft_policy, ensure_default_policy, publish_policy
from monitoring.choices import RunState
from monitoring.rules.plans import default_plan
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.core.actors import SYSTEM
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden
from registry.choices import Task, VersionState
from registry.models import CardRevision, Finding, ModelVersion, RegisteredModel
from registry.services.documents import withdraw_document
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.governance import finished_run, next_version, ready_version
from tests.factories.monitoring import PlanFactory, RunFactory
from tests.factories.registry import (
    ActiveReleaseFactory,
    CardRevisionFactory,
    DocumentFactory,
    FindingFactory,
    SealedVersionFactory,
    own_all_stages,
)
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


def evaluated(version: ModelVersion, environment: str = "production") -> GateEvaluation:
    return evaluate_gate(actor=SYSTEM, version=version, environment=environment)


def outcomes(version: ModelVersion) -> dict[str, Outcome]:
    """The checks that are not passed."""
    rows = evaluated(version).results.select_related("check_row")
    return {row.check_row.key: Outcome(row.outcome) for row in rows if row.outcome != Outcome.PASSED}


def publish(**fields: Any) -> None:
    document = {**json.loads(SOBER_DEFAULT.read_text()), **fields}
    publish_policy(actor=SYSTEM, policy_version=draft_policy(actor=SYSTEM, document=document))


def test_ready_version_passes_every_check_of_its_task_and_the_evaluation_is_recorded() -> None:
    found = evaluated(ready_version())
    assert found.outcome == Outcome.PASSED
    keys = set(found.results.values_list("check_row__key", flat=True))
    assert "ranking" in keys
    assert "skill" not in keys
    require_passed(found)
    assert replayed("gate_evaluation") == {str(found.pk): found.public_state()}


def test_anyone_can_recompute_the_evaluation_from_its_stored_inputs() -> None:
    found = GateEvaluation.objects.get(pk=evaluated(ready_version()).pk)
    assert digest_of(found.inputs) == found.inputs_digest
    for row in found.results.select_related("check_row"):
        again = evaluate(compiled(row.check_row.expression), found.inputs)
        assert (again.outcome, again.read) == (row.outcome, row.read)


def missing_share(column: str, value: float | None) -> dict[str, object]:
    return {"measured": "data", "name": "missing_share", "slice_column": column, "value": value, "n": 4_000}


def regression_version(r2: float) -> ModelVersion:
    ensure_default_policy()
    version: ModelVersion = SealedVersionFactory.create(model__task=Task.REGRESSION)
    author = version.created_by
    plan = default_plan(task="regression", label_column="label", slices=("carrier",))
    figures = {"n": 4_000, "n_units": 4_000, "comparison": [], "claims": []}
    segments = [{"column": "carrier", "level": "AA", "assessed": True}]
    CardRevisionFactory.create(model=version.model, author=author)
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    RunFactory.create(
        version=version,
        plan=PlanFactory.create(model=version.model, specification=plan.as_dict()),
        state=RunState.PASSED,
        started_at=now(),
        finished_at=now(),
        results={**figures, "segments": segments},
        results_digest=digest_of(figures),
        also_measured=[
            {"measured": "candidate", "name": "r2", "value": r2, "lower": r2 - 0.1, "upper": r2, "n": 4_000},
            missing_share("x", 0.0),
        ],
    )
    return version


def test_regression_model_is_judged_by_what_is_measured_of_it() -> None:
    assert outcomes(regression_version(0.4)) == {}
    assert outcomes(regression_version(0.05)) == {"skill": Outcome.FAILED}


def test_version_without_a_run_has_no_data_and_is_not_passed() -> None:
    version = ready_version(state=RunState.CANCELLED)
    found = evaluated(version)
    assert found.outcome == Outcome.NO_DATA
    assert found.run is None
    assert outcomes(version)["validation"] == Outcome.NO_DATA
    with pytest.raises(GateNotPassed) as refused:
        require_passed(found)
    assert "Validation passed on rows held out (no data)" in refused.value.message
    assert refused.value.fields["validation"][0].startswith(
        "Validation passed on rows held out: no data. validation.passed has no value"
    )


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.ERRORED, RunState.TIMED_OUT])
def test_newest_finished_run_counts_even_when_an_older_one_passed(state: RunState) -> None:
    version = ready_version()
    plan = version.validation_runs.get().plan
    RunFactory.create(version=version, plan=plan, state=state, started_at=now(), finished_at=now())
    found = outcomes(version)
    assert found["validation"] == Outcome.FAILED
    assert found["claims"] == Outcome.NO_DATA


def test_measure_without_an_interval_is_no_data() -> None:
    version = ready_version(state=RunState.CANCELLED)
    RunFactory.create(
        version=version, plan=version.validation_runs.get().plan, state=RunState.PASSED, started_at=now(),
        finished_at=now(), results={"n": 5, "n_units": 5, "comparison": [], "claims": [], "segments": []},
        also_measured=[{"measured": "candidate", "name": "auc", "value": 0.9, "lower": float("nan"), "n": 5}],
    )  # fmt: skip
    found = evaluated(version)
    assert found.inputs["validation.auc_lower"] == "nan"
    row = found.results.get(check_row__key="ranking")
    assert row.outcome == Outcome.NO_DATA
    assert row.message.startswith("validation.auc_lower is not of type double.")


def test_unpublished_card_and_unknown_authors_stop_the_gate() -> None:
    version = ready_version()
    CardRevision.objects.filter(model=version.model).update(state="superseded")
    assert outcomes(version) == {"card": Outcome.FAILED}
    stranger: ModelVersion = SealedVersionFactory.create(model=version.model)
    finished_run(version=stranger, plan=version.validation_runs.get().plan)
    assert set(outcomes(stranger)) == {"card", "authors"}
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    assert set(outcomes(stranger)) == {"card"}


def test_version_that_was_withdrawn_is_not_passed() -> None:
    version = ready_version()
    ModelVersion.objects.filter(pk=version.pk).update(state=VersionState.WITHDRAWN)
    assert outcomes(version) == {"sealed": Outcome.FAILED}


def test_candidate_must_be_compared_with_what_production_runs_now() -> None:
    champion = ready_version()
    ActiveReleaseFactory.create(version=champion)
    assert outcomes(next_version(model=champion.model, champion=champion)) == {}
    blind = next_version(model=champion.model)
    assert outcomes(blind) == {"production": Outcome.FAILED}
    assert outcomes(champion) == {}


def test_missing_share_is_read_from_the_data_of_the_run() -> None:
    gaps, lost = missing_share("gaps", 0.4), missing_share("lost", None)
    assert outcomes(ready_version(also_measured=[gaps])) == {"missing": Outcome.FAILED}
    assert outcomes(ready_version(also_measured=[gaps, lost])) == {"missing": Outcome.NO_DATA}


def test_run_that_is_too_old_is_stale() -> None:
    old = now() - timedelta(days=31)
    version = ready_version(started_at=old, finished_at=old)
    assert evaluated(version).outcome == Outcome.STALE
    message = evaluated(version).results.get(check_row__key="ranking").message
    assert message.startswith("The check was published after the validation run started")


def test_run_stays_bound_to_the_policy_under_which_it_started() -> None:
    version = ready_version()
    checks = copy.deepcopy(json.loads(SOBER_DEFAULT.read_text())["checks"])
    next(check for check in checks if check["key"] == "ranking")["expression"] = "validation.auc_lower >= 0.99"
    publish(checks=checks)
    found = evaluated(version)
    assert (found.outcome, found.policy_version.number) == (Outcome.PASSED, 1)
    finished_run(version=version, plan=version.validation_runs.get().plan, note="under the new policy")
    found = evaluated(version)
    assert (found.outcome, found.policy_version.number) == (Outcome.FAILED, 2)


def test_run_from_before_there_was_a_policy_is_no_evidence() -> None:
    long_ago = now() - timedelta(days=1)
    found = outcomes(ready_version(started_at=long_ago, finished_at=long_ago))
    assert found["ranking"] == Outcome.STALE
    assert "sealed" not in found


def test_run_that_began_before_its_plan_was_fixed_is_no_evidence() -> None:
    version = ready_version(state=RunState.CANCELLED)
    started = now()
    finished_run(version=version, plan=PlanFactory.create(model=version.model), started_at=started)
    assert outcomes(version)["ranking"] == Outcome.STALE


def test_a_policy_can_ask_for_an_owner_of_every_stage() -> None:
    version = ready_version()
    document = json.loads(SOBER_DEFAULT.read_text())
    check = {"key": "owners", "title": "Owners", "severity": "high", "expression": "stages.without_owner == 0"}
    publish(checks=[*document["checks"], check | {"limit": "somebody owns each", "message": "Name owners."}])
    version = next_version(model=version.model)
    own_all_stages(version.model, version.model.owner)
    found = evaluated(version)
    assert (found.outcome, found.inputs["stages.without_owner"]) == (Outcome.PASSED, 0)
    User.objects.filter(pk=version.model.owner_id).update(is_active=False)
    assert not is_current(found)
    assert outcomes(version) == {"owners": Outcome.FAILED}


def test_evaluation_is_current_until_something_that_it_read_changes() -> None:
    version = ready_version()
    found = evaluated(version)
    assert is_current(found)
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=1)
    assert not is_current(found)


def test_without_a_policy_for_the_tier_nothing_can_be_judged() -> None:
    version = ready_version()
    publish(tiers=[1])
    RunFactory.create(version=version, plan=version.validation_runs.get().plan)
    with pytest.raises(Conflict, match="No policy is published for models of tier 2 in production"):
        evaluated(version)


def test_developers_and_validators_evaluate_and_others_do_not() -> None:
    version = ready_version()
    team = version.model.team
    for role in (Role.DEVELOPER, Role.VALIDATOR):
        evaluate_gate(actor=actor_with(role, team=team), version=version, environment="staging")
    for actor in (actor_with(Role.AUDITOR), actor_with(Role.DEVELOPER, team=TeamFactory.create())):
        with pytest.raises(Forbidden):
            evaluate_gate(actor=actor, version=version, environment="staging")


@pytest.mark.django_db(transaction=True)
def test_evaluation_can_not_be_wrapped_so_that_a_refusal_would_undo_it() -> None:
    version = ready_version()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        evaluated(version)


def test_an_open_high_finding_about_the_version_or_its_model_stops_it() -> None:
    version = ready_version()
    FindingFactory.create(model=version.model, severity="medium", due=now() - timedelta(days=1))
    FindingFactory.create(
        model=version.model, version=SealedVersionFactory.create(model=version.model), severity="high"
    )
    assert outcomes(version) == {}
    for about in (version, None):
        found = FindingFactory.create(model=version.model, version=about, severity="high")
        assert outcomes(version) == {"findings": Outcome.FAILED}
        Finding.objects.filter(pk=found.pk).update(severity="low")
    inputs = evaluated(version).inputs
    assert {name: inputs[f"findings.{name}"] for name in ("open", "open_high", "overdue")} == {
        "open": 3, "open_high": 0, "overdue": 1,
    }  # fmt: skip


REPORT = {
    "key": "report", "title": "A vendor's report is valid", "severity": "high", "limit": "one at least",
    "expression": "'vendor_report' in documents.valid_kinds && documents.expired == 0",
    "message": "Add a report that is valid.",
}  # fmt: skip


def asking_for_a_report() -> list[dict[str, Any]]:
    return [*json.loads(SOBER_DEFAULT.read_text())["checks"], REPORT]


def test_a_gate_that_reads_documents_is_passed_only_while_one_is_valid() -> None:
    version = ready_version()
    publish(checks=asking_for_a_report())
    finished_run(version=version, plan=version.validation_runs.get().plan)  # judged by what held when it started
    assert outcomes(version)["report"] == Outcome.NO_DATA
    held = DocumentFactory.create(model=version.model, valid_until=now().date())
    DocumentFactory.create(awaited=True, model=version.model)
    assert "report" not in outcomes(version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "now", lambda: now() + timedelta(days=1))
        assert outcomes(version)["report"] == Outcome.NO_DATA
        inputs = evaluated(version).inputs
    assert (inputs["documents.valid"], inputs["documents.expired"]) == (0, 1)
    withdraw_document(actor=actor_with(Role.VALIDATOR), document=held, reason="Wrong.")
    assert evaluated(version).inputs["documents.expired"] == 0
