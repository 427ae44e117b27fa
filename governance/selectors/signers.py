"""Who may sign a request, and who may not, with the reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from governance.choices import RequestState
from governance.models import ApprovalRequest
from governance.rules import duties, quorum
from governance.selectors.requests import seat_rules, state_now
from portal.accounts.models import User
from portal.accounts.selectors import people_by_team, people_of_addresses
from portal.core.actors import Actor
from registry.models import Artifact, CardRevision, FindingMove
from registry.models.findings import REMEDIATED_BY

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
    cards_by, uploaders, remediators = _card_parts(rows), _uploaders(rows), _remediators(rows)
    addresses = {address for row in rows for address in _commit_addresses(row)}
    people_by = people_of_addresses(addresses)
    found = {}
    for row in rows:
        version = row.release.released
        pipeline = version.feature_pipeline_version
        done = (
            (version.submitted_by_id, "submitter"),
            (version.created_by_id, "version_author"),
            *((user_id, "artifact_uploader") for user_id in uploaders[version.pk]),
            *cards_by[row.pk],
            *((user_id, "finding_remediator") for user_id in remediators[row.release.model_id]),
            (pipeline.created_by_id if pipeline else None, "pipeline_author"),
            (version.training_run.owner_id, "training_owner"),
            (version.training_run.training_snapshot.created_by_id, "training_data_author"),
            (row.release.planned_by_id, "planner"),
            (row.opened_by_id, "opener"),
            *((people_by.get(address), "commit_author") for address in _commit_addresses(row)),
        )
        found[row.pk] = [duties.Part(user_id, duties.DEEDS[deed]) for user_id, deed in done if user_id is not None]
    return found


def _commit_addresses(request: ApprovalRequest) -> set[str]:
    return request.release.released.training_run.author_addresses


def _uploaders(rows: Sequence[ApprovalRequest]) -> dict[int, set[int]]:
    """Return {version id: who sent its files}: whoever chose the bytes made the model."""
    found: dict[int, set[int]] = {row.release.released.pk: set() for row in rows}
    for version_id, user_id in Artifact.objects.filter(version_id__in=found).values_list("version_id", "created_by_id"):
        found[version_id].add(user_id)
    return found


def _remediators(rows: Sequence[ApprovalRequest]) -> dict[int, set[int]]:
    """Return {model id: who ever remediated a finding about it}, of whatever version: the next one holds the remedy."""
    found: dict[int, set[int]] = {row.release.model_id: set() for row in rows}
    moves = FindingMove.objects.filter(finding__model_id__in=found, verb__in=REMEDIATED_BY)
    for model_id, user_id in moves.order_by("by_id").values_list("finding__model_id", "by_id"):
        found[model_id].add(user_id)
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
