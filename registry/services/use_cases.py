"""Use cases: proposed, changed, decided by the second line, linked to models, retired."""

from django.db import transaction

from portal.accounts.choices import UserKind
from portal.accounts.models import Team, User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import UseCaseVerdict
from registry.errors import NotUsable, OwnUseCase
from registry.events import (
    USE_CASE_APPROVED,
    USE_CASE_CHANGED,
    USE_CASE_NOT_A_MODEL,
    USE_CASE_PROPOSED,
    USE_CASE_REJECTED,
    USE_CASE_RETIRED,
)
from registry.models import UseCase
from registry.rules.states import USE_CASE, after
from registry.rules.use_cases import (
    VERBS,
    UseCaseText,
    duty_problem,
    problems,
    rationale_problems,
    retirement_problem,
    spoken,
    verdict_problem,
)
from registry.rules.values import slug_problems, text_problems
from registry.selectors import with_state_now
from registry.services.rows import author_of, create_under_slug

EVENTS = {
    UseCaseVerdict.APPROVE: USE_CASE_APPROVED,
    UseCaseVerdict.REJECT: USE_CASE_REJECTED,
    UseCaseVerdict.NOT_A_MODEL: USE_CASE_NOT_A_MODEL,
}


@transaction.atomic
def propose_use_case(
    *, actor: Actor, slug: str, name: str, purpose: str, affected_persons: str, decision: str, team: Team,
    owner: User, sponsor: User,
) -> UseCase:  # fmt: skip
    """Propose a use case of a team. Raises Forbidden, Invalid and SlugTaken."""
    actor.require("propose_use_case", team.pk)
    text = UseCaseText.of(name=name, purpose=purpose, affected_persons=affected_persons, decision=decision)
    found = slug_problems(slug) | problems(text, owner_answers=_answers(owner), sponsor_answers=_answers(sponsor))
    if found:
        raise Invalid("The use case can't be proposed; see the fields.", fields=found)
    use_case = create_under_slug(
        lambda: UseCase.objects.create(
            slug=slug, **text.as_fields(), team=team, owner=owner, sponsor=sponsor,
            involved=_with([], *_hands_of(actor), owner.pk, sponsor.pk), proposed_by_id=author_of(actor),
            proposed_at=now(),
        ),
        slug,
    )  # fmt: skip
    _record(use_case, actor=actor, event=USE_CASE_PROPOSED, private=dict(text.as_fields()))
    return use_case


@transaction.atomic
def change_use_case(
    *, actor: Actor, use_case: UseCase, name: str | None = None, purpose: str | None = None,
    affected_persons: str | None = None, decision: str | None = None, owner: User | None = None,
    sponsor: User | None = None,
) -> UseCase:  # fmt: skip
    """Change what a proposed use case says and who answers for it; what is not given stays.

    Raises Forbidden, Invalid and NotUsable.
    """
    actor.require("propose_use_case", use_case.team_id)
    use_case = _locked(use_case)
    if after(USE_CASE, "change", use_case.state) is None:
        raise NotUsable(f"It is {spoken(use_case.state)}; only a proposed use case can be changed.")
    given = {"name": name, "purpose": purpose, "affected_persons": affected_persons, "decision": decision}
    text = UseCaseText.of(**{field: getattr(use_case, field) if new is None else new for field, new in given.items()})
    use_case.owner, use_case.sponsor = owner or use_case.owner, sponsor or use_case.sponsor
    answers = {"owner_answers": _answers(use_case.owner), "sponsor_answers": _answers(use_case.sponsor)}
    if found := problems(text, **answers):
        raise Invalid("The use case can't be changed; see the fields.", fields=found)
    for field, value in text.as_fields().items():
        setattr(use_case, field, value)
    use_case.involved = _with(use_case.involved, *_hands_of(actor), use_case.owner_id, use_case.sponsor_id)
    use_case.save(update_fields=[*text.as_fields(), "owner", "sponsor", "involved"])
    _record(use_case, actor=actor, event=USE_CASE_CHANGED, private=dict(text.as_fields()))
    return use_case


