"""One version: identity, files, lineage, what changed against production, claims, runs, gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from governance.choices import RequestState
from governance.models import ApprovalRequest, GateEvaluation
from governance.selectors.gates import Evidence
from governance.selectors.requests import state_now
from monitoring.choices import RunState
from monitoring.models import ValidationRun
from portal.charts.numbers import size
from portal.core.actors import Actor
from portal.core.clock import now
from portal.overviews.claims import ClaimLine, claim_lines
from portal.overviews.comments import CommentsSummary, comments_summary
from portal.overviews.entries import EntryLine
from portal.overviews.findings import FindingsSummary, open_findings
from portal.overviews.gates import GateTable, gate_table
from portal.overviews.lineage import Graph, lineage_of_version
from portal.overviews.packages import packages_of
from portal.overviews.runs import OPEN
from portal.overviews.tiers import Shortfall, shortfall_of
from portal.overviews.timeline import timeline
from portal.overviews.work import WorkDone, inspection_of
from registry.choices import Environment
from registry.models import Artifact, ModelVersion, Release
from registry.selectors import assessment_in_force

RUNS_SHOWN = 10
A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True)
class Change:
    """One thing that differs from what production runs; `code` values are shown in monospace."""

    what: str
    before: str
    after: str
    code: bool = False


@dataclass(frozen=True)
class VersionOverview:
    """A version's page; `newest_run` is the newest that finished, else the newest.

    `awaits_run` says that its first run is about to be requested.
    """

    version: ModelVersion
    artifacts: Sequence[Artifact]
    lineage: Graph
    runs: Sequence[ValidationRun]
    newest_run: ValidationRun | None
    claims: Sequence[ClaimLine]
    evaluation: GateEvaluation | None
    gate: GateTable | None
    releases: Sequence[Release]
    request: ApprovalRequest | None
    production: Release | None
    changes: Sequence[Change]
    findings: FindingsSummary
    comments: CommentsSummary
    timeline: Sequence[EntryLine]
    inspection: WorkDone
    shortfall: Shortfall | None
    awaits_run: bool = False

    @property
    def short(self) -> str:
        """Return the version's name inside its model."""
        return f"v{self.version.number}"

    @property
    def serves(self) -> bool:
        """Whether the version takes live decisions in production."""
        return self.production is not None and self.production.version_id == self.version.pk

    @property
    def is_running(self) -> bool:
        """Whether a validation run of it will still end."""
        return any(run.state in OPEN for run in self.runs)

    @property
    def waiting_request(self) -> bool:
        """Whether the newest request still waits for decisions."""
        return self.request is not None and state_now(self.request) == RequestState.OPEN

    @property
    def stopping_run(self) -> ValidationRun | None:
        """Return the newest run that ended when it was not passed and no gate has read it yet."""
        ended = next((run for run in self.runs if run.state not in (*OPEN, RunState.CANCELLED)), None)
        if ended is None or ended.state == RunState.PASSED:
            return None
        return None if self.evaluation is not None and self.evaluation.run_id == ended.pk else ended

    @property
    def stopped_words(self) -> str:
        """Return how many checks stop it."""
        stops = len(self.gate.stops) if self.gate else 0
        return f"{stops} check{'' if stops == 1 else 's'} not passed"

    @property
    def stopped_heading(self) -> str:
        """Return what the gate stops, as a sentence."""
        place = self.gate.evaluation.environment if self.gate else ""
        return f"The gate to {place} stops {self.short}: {self.stopped_words}."

    @property
    def change_heading(self) -> str:
        """Return which two versions the changes lie between."""
        return f"{self.short} against v{self.production.released.number}" if self.production else ""

    @property
    def claims_aside(self) -> str:
        """Return which run recomputed the claims."""
        run = self.newest_run
        return f"run {run.pk} on rows it had not seen" if run is not None and run.results_digest else "no finished run"

    @property
    def inputs_words(self) -> str:
        """Return how many inputs the model takes."""
        return f"{len(self.version.signature.get('inputs', []))} inputs"

    @property
    def packages(self) -> int:
        """Return how many packages its environment lock pins."""
        return len(packages_of(self.version))

    @property
    def artifacts_aside(self) -> str:
        """Return how many files there are, and their bytes."""
        count = len(self.artifacts)
        together = size(sum(artifact.size for artifact in self.artifacts))
        return f"{count} file{'' if count == 1 else 's'}, {together}" if count else ""


