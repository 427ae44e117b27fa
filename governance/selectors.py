"""Who may sign, what has changed, what has expired: computed at the moment of asking."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from governance.choices import PolicyState, RequestState
from governance.models import ApprovalRequest, GateEvaluation, PolicyCheck, PolicyVersion
from governance.rules import bundles, duties, policies, quorum, requests
from governance.rules.bundles import ChangedPart
from governance.rules.gates import CheckVerdict, GateCheck, RunTimes, applies, judge
from governance.rules.readings import results_inputs
from governance.rules.variables import VARIABLES, storable
from monitoring.choices import Measured, RunState
from monitoring.models import ValidationRun
from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.selectors import people_by_team, people_of_addresses
from portal.core.actors import Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from registry.choices import CardState, VersionState
from registry.models import Artifact, CardRevision, ModelVersion, RegisteredModel, Release
from registry.rules import cards
from registry.selectors import assessment_in_force, champion_of, stages_without_owner

NONE = digest_of(None)
"""The digest of a part that is not there."""

TAKING_PART = (
    "planned_by_id",
    "model__team_id",
    "version__submitted_by_id",
    "version__created_by_id",
    "version__training_run__owner_id",
    "version__training_run__commit_authors",
    "version__training_run__training_snapshot__created_by_id",
    "version__feature_pipeline_version__created_by_id",
)
"""What a release says of who took part in it."""


@dataclass(frozen=True)
class Excluded:
    """A person who may not sign a request, and why: each reason completes "... because they"."""

    user: User
    reasons: tuple[str, ...]

    @property
    def because(self) -> str:
        """The reasons as one clause."""
        return duties.because(self.reasons)


@dataclass(frozen=True)
class Standing:
    """Who could sign a free seat of a request now, and who may not whatever their role; both by name."""

    eligible: Sequence[User]
    excluded: Sequence[Excluded]


def is_expired(request: ApprovalRequest) -> bool:
    """Whether the request is still open in its row, but its time has passed."""
    return state_now(request) == requests.EXPIRED


def state_now(request: ApprovalRequest) -> str:
    """Return the request's state at this moment: "expired" is computed, never stored."""
    return requests.state_at(request.state, request.expires_at, now())


def excluded_people(request: ApprovalRequest) -> list[Excluded]:
    """Return who may not sign the request whatever their role, by name (invariant 5)."""
    return _exclusions(_whole_requests([request]))[request.pk]


def eligible_signers(request: ApprovalRequest) -> list[User]:
    """Return who could sign a free seat now, by name; empty when the request is closed, or stuck (invariant 6)."""
    return [*standings([request])[request.pk].eligible]


def standings(asked: Iterable[ApprovalRequest]) -> dict[int, Standing]:
    """Return {request id: who may sign it and who may not}, in as many queries for many requests as for one."""
    rows = _whole_requests(asked)
    excluded = _exclusions(rows)
    holders = cache(partial(people_by_team, team_ids={row.release.model.team_id for row in rows}))
    found: dict[int, Standing] = {}
    for row in rows:
        team = row.release.model.team_id
        barred = {one.user.pk for one in excluded[row.pk]} | _signers(row)
        able = {user.pk: user for seat in _free_seats(row) for user in holders(seat.capability)[team]}
        eligible = [user for user in able.values() if user.pk not in barred]
        eligible.sort(key=lambda user: (user.name, user.pk))
        found[row.pk] = Standing(eligible, excluded[row.pk])
    return found


def signable_by(actor: Actor, asked: Iterable[ApprovalRequest]) -> set[int]:
    """Return the ids of the requests of which the actor could sign a free seat now: `standings` for one person."""
    rows = _whole_requests(asked)
    excluded = _reasons(rows)
    return {
        row.pk
        for row in rows
        if actor.user_id not in excluded[row.pk].keys() | _signers(row)
        and any(actor.may(seat.capability, row.release.model.team_id) for seat in _free_seats(row))
    }


def seat_rules(request: ApprovalRequest) -> list[quorum.SeatRule]:
    """Return the request's seats in order."""
    return [quorum.SeatRule(seat.position, seat.role, seat.meaning) for seat in request.seats.all()]


def signed(request: ApprovalRequest) -> list[quorum.Signed]:
    """Return what was signed on the request, in order."""
    rows = request.decisions.order_by("pk").values_list("seat__position", "signer_id", "verdict")
    return [quorum.Signed(*row) for row in rows]