@transaction.atomic
def decide_use_case(
    *, actor: Actor, use_case: UseCase, verdict: str, shown_digest: str, rationale: str = ""
) -> UseCase:
    """Approve a use case for development, reject it, or find that it needs no model under governance.

    Raises Forbidden, Invalid, NotUsable once it is decided, Conflict where it says something else than what was shown,
    and OwnUseCase unless a person decides who had no hand in it: not its proposer, owner or sponsor, not who changed
    it, nor whoever answers for a service account that did.
    """
    actor.require("decide_use_case", use_case.team_id)
    if actor.kind != "user":
        raise Forbidden("Only a person decides about a use case.", code="person_required")
    use_case = _locked(use_case)
    if found := rationale_problems(verdict, rationale):
        raise Invalid("It can't be decided so; see the fields.", fields=found)
    if use_case.digest() != shown_digest:
        raise Conflict("The use case has changed since you looked. Read it again, then decide.")
    if (reason := duty_problem(verdict, author_of(actor), use_case.involved)) is not None:
        raise OwnUseCase(reason)
    models = list(use_case.models.order_by("slug").values_list("slug", flat=True))
    if (reason := verdict_problem(verdict, use_case.state, models)) is not None:
        raise NotUsable(reason)
    use_case.state = str(after(USE_CASE, VERBS[verdict], use_case.state))
    use_case.not_a_model = verdict == UseCaseVerdict.NOT_A_MODEL
    use_case.decided_by_id, use_case.decided_at, use_case.rationale = author_of(actor), now(), rationale.strip()
    use_case.save(update_fields=["state", "not_a_model", "decided_by", "decided_at", "rationale"])
    private = {"rationale": use_case.rationale} if use_case.rationale else None
    _record(use_case, actor=actor, event=EVENTS[UseCaseVerdict(verdict)], private=private)
    return use_case


@transaction.atomic
def retire_use_case(*, actor: Actor, use_case: UseCase, reason: str) -> UseCase:
    """Retire a use case none of whose models takes live decisions. Raises Forbidden, Invalid and NotUsable."""
    actor.require("propose_use_case", use_case.team_id)
    use_case = _locked(use_case)
    if found := text_problems({"reason": reason}):
        raise Invalid("The use case can't be retired; see the fields.", fields=found)
    state = with_state_now(UseCase.objects.filter(pk=use_case.pk)).values_list("state_now", flat=True)[0]
    if (refusal := retirement_problem(state)) is not None:
        raise NotUsable(refusal)
    use_case.state = str(after(USE_CASE, "retire", use_case.state))
    use_case.retired_by_id, use_case.retired_at, use_case.reason = author_of(actor), now(), reason.strip()
    use_case.save(update_fields=["state", "retired_by", "retired_at", "reason"])
    _record(use_case, actor=actor, event=USE_CASE_RETIRED, private={"reason": use_case.reason})
    return use_case


def _locked(use_case: UseCase) -> UseCase:
    return UseCase.objects.select_for_update().get(pk=use_case.pk)


def _answers(user: User) -> bool:
    return user.is_active and user.kind == UserKind.PERSON


def _hands_of(actor: Actor) -> list[int]:
    """Return who acts, and who answers for a service account that does."""
    user = User.objects.get(pk=author_of(actor))
    return [user.pk, *([user.owner_id] if user.owner_id else [])]


def _with(involved: list[int], *more: int) -> list[int]:
    return sorted({*involved, *more})


def _record(use_case: UseCase, *, actor: Actor, event: EventType, private: dict[str, str] | None) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("use_case", str(use_case.pk), use_case.slug, use_case.team_id),
        data=use_case.public_state(),
        private=private,
        topics=(f"use_case:{use_case.pk}",),
    )
