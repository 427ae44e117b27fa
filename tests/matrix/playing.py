"""The verbs of the slice, one after another, as its people would do them: what the ledger is replayed from."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from governance.models import ApprovalRequest
from governance.services.policies import ensure_default_policy
from governance.services.requests import open_request, request_release, withdraw_request
from governance.services.signing import sign
from monitoring.choices import RunState
from monitoring.runners.profiling import ProfileResult
from monitoring.services.plans import fix_plan
from monitoring.services.profiles import begin_profile, finish_profile, request_profile
from monitoring.services.runs import begin_run, close_run, finish_run, request_run
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services import credentials, grants, teams, tokens, users
from portal.accounts.services.passwords import change_password, set_password_by_link
from portal.blobs.services import store_stream
from portal.core.actors import SYSTEM, Actor, Grant
from portal.core.clock import now
from portal.jobs.models import Job
from portal.jobs.services import request_cancel
from portal.reports.choices import PackState
from portal.reports.services import fail_pack, request_pack
from portal.threads import services as comments
from registry.choices import Level
from registry.models import (
    Dataset,
    DatasetSnapshot,
    ModelVersion,
    RegisteredModel,
    Release,
    TierAssessment,
    UseCase,
)
from registry.rules.documents import Said
from registry.rules.links import Contact, Link
from registry.runners.inspection import Inspection, Verdict
from registry.selectors import questionnaire
from registry.services import (
    cards,
    datasets,
    declarations,
    documents,
    findings,
    inspections,
    pipelines,
    releases,
    stages,
    use_cases,
    versions,
)
from registry.services.ci_issuers import register_ci_issuer, withdraw_ci_issuer
from registry.services.datasets import refer_to_snapshot
from registry.services.datasheets import write_datasheet
from registry.services.discussions import comment_on
from registry.services.erasure import erase_snapshot
from registry.services.lineage import state_dependency
from registry.services.models import change_model, link_model, register_model, retire_model
from registry.services.openlineage import receive_event
from registry.services.signers import register_signer, withdraw_signer
from registry.services.tiers import assess_tier, withdraw_assessment
from tests.factories.accounts import PASSWORD, TeamFactory, actor_with, person_with
from tests.factories.ci import ISSUER, jwks
from tests.factories.lineage import FACET, elsewhere, openlineage_event
from tests.factories.monitoring import PLAN, ROWS, profiled, simulated
from tests.factories.registry import SIGNATURE, answers_at
from tests.factories.signatures import signer_pem

COLUMNS = [{"name": name, "type": "double"} for name in ("label", "day", "carrier", "origin")]
TABLE = Inspection(
    Verdict.ACCEPTED, "", detected="parquet", media_type="application/vnd.apache.parquet",
    details={"rows": ROWS, "columns": COLUMNS, "period": {"from": "2026-01-01", "to": "2026-03-31"}},
)  # fmt: skip
MODEL = Inspection(
    Verdict.ACCEPTED, "", detected="onnx", media_type="application/vnd.onnx", signature=SIGNATURE, details={}
)
PICKLE = Inspection(Verdict.REFUSED, "This is a Python pickle.", detected="pickle")


@dataclass
class Slice:
    """The slice's verbs, one after another, as its people would do them."""

    developer: Actor
    address: str
    validator: Actor
    approver: Actor
    auditor: Actor
    second: Actor
    """Of the second line, without a hand in the model."""
    files: int = 0

    def bytes(self) -> Any:
        self.files += 1
        return store_stream(iter([f"file {self.files}".encode()]))

    def snapshot(self, dataset: Dataset, inspection: Inspection = TABLE) -> DatasetSnapshot:
        blob = self.bytes()
        taken = datasets.add_snapshot(actor=self.developer, dataset=dataset, blob=blob, declared_sha256=blob.pk)
        datasets.finish_inspection(snapshot_id=taken.pk, inspections=[inspection])
        taken.refresh_from_db()
        return taken

    def version(
        self, model: RegisteredModel, training: DatasetSnapshot, inspection: Inspection = MODEL
    ) -> ModelVersion:
        run = versions.TrainingRunInput(
            repository="https://git.example.org/m", commit="a" * 40, commit_authors=[self.address],
            environment_lock_sha256="b" * 64, training_snapshot=training, hyperparameters={"depth": 3}, seed=7,
        )  # fmt: skip
        made = versions.register_version(
            actor=self.developer, model=model, training_run=run, description="Try.",
            claims=[versions.Claim(metric="auc", value=0.75, n=5000, snapshot_sha256="c" * 64)],
        )  # fmt: skip
        blob = self.bytes()
        versions.add_artifact(
            actor=self.developer, version=made, role="model", name="model.onnx", blob=blob, declared_sha256=blob.pk
        )
        versions.submit_version(actor=self.developer, version=made)
        files = inspections.begin_inspection(version_id=made.pk)
        inspections.finish_inspection(version_id=made.pk, files=files, inspections=[inspection])
        made.refresh_from_db()
        return made

    def lineage(self, model: RegisteredModel) -> None:
        parent = {"run": {"runId": str(UUID(int=2))}, "job": {"namespace": "airflow", "name": "nightly"}}
        told = {"run_facets": {"parent": FACET | parent}, "inputs": [elsewhere("loans", "f" * 64)]}
        for event_type in ("START", "COMPLETE"):
            event = openlineage_event(UUID(int=1), event_type, **told)
            received = receive_event(actor=self.developer, team=model.team, body=event).event
        state_dependency(actor=self.developer, upstream=model, downstream=received.run)

    def validated(self, version: ModelVersion) -> ModelVersion:
        run = request_run(actor=self.developer, version=version)
        begin_run(run_id=run.pk)
        run.refresh_from_db()
        finish_run(run_id=run.pk, result=simulated(has_champion=run.champion_id is not None))
        return version

    def profiled(self, snapshot: DatasetSnapshot) -> None:
        found = ProfileResult(tuple(profiled(one["type"]) for one in snapshot.columns), ROWS)
        for result in (ProfileResult(failed="The child was killed."), found):
            profile = request_profile(actor=self.developer, snapshot=snapshot)
            begin_profile(profile_id=profile.pk)
            finish_profile(profile_id=profile.pk, result=result)

    def looked_after(self, dataset: Dataset, profiled: DatasetSnapshot) -> None:
        """Profile, describe and erase."""
        self.profiled(profiled)
        for sensitive in (["income"], ["income", "origin"]):
            write_datasheet(actor=self.developer, dataset=dataset, texts={"origin": "Its own."}, sensitive=sensitive)
        refer_to_snapshot(actor=self.developer, dataset=dataset, location="On tape 7.", sha256="ab" * 32, rows=9)
        over = self.snapshot(dataset)
        eraser = replace(self.developer, grants=self.developer.grants | {Grant("erase_data", dataset.team_id)})
        erase_snapshot(actor=eraser, snapshot=over, typed=str(over), reason="Kept for too long.")

    def asked(self, version: ModelVersion) -> ApprovalRequest:
        return request_release(
            actor=self.developer, version=version, environment="production", fallback="A person decides.",
            summary="Better.",
        )  # fmt: skip

    def signed(self, request: ApprovalRequest, verdict: str = "approve") -> Release:
        sign(
            actor=self.approver, request=request, verdict=verdict, meaning="approval", rationale="Better.",
            shown_digest=request.bundle_digest, password=PASSWORD,
        )  # fmt: skip
        return Release.objects.select_related("model", "version").get(pk=request.release_id)

    def use_case(self, slug: str, verdict: str = "") -> UseCase:
        texts = dict.fromkeys(("name", "purpose", "affected_persons", "decision"), "Sets limits.")
        owner = User.objects.get(email=self.address)
        team = owner.grants.get().team
        assert team
        made = use_cases.propose_use_case(
            actor=self.developer, slug=slug, team=team, owner=owner, sponsor=owner, **texts
        )
        made = use_cases.change_use_case(actor=self.developer, use_case=made, owner=owner, sponsor=owner, **texts)
        if verdict:
            use_cases.decide_use_case(
                actor=self.validator, use_case=made, verdict=verdict, shown_digest=made.digest(), rationale="So."
            )
        return made

    def use_cases(self, model: RegisteredModel) -> None:
        over = self.use_case("over", "approve")
        self.use_case("unwanted", "reject")
        self.use_case("rule", "not_a_model")
        for use_case in (self.use_case("proposed"), over, None, self.use_case("limits", "approve")):
            link_model(actor=self.developer, model=model, use_case=use_case)
        use_cases.retire_use_case(actor=self.developer, use_case=over, reason="Over.")

    def records(self, model: RegisteredModel) -> None:
        backup = User.objects.get(pk=self.validator.user_id or 0)
        change_model(actor=self.developer, model=model, name="Limits", backup=backup, mlflow_name="limits")
        change_model(actor=self.developer, model=model, tags=["Credit risk", "pilot"])
        asked, shown = Contact("Vera Vendor", "support", "vera@example.org"), Link("Handbook", "https://example.org/")
        change_model(actor=self.developer, model=model, links=[shown], contacts=[asked])
        bought = register_model(
            actor=self.developer, slug="bought", name="Bought", purpose="Scores.", team=model.team, owner=model.owner,
            tier=3, task="binary", implementation="vendor", origin="vendor",
        )  # fmt: skip
        retire_model(actor=self.developer, model=bought, reason="The contract ended.")

    def declared(self, model: RegisteredModel) -> None:
        said: dict[str, Any] = {"environment": "staging", "in_use_since": date(2021, 3, 1), "description": "Version 4."}
        for days in (60, 30):
            deadline = now().date() + timedelta(days=days)
            made = declarations.declare_release(actor=self.developer, model=model, deadline=deadline, **said)
        declarations.end_declared_release(actor=self.validator, release=made, reason="Switched off.")
        declarations.declare_release(
            actor=self.validator, model=model, deadline=deadline, **{**said, "environment": "production"}
        )

    def tiered(self, actor: Actor, model: RegisteredModel, level: Level) -> TierAssessment:
        shown = questionnaire().digest
        return assess_tier(actor=actor, model=model, answers=answers_at(level), rationale="So.", shown_digest=shown)

    def tiers(self, model: RegisteredModel) -> None:
        for actor, level in ((self.developer, Level.MEDIUM), (self.validator, Level.LOW), (self.developer, Level.LOW)):
            made = self.tiered(actor, model, level)
        withdraw_assessment(actor=self.developer, assessment=made)
        self.tiered(self.validator, model, Level.LOW)

    def found(self, model: RegisteredModel, version: ModelVersion) -> None:
        holder = User.objects.get(email=self.address)
        texts: dict[str, Any] = {"title": "Too high", "description": "See the run.", "stage": "training"}
        made = findings.raise_finding(
            actor=self.second, model=model, severity="low", version=version, holder=holder, **texts
        )
        findings.raise_finding(actor=self.developer, model=model, severity="high", version=version, **texts)
        findings.hand_over(actor=self.developer, finding=made, holder=holder, due=now() + timedelta(days=1))
        findings.start_remediation(actor=self.developer, finding=made)
        findings.hand_in_remediation(actor=self.developer, finding=made, comment="Done.")
        findings.send_back(actor=self.second, finding=made, comment="Not yet.")
        findings.hand_in_remediation(actor=self.developer, finding=made, comment="Done.")
        findings.change_severity(actor=self.second, finding=made, severity="medium", comment="More.")
        findings.close_finding(actor=self.second, finding=made, comment="Verified.")
        findings.reopen_finding(actor=self.developer, finding=made, comment="Again.", holder=holder)
        for subject in (model, version, made):
            said = comment_on(actor=self.second, subject=subject, text="Which rows?")
        comments.withdraw_comment(actor=self.second, comment=said)
        answer = comment_on(actor=self.developer, subject=made, text="Those of run 2.")
        comments.edit_comment(actor=self.developer, comment=answer, text="Those of run 3.")

    def documented(self, model: RegisteredModel) -> None:
        blob = store_stream(iter([b"%PDF-1.7 report"]))
        day = now().date()
        said = Said("vendor_report", "Report", blob.pk, day, day + timedelta(days=90), "Vera Vendor", day)
        former = documents.describe_document(actor=self.developer, model=model, said=said)
        documents.receive_document(actor=self.developer, document=former, blob=blob)
        later = documents.add_document(actor=self.second, model=model, said=said, blob=blob, replaces=former)
        documents.withdraw_document(actor=self.second, document=later, reason="Wrong file.")

    def carded(self, model: RegisteredModel, limitations: str) -> None:
        texts = {"intended_use": "Ranks.", "limitations": limitations, "out_of_scope_use": "Prices."}
        cards.publish_card(actor=self.developer, revision=cards.draft_card(actor=self.developer, model=model, **texts))