def current_bundle(request: ApprovalRequest) -> dict[str, str]:
    """Return the bundle as it would be now: the request's own policy version and evaluation, all else afresh."""
    return bundle_of(request.release, request.evaluation)


def what_changed(request: ApprovalRequest) -> list[ChangedPart]:
    """Return the parts that are no longer what the request covers."""
    return bundles.changed(request.bundle, current_bundle(request))


def bundle_of(release: Release, evaluation: GateEvaluation) -> dict[str, str]:
    """Return {part: digest} of everything that an approval of the release covers (invariant 3)."""
    model, version = RegisteredModel.objects.get(pk=release.model_id), whole_version(release.version_id)
    run, champion, card = newest_run(version), comparable_champion(version), published_card(model)
    pipeline = version.feature_pipeline_version
    sealed = version.state == VersionState.SEALED
    return bundles.complete(
        {
            "version": version.digest if sealed else digest_of([version.digest, version.state]),
            "feature_pipeline_version": pipeline.digest if pipeline else digest_of("inside the artifact"),
            "training_snapshot": version.training_run.training_snapshot.sha256,
            "held_out_snapshot": run.plan.held_out.sha256 if run else NONE,
            "card": card.digest if card else NONE,
            "policy_version": evaluation.policy_version.digest,
            "validation_plan": run.plan.digest if run else NONE,
            "validation_results": _results_digest(run),
            "gate_evaluation": evaluation.digest,
            "production": champion.digest if champion else NONE,
            # Findings and waivers do not exist yet; their part is the empty list until they do.
            "open_findings": digest_of([]),
            "active_waivers": digest_of([]),
            "tier": digest_of(model.tier),
            "rollout": digest_of({"steps": [], "fallback": release.fallback}),
            "environment": digest_of(release.environment),
        }
    )


def newest_run(version: ModelVersion) -> ValidationRun | None:
    """Return the version's newest run that ended; one that a person cancelled says nothing either way."""
    ended = version.validation_runs.filter(finished_at__isnull=False).exclude(state=RunState.CANCELLED)
    return ended.select_related("plan__held_out").order_by("-finished_at", "-pk").first()


def comparable_champion(version: ModelVersion) -> ModelVersion | None:
    """Return the other sealed version that production runs now, if there is one: what a run compares with."""
    champion = champion_of(version.model)
    comparable = champion is not None and champion.pk != version.pk and champion.state == VersionState.SEALED
    return champion if comparable else None


def published_card(model: RegisteredModel) -> CardRevision | None:
    """Return the model's published card."""
    return model.card_revisions.filter(state=CardState.PUBLISHED).first()


def policy_for(*, environment: str, tier: int, at: datetime | None) -> PolicyVersion | None:
    """Return the policy version that judges models of the tier in the environment.

    A run stays bound to the version that was published when it started (`at`, invariant 17); where none was
    published then, or no run is judged, it is the one that is published now.
    """
    rows = PolicyVersion.objects.select_related("policy").prefetch_related("checks")
    current = [row for row in rows.filter(state=PolicyState.PUBLISHED) if covers(row, environment, tier)]
    if not current or at is None:
        return current[0] if current else None
    earlier = rows.filter(policy=current[0].policy, published_at__lte=at).order_by("-published_at").first()
    return earlier if earlier is not None and covers(earlier, environment, tier) else current[0]


def covers(policy_version: PolicyVersion, environment: str, tier: int) -> bool:
    """Whether the policy version is for models of this tier in this environment."""
    document: Mapping[str, list[object]] = policy_version.document
    return environment in document["environments"] and tier in document["tiers"]


def published_checks(policy_version: PolicyVersion) -> list[policies.PublishedChecks]:
    """Return the policy's published versions up to this one, oldest first, each with what its checks demand."""
    rows = PolicyVersion.objects.filter(
        policy_id=policy_version.policy_id, published_at__isnull=False, published_at__lte=policy_version.published_at
    ).prefetch_related("checks")
    return [
        policies.PublishedChecks(
            row.published_at,
            {check.key: policies.demand(expression=check.expression, tasks=check.tasks) for check in row.checks.all()},
        )
        for row in rows.order_by("published_at")
        if row.published_at is not None
    ]