def version_overview(actor: Actor, version: ModelVersion) -> VersionOverview:
    """Return what the version's page shows; `version` comes with its parts joined."""
    runs = list(version.validation_runs.with_names().defer("results")[:RUNS_SHOWN])
    requests = ApprovalRequest.objects.with_parts().filter(release__version=version)
    evaluation = version.gate_evaluations.select_related("policy_version__policy", "run").first()
    production = production_of(version)
    evidence = Evidence(version)
    newest = next((run for run in runs if run.results_digest), runs[0] if runs else None)
    return VersionOverview(
        version=version,
        artifacts=list(version.artifacts.all()),
        lineage=lineage_of_version(actor, version),
        runs=runs,
        newest_run=newest,
        claims=claims_of(version, newest),
        evaluation=evaluation,
        gate=gate_table(evaluation, evidence),
        releases=list(version.releases.select_related("version__model")),
        request=requests.first(),
        production=production,
        changes=changes_against(version, production.released) if production else [],
        findings=open_findings(actor, version),
        comments=comments_summary(actor, version),
        timeline=timeline(actor, topic=f"version:{version.pk}"),
        inspection=inspection_of("version", version.pk),
        shortfall=shortfall_of(version.model, assessment_in_force(version.model), evidence),
        awaits_run=not runs and _just_sealed(version) and version.model.validation_plans.exists(),
    )


def _just_sealed(version: ModelVersion) -> bool:
    """Whether it was sealed so lately that the run which follows may not be requested yet."""
    return version.sealed_at is not None and version.sealed_at > now() - A_MOMENT


def production_of(version: ModelVersion) -> Release | None:
    """Return the release that takes live decisions for the version's model, with what it is made of."""
    active = Release.objects.active_in(Environment.PRODUCTION).filter(model=version.model_id)
    return active.select_related(
        "version__model",
        "version__feature_pipeline_version__pipeline",
        "version__training_run__training_snapshot__dataset",
    ).first()


def changes_against(version: ModelVersion, champion: ModelVersion) -> list[Change]:
    """Return what differs between the version and the one in production, most telling first; [] for itself."""
    if version.pk == champion.pk:
        return []
    new, old = version.training_run, champion.training_run
    pairs = [
        Change("Trained on", str(old.training_snapshot), str(new.training_snapshot)),
        Change("Features", _features(champion), _features(version)),
        Change("Repository", old.repository, new.repository, code=True),
        Change("Commit", old.commit[:12], new.commit[:12], code=True),
        Change("Environment lock", old.environment_lock_sha256[:8], new.environment_lock_sha256[:8], code=True),
        Change("Seed", _said(old.seed), _said(new.seed), code=True),
        *_parameters(old.hyperparameters, new.hyperparameters),
        *_inputs(champion.signature, version.signature),
    ]
    return [pair for pair in pairs if pair.before != pair.after]


def claims_of(version: ModelVersion, run: ValidationRun | None) -> list[ClaimLine]:
    """Return the submitter's claims beside what the run recomputed; without a finished run they wait."""
    if run is not None and run.results_digest and run.results:
        return claim_lines(run.results, list(run.measurements.filter(slice_column="")))
    return [ClaimLine.waiting(claim) for claim in version.claims]


def _features(version: ModelVersion) -> str:
    pipeline = version.feature_pipeline_version
    return str(pipeline) if pipeline is not None else "inside the artifact"


def _parameters(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    names = sorted({*old, *new})
    return [Change(name, _said(old.get(name)), _said(new.get(name)), code=True) for name in names]


def _inputs(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return how the inputs differ, once inspection has read both signatures."""
    before, after = (", ".join(str(one.get("name", "")) for one in said.get("inputs", [])) for said in (old, new))
    return [Change("Inputs", before, after)] if before and after else []


def _said(value: object) -> str:
    return "not set" if value is None else str(value)