def play() -> Release:
    """Run the verbs, so that each subject has been through most of its states; return the active release."""
    ensure_default_policy()
    team = TeamFactory.create()
    person = person_with(Role.DEVELOPER, team=team)
    play = Slice(
        developer=actor_for_user(person, interactive=True),
        address=person.email,
        validator=actor_with(Role.VALIDATOR, team=team),
        approver=actor_with(Role.APPROVER, team=team),
        auditor=actor_with(Role.AUDITOR, team=team),
        second=actor_with(Role.VALIDATOR, team=team),
    )
    model = register_model(
        actor=play.developer, slug="limits", name="Limits", purpose="Sets limits.", team=team, owner=person, tier=2,
        task="binary", implementation="onnx",
    )  # fmt: skip
    for of in (play.records, play.declared, play.use_cases, play.tiers, play.documented):
        of(model)
    dataset = datasets.register_dataset(actor=play.developer, slug="loans", name="Loans", team=team)
    training, held_out = play.snapshot(dataset), play.snapshot(dataset)
    play.snapshot(dataset, PICKLE)
    play.looked_after(dataset, training)
    pipeline = pipelines.register_pipeline(actor=play.developer, slug="features", name="Features", team=team)
    pipelines.register_pipeline_version(
        actor=play.developer, pipeline=pipeline, repository="https://git.example.org/f", commit="d" * 40, columns=["x"]
    )
    play.carded(model, "Knows one country.")
    for owner, stage, hours in ((person, "training", 24), (team, "features", None), (None, "features", 8)):
        stages.assign_stage(
            actor=play.developer, model=model, stage=stage, owner=owner, backup=None, response_hours=hours
        )
    play.lineage(model)
    fix_plan(actor=play.validator, model=model, held_out=held_out, specification=PLAN.as_dict())
    play.found(model, play.version(model, training, PICKLE))
    versions.withdraw_version(actor=play.developer, version=play.version(model, training), reason="Not needed.")
    first = play.signed(play.asked(play.validated(play.version(model, training))))
    failing = request_run(actor=play.developer, version=play.version(model, training))
    close_run(run_id=failing.pk, state=RunState.ERRORED, cause="The worker was lost.")
    stopped = request_run(actor=play.developer, version=failing.version)
    request_cancel(actor=play.developer, job=Job.objects.get(pk=stopped.job_id or 0))
    second = play.validated(play.version(model, training))
    play.signed(play.asked(second), "reject")
    withdraw_request(actor=play.developer, request=play.asked(second))
    planned = releases.plan_release(actor=play.developer, version=second, environment="staging", fallback="None.")
    open_request(actor=play.developer, release=planned, summary="To try.")
    voided = play.asked(second)
    play.carded(model, "Knows two countries.")
    voided.refresh_from_db()
    assert voided.state == "voided"
    active = play.signed(play.asked(second))
    play.tiered(play.developer, model, Level.HIGH)
    first.refresh_from_db()
    assert (first.state, active.state) == ("superseded", "active")
    fail_pack(
        pack_id=request_pack(actor=play.auditor, release=first).pk, state=PackState.ERRORED, cause="The cage was shut."
    )
    request_pack(actor=play.auditor, release=active)
    return active