def gate_inputs(version: ModelVersion, run: ValidationRun | None, at: datetime) -> dict[str, object]:
    """Return every variable with the value read at an instant; None where there is none."""
    card, champion = published_card(version.model), comparable_champion(version)
    text = cards.CardText(card.intended_use, card.limitations, card.out_of_scope_use) if card else None
    authors = {address.strip().lower() for address in version.training_run.commit_authors}
    known = people_of_addresses(authors, kind=UserKind.PERSON)
    assessment = assessment_in_force(version.model)
    values: dict[str, object] = {
        "version.sealed": version.state == VersionState.SEALED,
        "model.tier": version.model.tier,
        "model.task": version.model.task,
        "card.published": card is not None,
        "card.complete": text is not None and not cards.problems(text),
        "people.commit_authors": len(authors),
        "people.authors_known": bool(authors) and known.keys() == authors,
        "stages.without_owner": stages_without_owner(version.model),
        "tier.assessed": assessment is not None,
        "tier.independent": assessment is not None and assessment.independent,
        "production.exists": champion is not None,
    }
    if run is not None:
        values |= _run_inputs(run, at)
        values["comparison.current"] = run.champion_id == (champion.pk if champion else None)
        values["data.held_out_apart"] = version.training_run.training_snapshot.sha256 != run.plan.held_out.sha256
    return storable({variable.name: values.get(variable.name) for variable in VARIABLES})


def _run_inputs(run: ValidationRun, at: datetime) -> dict[str, object]:
    """Return what the run says; what it did not come to stays missing."""
    values: dict[str, object] = {"validation.passed": run.state == RunState.PASSED, "validation.state": run.state}
    if run.finished_at is not None:
        # Up to the next thousandth: evidence is never younger than it is, and people can read the number.
        values["validation.age_days"] = math.ceil((at - run.finished_at).total_seconds() / 86.4) / 1000
    shares: list[float | None] = []
    for row in run.measurements.all():
        if row.measured == Measured.DATA and row.name == "missing_share":
            shares.append(row.value)
        place = {Measured.CANDIDATE: "validation", Measured.DIFFERENCE: "comparison"}.get(Measured(row.measured))
        if place is not None and not row.slice_column:
            numbers = {"": row.value, "_lower": row.lower, "_upper": row.upper}
            values |= {f"{place}.{row.name}{suffix}": number for suffix, number in numbers.items()}
    known = [share for share in shares if share is not None]
    values["data.missing_share_max"] = max(known) if known and len(known) == len(shares) else None
    return values | results_inputs(run.results, run.plan.specification) if run.results is not None else values


def judged(
    policy: PolicyVersion, task: str, inputs: Mapping[str, object], run: ValidationRun | None, at: datetime
) -> list[tuple[PolicyCheck, CheckVerdict]]:
    """Return the policy's checks that apply with what each came to."""
    history, times, days = published_checks(policy), _times(run), int(policy.document["evidence_days"])
    found = []
    for row in policy.checks.all():
        check = GateCheck(row.key, row.expression, tuple(row.tasks), policies.first_published(row.key, history))
        if applies(check, task):
            found.append((row, judge(check, inputs, run=times, at=at, evidence_days=days)))
    return found


def whole_version(version_id: int) -> ModelVersion:
    """Return the version as it is now, with what it came from joined."""
    return ModelVersion.objects.select_related(
        "model", "feature_pipeline_version", "training_run__training_snapshot"
    ).get(pk=version_id)


def _times(run: ValidationRun | None) -> RunTimes | None:
    if run is None or run.finished_at is None:
        return None
    return RunTimes(plan_fixed_at=run.plan.fixed_at, started_at=run.started_at, finished_at=run.finished_at)


def _results_digest(run: ValidationRun | None) -> str:
    if run is None:
        return NONE
    # A run that measured nothing has no digest of results; that it ended so is what there is to cover.
    return run.results_digest or digest_of({"run": run.pk, "state": run.state})


def _whole_requests(asked: Iterable[ApprovalRequest]) -> list[ApprovalRequest]:
    """Return the requests as they are now, with all that tells who took part."""
    rows = ApprovalRequest.objects.filter(pk__in=[request.pk for request in asked]).select_related(
        "release__model",
        "release__version__training_run__training_snapshot",
        "release__version__feature_pipeline_version",
    )
    rows = rows.only("state", "expires_at", "bundle", "opened_by_id", *(f"release__{name}" for name in TAKING_PART))
    return list(rows.prefetch_related("seats", "decisions__seat"))


