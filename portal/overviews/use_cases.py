"""The list of use cases, and one with its models and its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.accounts.models import User
from portal.accounts.selectors import people_with
from portal.core.actors import Actor
from portal.overviews.entries import EntryLine
from portal.overviews.timeline import timeline
from registry.choices import Environment, UseCaseState
from registry.models import RegisteredModel, Release, UseCase
from registry.rules.states import USE_CASE, after
from registry.rules.use_cases import duty_problem, spoken
from registry.selectors import with_state_now

NOT_A_MODEL = "not_a_model"
STATES = [*UseCaseState.choices, (NOT_A_MODEL, "Not a model")]
"""What the table can be narrowed to."""


@dataclass(frozen=True)
class UseCaseOverview:
    """A use case's page. `deciders` are who may decide about it, `own_work` says why the reader may not."""

    use_case: UseCase
    state: str
    is_live: bool
    models: Sequence[RegisteredModel]
    deciders: Sequence[User]
    own_work: str
    timeline: Sequence[EntryLine]

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return after(USE_CASE, "approve", self.state) is not None

    @property
    def may_be_changed(self) -> bool:
        """Whether its texts may still change."""
        return after(USE_CASE, "change", self.state) is not None

    @property
    def may_be_retired(self) -> bool:
        """Whether it may be retired now."""
        return after(USE_CASE, "retire", self.state) is not None

    @property
    def shown_state(self) -> str:
        """Return the state as lists show it: what needs no model is told apart from what was rejected."""
        return NOT_A_MODEL if self.use_case.not_a_model else self.state

    @property
    def warning(self) -> str:
        """Return what is wrong where a model takes live decisions for what nobody approved; else nothing."""
        if not self.is_live or self.state == UseCaseState.IN_USE:
            return ""
        return f"A model of it takes live decisions, though the use case is {spoken(self.state)}."


def use_cases_table(actor: Actor) -> QuerySet[Any]:
    """Return the actor's use cases, each with its state now and how many models it has."""
    rows = with_state_now(UseCase.objects.visible_to(actor).with_names())
    models = RegisteredModel.objects.filter(use_case=OuterRef("pk")).order_by().values("use_case")
    return rows.annotate(model_count=Coalesce(Subquery(models.annotate(n=Count("pk")).values("n")), 0))


def in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    """Keep the use cases of a state as `STATES` names it."""
    return rows.filter(not_a_model=True) if state == NOT_A_MODEL else rows.filter(state_now=state)


def teams_of_use_cases(actor: Actor) -> list[tuple[str, str]]:
    """Return slug and name of the teams whose use cases the actor may see."""
    rows = UseCase.objects.visible_to(actor).order_by("team__name").values_list("team__slug", "team__name")
    return list(rows.distinct())


def use_case_overview(actor: Actor, use_case: Any) -> UseCaseOverview:
    """Return what the page of a use case shows, which was read with its state now."""
    state = use_case.state_now
    is_open = after(USE_CASE, "approve", state) is not None
    deciders = people_with("decide_use_case", use_case.team_id) if is_open else []
    hands = duty_problem("approve", actor.user_id or 0, use_case.involved) if is_open else None
    return UseCaseOverview(
        use_case=use_case,
        state=state,
        is_live=use_case.is_live,
        models=_models(actor, use_case),
        deciders=[user for user in deciders if user.pk not in use_case.involved],
        own_work=hands or "",
        timeline=timeline(actor, topic=f"use_case:{use_case.pk}"),
    )


def linkable(model: RegisteredModel) -> QuerySet[UseCase]:
    """Return the use cases of the model's team that take models, by name."""
    states = [state for state in UseCaseState.values if after(USE_CASE, "link a model", state) is not None]
    return UseCase.objects.filter(team=model.team_id, state__in=states).order_by("slug")


def _models(actor: Actor, use_case: UseCase) -> list[RegisteredModel]:
    active = Release.objects.active_in(Environment.PRODUCTION).filter(model=OuterRef("pk"))
    rows = RegisteredModel.objects.visible_to(actor).filter(use_case=use_case).select_related("owner")
    return list(
        rows.annotate(
            production_number=Subquery(active.values("version__number")[:1]),
            production_since=Subquery(active.values("activated_at")[:1]),
        )
    )
