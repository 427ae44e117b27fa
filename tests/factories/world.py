"""One small consistent world of two teams, for tests that go through every door; `add_copies` fills its lists.

It is committed, because gates are evaluated in transactions of their own and the sequencer reads what is committed.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import transaction

from governance.models import ApprovalRequest, Decision, PolicyVersion
from governance.services.policies import ensure_default_policy
from monitoring.choices import VALIDATE, CheckOutcome, RunState
from monitoring.models import ValidationPlan, ValidationRun
from portal.accounts.choices import Line, Role
from portal.accounts.models import ApiToken, CredentialChange, RoleGrant, SavedView, Team, User, UserSession
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import issue_link
from portal.accounts.services.tokens import NewToken, create_token
from portal.accounts.sessions import SessionStore
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.jobs.models import Job
from portal.jobs.services import enqueue
from portal.ledger.catalogue import Subject
from portal.reports.choices import PackState
from portal.reports.models import EvidencePack
from portal.threads.models import Comment
from registry.choices import IMPORT_MODELS, ArtifactRole, CardState, FindingState, ReleaseState, Stage, VersionState
from registry.models import (
    CardRevision,
    CiIssuer,
    Dataset,
    DatasetSnapshot,
    Datasheet,
    Document,
    FeaturePipeline,
    FeaturePipelineVersion,
    Finding,
    LineageRun,
    ModelVersion,
    RegisteredModel,
    Release,
    SignerKey,
    TierAssessment,
    UseCase,
)
from registry.selectors import champion_of
from tests.factories.accounts import RoleGrantFactory, ServiceAccountFactory, TeamFactory, person_with
from tests.factories.ci import CiIssuerFactory
from tests.factories.governance import ApprovedRequestFactory, OpenRequestFactory
from tests.factories.lineage import LineageEdgeFactory, LineageEventFactory, LineageRunFactory
from tests.factories.monitoring import FinishedRunFactory, PlanFactory, ProfileFactory, RunFactory
from tests.factories.registry import (
    ArtifactFactory,
    CardRevisionFactory,
    DatasetFactory,
    DatasheetFactory,
    DeclaredReleaseFactory,
    DocumentFactory,
    FeaturePipelineFactory,
    FeaturePipelineVersionFactory,
    FindingFactory,
    PipelineStageFactory,
    RegisteredModelFactory,
    ReleaseFactory,
    SealedVersionFactory,
    SnapshotFactory,
    TierAssessmentFactory,
    UseCaseFactory,
    VersionFactory,
    stored,
)
from tests.factories.reports import record, sequence
from tests.factories.signatures import SignerKeyFactory
from tests.factories.threads import CommentFactory, EarlierTextFactory

EVERYWHERE = (Role.VALIDATOR, Role.POLICY_STEWARD, Role.AUDITOR, Role.ADMIN)
"""Roles held for every team: the second line, stewards, auditors and administrators."""
PDF, JSON, MODEL, DOCUMENT = b"%PDF-1.7 evidence", b'{"evidence":true}', b"model bytes", b"%PDF-1.4 a report"


@dataclass
class Portfolio:
    """What one team has. Its texts are its `mark`, which no address holds.

    Nor does a person's name: people may know each other.
    """

    slug: str
    mark: str
    team: Team = field(init=False)
    people: dict[str, User] = field(init=False)
    author: User = field(init=False)
    account: User = field(init=False)
    giver: User = field(init=False)
    """An administrator who asks for what another confirms."""
    dataset: Dataset = field(init=False)
    snapshot: DatasetSnapshot = field(init=False)
    profiled: DatasetSnapshot = field(init=False)
    """With a profile; the other has none."""
    datasheet: Datasheet = field(init=False)
    pipeline: FeaturePipeline = field(init=False)
    pipeline_version: FeaturePipelineVersion = field(init=False)
    use_case: UseCase = field(init=False)
    """In use by the model."""
    proposal: UseCase = field(init=False)
    idle_use_case: UseCase = field(init=False)
    """Approved for development; there is no model for it."""
    model: RegisteredModel = field(init=False)
    idle_model: RegisteredModel = field(init=False)
    """Of which nothing decides."""
    declared: Release = field(init=False)
    """In use before the portal, and overdue."""
    document: Document = field(init=False)
    """On its last day."""
    awaited: Document = field(init=False)
    """Whose file has not been sent."""
    card: CardRevision = field(init=False)
    draft: CardRevision = field(init=False)
    proposed_tier: TierAssessment = field(init=False)
    """The developer's, open."""
    plan: ValidationPlan = field(init=False)
    superseded: Release = field(init=False)
    active: Release = field(init=False)
    planned: Release = field(init=False)
    """Approval can be asked for it."""
    candidate: ModelVersion = field(init=False)
    """Sealed, compared with the active one, under review."""
    receiving: ModelVersion = field(init=False)
    quarantined: ModelVersion = field(init=False)
    busy: ModelVersion = field(init=False)
    """Sealed, with many runs, not under review."""
    waiting: ModelVersion = field(init=False)
    """Sealed, its run in the queue."""
    finding: Finding = field(init=False)
    """The second line's, about what is not under review."""
    comment: Comment = field(init=False)
    """The developer's, on a version."""
    run: ValidationRun = field(init=False)
    failed_run: ValidationRun = field(init=False)
    queued_run: ValidationRun = field(init=False)
    lineage_run: LineageRun = field(init=False)
    job: Job = field(init=False)
    import_job: Job = field(init=False)
    request: ApprovalRequest = field(init=False)
    decision: Decision = field(init=False)
    pack: EvidencePack = field(init=False)
    signer: SignerKey = field(init=False)
    ci_issuer: CiIssuer = field(init=False)
    token: ApiToken = field(init=False)
    """The developer's."""
    session: UserSession = field(init=False)
    """Another browser of the developer's."""
    link: str = field(init=False)
    """By which the author can set a password."""
    closed: User = field(init=False)
    """A developer whose account was closed."""
    waiting_grant: RoleGrant = field(init=False)
    waiting_change: CredentialChange = field(init=False)
    view: SavedView = field(init=False)
    """The developer's, too."""

    def __post_init__(self) -> None:
        self._add_people()
        self._add_parts()
        self._add_versions()
        self._add_evidence()

    def add_copies(self, count: int) -> None:
        """Add `count` rows to every list that a door shows, each with what its line names."""
        held = RegisteredModel.objects.filter(team=self.team).count()
        for number in range(held, held + count):
            self._add_copy(f"{self.slug}-{number}")
        for _ in range(count):  # last, because a run follows the newest plan
            self._plan()

    def _add_people(self) -> None:
        self.team = TeamFactory.create(slug=self.slug, name=self.mark)
        self.author = person_with(Role.DEVELOPER, team=self.team, name=f"{self.slug} author")
        self.people = {
            role: person_with(role, team=None if role in EVERYWHERE else self.team, name=f"{self.slug} {role}")
            for role in Role.values
        }
        self.account = ServiceAccountFactory.create(owner=self.author, name=f"{self.slug} account")
        RoleGrantFactory.create(user=self.account, role=Role.DEVELOPER, team=self.team)
        self.closed = person_with(Role.DEVELOPER, team=self.team, is_active=False)
        self.giver = person_with(Role.ADMIN)
        self.waiting_grant = self._waiting_grant()
        self.waiting_change = self._waiting_change()
        self.link = issue_link(actor=SYSTEM, user=self.author).secret
        self.session = self._session()

    def _add_parts(self) -> None:
        self.dataset = DatasetFactory.create(slug=self.slug, name=self.mark, description=self.mark, team=self.team)
        self.snapshot = SnapshotFactory.create(dataset=self.dataset, created_by=self.author)
        self.profiled = self._profiled()
        self.datasheet = self._datasheet()
        self.pipeline = FeaturePipelineFactory.create(slug=self.slug, name=self.mark, team=self.team)
        self.pipeline_version = self._pipeline_version()
        self.use_case = self._use_case(self.slug, approved=True)
        self.proposal, self.idle_use_case = (
            self._use_case(f"{self.slug}-new"),
            self._use_case(f"{self.slug}-idle", approved=True),
        )
        self.model, self.idle_model = self._model(self.slug), self._model(f"{self.slug}-idle")
        self.declared = self._declared(f"{self.slug}-declared")
        self.document = self._document()
        self.awaited = self._document(awaited=True, sha256=self.document.sha256)
        self.card = self._card(CardState.PUBLISHED)
        self.draft = self._card(CardState.DRAFT)
        self.proposed_tier = self._proposed_tier()
        self.plan = self._plan()

    def _add_versions(self) -> None:
        self.superseded = self._approved()
        self.active = self._approved()
        self.superseded.refresh_from_db()
        self.candidate, self.busy, self.waiting = self._ready(), self._ready(), self._ready()
        self.planned = self._release(self._ready())
        self.receiving = self._version(VersionFactory)
        ArtifactFactory.create(version=self.receiving, blob=stored(MODEL))
        self.quarantined = self._version(
            SealedVersionFactory, state=VersionState.QUARANTINED, digest="", sealed_at=None, reason=self.mark
        )
        self.request = self._opened(self.candidate)
        self.finding = self._finding(holder=self.people[Role.DEVELOPER])
        self.comment = self._comments()
        self.lineage_run = self._lineage_run()

    def _add_evidence(self) -> None:
        self.run = self.candidate.validation_runs.get()
        self.failed_run = self._run(
            self.busy, state=RunState.FAILED, cause=self.mark, outcomes={"comparison": CheckOutcome.FAILED}
        )
        self.queued_run = RunFactory.create(version=self.waiting, plan=self.plan, champion=self.active.version)
        subject = Subject("run", str(self.queued_run.pk), self.mark, self.team.pk)
        with transaction.atomic():
            run = {"run_id": self.queued_run.pk}
            self.job = enqueue(actor=SYSTEM, kind=VALIDATE, subject=subject, arguments=run)
            subject = Subject("model_import", "f" * 64, self.mark, self.team.pk)
            arguments = {"sha256": "f" * 64, "user_id": self.author.pk, "skip_existing": False}
            self.import_job = enqueue(actor=SYSTEM, kind=IMPORT_MODELS, subject=subject, arguments=arguments)
        self.queued_run.job_id = self.job.pk
        self.queued_run.save(update_fields=["job_id"])
        self.decision = Decision.objects.get(request__release=self.active)
        self.pack = self._pack()
        self.signer = SignerKeyFactory.create(team=self.team, name=self.mark, registered_by=self.author)
        self.ci_issuer = CiIssuerFactory.create(team=self.team, registered_by=self.author)
        self.token = self.new_token(Role.DEVELOPER).token
        self.view = self._view(self.mark)
        for version in (self.superseded.released, self.active.released, self.candidate):
            record(version)

    def new_token(self, role: str, scopes: tuple[str, ...] = TOKEN_SCOPES) -> NewToken:
        """Return a new token of the person of this role."""
        return create_token(actor=SYSTEM, user=self.people[role], name="ci", scopes=scopes, days=30)

    def _add_copy(self, slug: str) -> None:
        DatasetFactory.create(slug=slug, team=self.team)
        SnapshotFactory.create(dataset=self.dataset)
        self._datasheet()
        FeaturePipelineFactory.create(slug=slug, team=self.team)
        self._pipeline_version()
        self._card(CardState.DRAFT)
        ArtifactFactory.create(version=self.receiving, role=ArtifactRole.OTHER, name=f"{slug}.txt")
        self._run(self.busy)
        self._release(self._opened(self._ready()).release.released, state=ReleaseState.SUPERSEDED)
        self._pack()
        SignerKeyFactory.create(team=self.team)
        CiIssuerFactory.create(team=self.team)
        person_with(Role.APPROVER, team=self.team, name=f"{slug} approver")
        for role in (Role.DEVELOPER, Role.APPROVER):
            self.new_token(role)
            RoleGrantFactory.create(user=self.people[role], role=Role.VIEWER, team=self.team)
        self._add_to_administration(slug)
        self._view(slug)
        self._use_case(slug)
        self._former_tier()
        self._add_findings()
        self._document()
        self._comments()
        self._lineage()
        self._declared(f"{slug}-declared")
        model = self._model(slug)
        CardRevisionFactory.create(model=model, author=self.author)
        version = self._version(SealedVersionFactory, model=model)
        self._run(version, plan=PlanFactory.create(model=model, held_out=self.snapshot))
        self._release(version, state=ReleaseState.ACTIVE)

    def _add_to_administration(self, slug: str) -> None:
        """Fill what administrators and owners of accounts see."""
        TeamFactory.create(slug=f"{slug}-team")
        ServiceAccountFactory.create(owner=self.author)
        RoleGrantFactory.create(user=self.author, role=Role.VIEWER, team=self.team)
        create_token(actor=SYSTEM, user=self.author, name="ci", scopes=["read"], days=30)
        create_token(actor=SYSTEM, user=self.account, name="ci", scopes=["read"], days=30)
        self._waiting_grant()
        self._waiting_change()
        self._session()
        self.link = issue_link(actor=SYSTEM, user=self.author).secret

    def _waiting_grant(self) -> RoleGrant:
        """Return a grant that waits for a second administrator."""
        made: RoleGrant = RoleGrantFactory.create(
            user=person_with(Role.DEVELOPER, team=self.team),
            role=Role.APPROVER,
            team=self.team,
            granted_by=self.giver,
            confirmed_by=None,
        )
        return made

    def _waiting_change(self) -> CredentialChange:
        """Return a link that waits for a second administrator."""
        approver = person_with(Role.APPROVER, team=self.team)
        return issue_link(actor=actor_for_user(self.giver, interactive=True), user=approver).change

    def _session(self) -> UserSession:
        store = SessionStore()
        store[SESSION_KEY] = str(self.people[Role.DEVELOPER].pk)
        store.create()
        store[SESSION_KEY] = str(self.people[Role.DEVELOPER].pk)
        store.save()
        return UserSession.objects.get(session_key=store.session_key)

    def _profiled(self) -> DatasetSnapshot:
        """Return a snapshot with a profile, one column of which is masked."""
        columns = [{"name": "income", "type": "string"}, {"name": "x", "type": "double"}]
        made: DatasetSnapshot = SnapshotFactory.create(dataset=self.dataset, created_by=self.author, columns=columns)
        ProfileFactory.create(snapshot=made)
        return made

    def _datasheet(self) -> Datasheet:
        made: Datasheet = DatasheetFactory.create(
            dataset=self.dataset, origin=self.mark, sensitive=["income"], written_by=self.author
        )
        return made

    def _pipeline_version(self) -> FeaturePipelineVersion:
        made: FeaturePipelineVersion = FeaturePipelineVersionFactory.create(
            pipeline=self.pipeline, created_by=self.author, repository=f"https://git.example.org/{self.mark}"
        )
        return made

    def _model(self, slug: str) -> RegisteredModel:
        made: RegisteredModel = RegisteredModelFactory.create(
            slug=slug, name=self.mark, purpose=self.mark, team=self.team, owner=self.author, use_case=self.use_case
        )
        PipelineStageFactory.create(
            model=made, stage=Stage.VALIDATION, owner_user=self.people[Role.DEVELOPER], backup=self.author
        )
        return made

    def _declared(self, slug: str) -> Release:
        made: Release = DeclaredReleaseFactory.create(
            model=self._model(slug), planned_by=self.author, description=self.mark,
            deadline=now().date() - timedelta(days=1),
        )  # fmt: skip
        return made

    def _document(self, **columns: Any) -> Document:
        texts = dict.fromkeys(("title", "signed_by"), self.mark)
        values = {"blob": None if columns.get("awaited") else stored(DOCUMENT), "valid_until": now().date()}
        made: Document = DocumentFactory.create(
            model=self.model, added_by=self.author, signed_on=date(2026, 1, 1), **texts | values | columns
        )
        return made

    def _proposed_tier(self) -> TierAssessment:
        """Return the proposal; what is in force raised the tier."""
        TierAssessmentFactory.create(
            model=self.model, tier_before=3, rationale=self.mark, assessed_by=self.people[Role.VALIDATOR]
        )
        made: TierAssessment = TierAssessmentFactory.create(
            model=self.model, state="proposed", tier=3, computed_tier=3, rationale=self.mark,
            assessed_by=self.people[Role.DEVELOPER],
        )  # fmt: skip
        return made

    def _former_tier(self) -> None:
        TierAssessmentFactory.create(
            model=self.model, state="superseded", rationale=self.mark, assessed_by=self.author,
            ended_by=self.author, ended_at=now(),
        )  # fmt: skip

    def _add_findings(self) -> None:
        """Add one that the developer holds, one for the first line to judge, and one that waits too long for it."""
        self._finding(holder=self.people[Role.DEVELOPER])
        first = {"line": Line.FIRST, "remediator": self.author}
        self._finding(state=FindingState.READY_TO_VERIFY, **first)
        self._finding(state=FindingState.IN_REMEDIATION, due=now() - timedelta(days=1), **first)

    def _comments(self) -> Comment:
        """Comment on what has a page of comments; return the one on a version."""
        texts: dict[str, Any] = {"author": self.people[Role.DEVELOPER], "text": self.mark}
        for subject in (self.model, self.finding):
            CommentFactory.create(subject=subject, **texts)
        made: Comment = CommentFactory.create(subject=self.busy, state="edited", edited_at=now(), **texts)
        EarlierTextFactory.create(comment=made, text=self.mark)
        return made

    def _finding(self, **columns: Any) -> Finding:
        made: Finding = FindingFactory.create(
            model=self.model, version=self.busy, title=self.mark, description=self.mark,
            raised_by=self.people[Role.VALIDATOR], **columns,
        )  # fmt: skip
        return made

    def _use_case(self, slug: str, **columns: Any) -> UseCase:
        people = dict.fromkeys(("owner", "sponsor", "proposed_by"), self.author)
        texts = dict.fromkeys(("name", "purpose", "affected_persons", "decision"), self.mark)
        made: UseCase = UseCaseFactory.create(slug=slug, team=self.team, **people, **texts, **columns)
        return made

    def _lineage_run(self) -> LineageRun:
        made: LineageRun = LineageRunFactory.create(
            team=self.team, name=self.mark, namespace=self.mark, created_by=self.author
        )
        LineageEventFactory.create(run=made, received_by=self.author)
        return made

    def _lineage(self) -> None:
        """Add to what is read by, and what rests on, things whose lineage a door shows."""
        self._lineage_run()
        LineageEventFactory.create(run=self.lineage_run, received_by=self.author)
        snapshot = SnapshotFactory.create(dataset=self.dataset)
        for upstream in ({"upstream_version": self.active.version}, {"upstream_run": self.lineage_run}):
            LineageEdgeFactory.create(team=self.team, downstream_snapshot=snapshot, **upstream)

    def _card(self, state: CardState) -> CardRevision:
        made: CardRevision = CardRevisionFactory.create(
            model=self.model, state=state, intended_use=self.mark, author=self.author
        )
        return made

    def _plan(self) -> ValidationPlan:
        held_out = SnapshotFactory.create(dataset=self.dataset, created_by=self.author)
        made: ValidationPlan = PlanFactory.create(model=self.model, held_out=held_out)
        return made

    def _version(self, kind: Any, **columns: Any) -> ModelVersion:
        values = {
            "model": self.model, "created_by": self.author, "description": self.mark,
            "feature_pipeline_version": self.pipeline_version, "training_run__owner": self.author,
            "training_run__commit_authors": [self.author.email], "training_run__training_snapshot": self.snapshot,
        }  # fmt: skip
        made: ModelVersion = kind.create(**values | columns)
        return made

    def _run(self, version: ModelVersion, **columns: Any) -> ValidationRun:
        values = {"plan": self.plan, "champion": champion_of(version.model)}
        made: ValidationRun = FinishedRunFactory.create(version=version, **values | columns)
        return made

    def _ready(self) -> ModelVersion:
        """Return a new version whose gate is passed, beside the active one if there is one."""
        version = self._version(SealedVersionFactory)
        self._run(version)
        return version

    def _release(self, version: ModelVersion, **columns: Any) -> Release:
        dates = {} if columns.get("state", ReleaseState.PLANNED) == ReleaseState.PLANNED else {"activated_at": now()}
        made: Release = ReleaseFactory.create(
            version=version, planned_by=self.author, fallback=self.mark, **dates | columns
        )
        return made

    def _opened(self, version: ModelVersion) -> ApprovalRequest:
        """Return an open request of the developer's."""
        made: ApprovalRequest = OpenRequestFactory.create(
            version=version, release=self._release(version), opened_by=self.people[Role.DEVELOPER], summary=self.mark
        )
        return made

    def _approved(self) -> Release:
        """Return a release that somebody approved, so that it is active now."""
        version = self._ready()
        release = self._release(version)
        ApprovedRequestFactory.create(
            version=version, release=release, opened_by=self.people[Role.DEVELOPER], summary=self.mark
        )
        return Release.objects.select_related("version__model").get(pk=release.pk)

    def _view(self, name: str) -> SavedView:
        developer = self.people[Role.DEVELOPER]
        return SavedView.objects.create(user=developer, page="models", name=name, query="tier=2", created_at=now())

    def _pack(self) -> EvidencePack:
        return EvidencePack.objects.create(
            release=self.active, state=PackState.DONE, template="release-1", content_digest="a" * 64,
            checkpoint_size=1, snapshot=stored(JSON), pdf=stored(PDF), requested_by=self.people[Role.AUDITOR],
            requested_at=now(), finished_at=now(),
        )  # fmt: skip


class World:
    """Two teams that know nothing of each other, under one policy, and a log that has been sequenced."""

    def __init__(self, *, copies: int = 0) -> None:
        self.policy: PolicyVersion = ensure_default_policy()
        self.mine = Portfolio("lending", "Quokka")
        self.theirs = Portfolio("pricing", "Zebra")
        self.add_copies(copies)

    def add_copies(self, count: int) -> None:
        """Fill the lists of my team, and order what the ledger holds."""
        self.mine.add_copies(count)
        sequence()

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Return what a program of each role sends; it can do all that a token can."""
        found = {role: self.mine.new_token(role).secret for role in Role.values}
        return found | {"other_team": self.theirs.new_token(Role.DEVELOPER).secret}

    def person(self, role: str) -> User:
        """Return who plays this part: a role of my team, or "other_team"."""
        return self.theirs.people[Role.DEVELOPER] if role == "other_team" else self.mine.people[role]