def _exclusions(rows: Sequence[ApprovalRequest]) -> dict[int, list[Excluded]]:
    """Return {request id: who may not sign it, by name}."""
    reasons = _reasons(rows)
    people = User.objects.in_bulk({user_id for by_user in reasons.values() for user_id in by_user})
    return {
        pk: sorted(
            (Excluded(people[user_id], why) for user_id, why in by_user.items()),
            key=lambda one: (one.user.name, one.user.pk),
        )
        for pk, by_user in reasons.items()
    }


def _reasons(rows: Sequence[ApprovalRequest]) -> dict[int, dict[int, tuple[str, ...]]]:
    """Return {request id: {user id: why this person may not sign it}}."""
    parts = _parts_played(rows)
    taking_part = User.objects.filter(pk__in={part.user_id for played in parts.values() for part in played})
    accounts = {row[0]: duties.Account(*row) for row in taking_part.values_list("pk", "name", "owner_id")}
    return {pk: duties.exclusions(played, accounts) for pk, played in parts.items()}


def _signers(row: ApprovalRequest) -> set[int]:
    return {one.signer_id for one in row.decisions.all()}


def _free_seats(row: ApprovalRequest) -> list[quorum.SeatRule]:
    """Return the seats that a signature is waited for; none of a request that is not open now."""
    made = [quorum.Signed(one.seat.position, one.signer_id, one.verdict) for one in row.decisions.all()]
    return [*quorum.free_seats(seat_rules(row), made)] if state_now(row) == RequestState.OPEN else []


def _parts_played(rows: Sequence[ApprovalRequest]) -> dict[int, list[duties.Part]]:
    """Return {request id: what people did towards it}."""
    cards_by, uploaders = _card_parts(rows), _uploaders(rows)
    addresses = {address for row in rows for address in _commit_addresses(row)}
    people_by = people_of_addresses(addresses)
    found = {}
    for row in rows:
        version = row.release.version
        pipeline = version.feature_pipeline_version
        done = (
            (version.submitted_by_id, "submitter"),
            (version.created_by_id, "version_author"),
            *((user_id, "artifact_uploader") for user_id in uploaders[version.pk]),
            *cards_by[row.pk],
            (pipeline.created_by_id if pipeline else None, "pipeline_author"),
            (version.training_run.owner_id, "training_owner"),
            (version.training_run.training_snapshot.created_by_id, "training_data_author"),
            (row.release.planned_by_id, "planner"),
            (row.opened_by_id, "opener"),
            *((people_by.get(address), "commit_author") for address in _commit_addresses(row)),
        )
        found[row.pk] = [duties.Part(user_id, duties.DEEDS[deed]) for user_id, deed in done if user_id is not None]
    return found


def _commit_addresses(request: ApprovalRequest) -> list[str]:
    return [address.strip().lower() for address in request.release.version.training_run.commit_authors]


def _uploaders(rows: Sequence[ApprovalRequest]) -> dict[int, set[int]]:
    """Return {version id: who sent its files}: whoever chose the bytes made the model."""
    found: dict[int, set[int]] = {row.release.version_id: set() for row in rows}
    for version_id, user_id in Artifact.objects.filter(version_id__in=found).values_list("version_id", "created_by_id"):
        found[version_id].add(user_id)
    return found


def _card_parts(rows: Sequence[ApprovalRequest]) -> dict[int, list[tuple[int | None, str]]]:
    """Return {request id: who wrote and published the covered card}: by digest, so also after another was published."""
    wanted = {row.pk: (row.release.model_id, row.bundle.get("card", "")) for row in rows}
    parts: dict[tuple[int, str], list[tuple[int | None, str]]] = {}
    written = CardRevision.objects.filter(model_id__in={model for model, _ in wanted.values()}).order_by("pk")
    covered = written.filter(digest__in={digest for _, digest in wanted.values()})
    for model_id, digest, author_id, publisher_id in covered.values_list(
        "model_id", "digest", "author_id", "published_by_id"
    ):
        own = parts.setdefault((model_id, digest), [])
        own += [(author_id, "card_author"), (publisher_id, "card_publisher")]
    return {pk: parts.get(place, []) for pk, place in wanted.items()}