def administer() -> None:
    """Run the verbs on people, so that each subject has been through most of its states."""
    ann, bo = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    team = teams.rename_team(actor=ann, team=teams.create_team(actor=ann, slug="risk", name="Risk"), name="Credit risk")
    teams.allow_pickles(actor=ann, team=team, until=now() + timedelta(days=9), reason="Old models.")
    teams.end_pickles(actor=bo, team=team)
    teams.allow_pickles(actor=bo, team=team, until=now() + timedelta(days=8), reason="Old models.")
    withdraw_signer(actor=bo, key=register_signer(actor=ann, team=team, name="Vendor", pem=signer_pem("vendor")))
    register_signer(actor=ann, team=team, name="Another", pem=signer_pem("another"))
    for seed in ("first", "second"):
        issuer = register_ci_issuer(actor=ann, team=team, **ISSUER, jwks=jwks(seed))
    withdraw_ci_issuer(actor=bo, issuer=issuer)
    register_ci_issuer(actor=ann, team=team, **ISSUER, jwks=jwks("third"))
    invited = credentials.invite(actor=ann, email="ada@example.org", name="Ada")
    ada = invited.change.user
    set_password_by_link(secret=invited.secret, password=PASSWORD, repeated=PASSWORD)
    grant = grants.grant_role(actor=ann, user=ada, role=Role.APPROVER, team=team)
    grants.confirm_grant(actor=bo, grant=grant, password=PASSWORD)
    grants.revoke_grant(actor=bo, grant=grants.grant_role(actor=ann, user=ada, capability="read_sensitive"))
    tokens.create_token(actor=SYSTEM, user=ada, name="ci", scopes=["read"], days=1)
    credentials.confirm_change(
        actor=bo,
        change=credentials.change_email(actor=ann, user=ada, email="new@example.org").change,
        password=PASSWORD,
    )
    credentials.withdraw_change(actor=bo, change=credentials.issue_link(actor=ann, user=ada).change)
    users.deactivate_user(actor=ann, user=ada)
    credentials.confirm_change(
        actor=ann, change=credentials.reactivate_user(actor=bo, user=ada).change, password=PASSWORD
    )
    change_password(
        actor=actor_for_user(ada, interactive=True),
        current=PASSWORD,
        password="another long pass phrase",
        repeated="another long pass phrase",
        session_key=None,
    )
    users.create_user(actor=bo, email="ci@example.org", name="CI", owner=ada)
