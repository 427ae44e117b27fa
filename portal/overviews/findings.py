"""Findings: the list, one with everything that was done to it, and those that wait for somebody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Window

from portal.accounts.choices import Line
from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.fulltext import Words
from portal.overviews.comments import CommentsSummary, comments_summary
from portal.overviews.people import names_of
from portal.overviews.search_words import asked
from portal.overviews.truths import TruthFilter
from registry.choices import FindingState, FindingVerb, Severity, Stage
from registry.models import Finding, FindingMove, ModelVersion, PipelineStage, RegisteredModel
from registry.rules.findings import Facts, Standing, duty_problem, lowers
from registry.rules.states import FINDING, after
from registry.selectors import finding_facts, hands_in_models, standing_in

ME, NOBODY, NOT_CLOSED = "me", "nobody", "not_closed"
STATES = [(NOT_CLOSED, "Not closed"), *FindingState.choices]
SHOWN = 10
CHUNK = 500
LINES = {Line.FIRST: "the first line", Line.SECOND: "the second line", Line.THIRD: "the third line"}
HEADS = (
    "finding", "model", "version", "stage", "severity", "state", "overdue", "title", "held_by", "held_since", "due",
    "line", "raised_by", "raised_at",
)  # fmt: skip


class FindingFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """What a list of findings can be narrowed to; it stands in the address."""

    q = django_filters.CharFilter(method="with_words", label="Words of the title or the description.")
    state = django_filters.ChoiceFilter(choices=STATES, method="with_state", empty_label="Any state")
    severity = django_filters.ChoiceFilter(choices=Severity.choices, empty_label="Any severity")
    stage = django_filters.ChoiceFilter(choices=Stage.choices, empty_label="Any stage")
    line = django_filters.ChoiceFilter(
        choices=Line.choices, empty_label="Any line", label="The line of defence that raised it."
    )
    team = django_filters.CharFilter(field_name="model__team__slug", label="Slug of the team.")
    model = django_filters.CharFilter(field_name="model__slug", label="Slug of the model.")
    holder = django_filters.CharFilter(
        method="with_holder", label=f"Address of who holds it; `{ME}`: oneself, `{NOBODY}`: those that nobody holds."
    )
    overdue = TruthFilter(method="with_overdue", label="Whether its due time has passed.")

    class Meta:
        model = Finding
        fields = ["q", "state", "severity", "stage", "line", "team", "model", "holder", "overdue"]

    def with_words(self, rows: Any, _: str, text: str) -> Any:
        """Keep findings whose texts hold every word."""
        wanted = asked(text)
        if not wanted.words:
            return rows.none()
        return rows.alias(words=Words("title", "description")).filter(words=wanted.query)

    def with_state(self, rows: Any, _: str, state: str) -> Any:
        """Keep findings of a state, or all that are not closed."""
        return rows.unclosed() if state == NOT_CLOSED else rows.filter(state=state)

    def with_holder(self, rows: Any, _: str, text: str) -> Any:
        """Keep what somebody holds, or nobody."""
        if text == NOBODY:
            return rows.unclosed().filter(holder=None)
        return rows.filter(holder=self.request.user.pk) if text == ME else rows.filter(holder__email=text.lower())

    def with_overdue(self, rows: Any, _: str, wanted: bool) -> Any:  # noqa: FBT001 (the filter's signature)
        """Keep what is overdue now, or what is not."""
        late = Finding.objects.overdue().values("pk")
        return rows.filter(pk__in=late) if wanted else rows.exclude(pk__in=late)


@dataclass(frozen=True)
class Action:
    """One thing that can be done to a finding in its state; `why_not` says why not by the reader, or nothing."""

    verb: FindingVerb
    why_not: str

    @property
    def slug(self) -> str:
        """Return the verb as addresses write it."""
        return self.verb.value.replace("_", "-")


@dataclass(frozen=True)
class FindingOverview:
    """A finding's page; `moves` are its whole history, newest first."""

    finding: Finding
    moves: Sequence[FindingMove]
    actions: Sequence[Action]
    remediators: Sequence[str]
    comments: CommentsSummary

    @property
    def possible(self) -> list[Action]:
        """Return what the reader may do."""
        return [one for one in self.actions if not one.why_not]

    @property
    def refused(self) -> list[Action]:
        """Return what can be done, though not by the reader."""
        return [one for one in self.actions if one.why_not]

    @property
    def line_words(self) -> str:
        """Return the line that raised it, in words."""
        return LINES[Line(self.finding.line)]

    @property
    def waits_for(self) -> str:
        """Return whom the finding waits for, as a sentence."""
        one = self.finding
        if one.state == FindingState.CLOSED:
            return f"Closed by {self.moves[0].by.name}." if self.moves else "Closed."
        if one.state == FindingState.READY_TO_VERIFY:
            return f"It waits for {self.line_words}, which judges what was done."
        if one.holder is None:
            return f"Nobody holds it. It waits for {self.line_words} to hand it to somebody."
        if not one.holder.is_active:
            return f"{one.holder.name} holds it, whose account is closed. {self.line_words.capitalize()} hands it on."
        return f"It waits for {one.holder.name}, who holds it."


@dataclass(frozen=True)
class FindingsSummary:
    """What is open about a model or a version: the worst of it, and how many there are."""

    rows: Sequence[Finding]
    count: int
    may_raise: bool

    @property
    def words(self) -> str:
        """Return how many are open."""
        return f"{self.count} not closed" if self.count else ""


@dataclass(frozen=True)
class FindingsWaiting:
    """Findings that wait for the reader: to be remediated, judged, or handed to somebody; and what waits elsewhere.

    `unheld` are those that nobody holds and the reader may hand to somebody; `awaited` those about what the reader
    answers for, which others hand out; `late` overdue ones of the reader's line.
    """

    held: Sequence[Finding] = ()
    to_verify: Sequence[Finding] = ()
    unheld: Sequence[Finding] = ()
    awaited: Sequence[Finding] = ()
    late: Sequence[Finding] = ()

    @property
    def count(self) -> int:
        """Return how many wait for the reader."""
        return len(self.held) + len(self.to_verify) + len(self.unheld)


def findings_table(actor: Actor) -> QuerySet[Finding]:
    """Return the findings that the actor may see, with what a line shows."""
    return Finding.objects.visible_to(actor).with_names()


def teams_of_findings(actor: Actor) -> list[tuple[str, str]]:
    """Return slug and name of the teams about whose models the actor may see findings."""
    theirs = Finding.objects.visible_to(actor).filter(model__team=OuterRef("pk")).order_by()
    return list(Team.objects.filter(Exists(theirs)).order_by("name").values_list("slug", "name"))


def lines(keys: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield a head and a line for each finding, a chunk at a time: a slow reader holds no transaction."""
    yield HEADS
    for first in range(0, len(keys), CHUNK):
        found = Finding.objects.with_names().in_bulk(keys[first : first + CHUNK])
        yield from (_cells(found[key]) for key in keys[first : first + CHUNK] if key in found)


def _cells(row: Finding) -> Sequence[Any]:
    return [
        row.number, row.model.slug, row.version.number if row.version else None, row.stage, row.severity,
        row.state, "yes" if row.is_overdue else "no", row.title, row.holder.name if row.holder else None,
        row.held_since, row.due, row.line, row.raised_by.name, row.raised_at,
    ]  # fmt: skip


def finding_overview(actor: Actor, finding: Finding) -> FindingOverview:
    """Return what a finding's page shows."""
    facts = finding_facts(finding)
    names = names_of(f"user:{one}" for one in facts.remediators)
    return FindingOverview(
        finding=finding,
        moves=list(finding.moves.select_related("by", "holder").order_by("-pk")),
        actions=actions_on(facts, standing_in(actor, finding.model)),
        remediators=sorted(names.values()),
        comments=comments_summary(actor, finding),
    )


def actions_on(facts: Facts, who: Standing) -> list[Action]:
    """Return what can be done to a finding in its state, each with why somebody may not do it."""
    found = []
    for verb in map(FindingVerb, FINDING):
        if after(FINDING, verb, facts.state) is None:
            continue
        lower = verb == FindingVerb.CHANGE_SEVERITY and not severities_for(facts, who)
        found.append(Action(verb, duty_problem(verb, facts, who, lower=lower)))
    return found


def severities_for(facts: Facts, who: Standing) -> list[Severity]:
    """Return what somebody may change the severity to."""
    others = [one for one in Severity if one != facts.severity]
    verb = FindingVerb.CHANGE_SEVERITY
    return [one for one in others if not duty_problem(verb, facts, who, lower=lowers(facts.severity, one))]


def open_findings(actor: Actor, about: RegisteredModel | ModelVersion) -> FindingsSummary:
    """Return what is not closed about a model and all its versions, or about one version and its model as a whole."""
    if isinstance(about, ModelVersion):
        rows, model = Finding.objects.about(about), about.model
    else:
        rows, model = Finding.objects.filter(model=about), about
    counted = rows.unclosed().with_names().annotate(counted=Window(Count("pk")))
    found: list[Any] = list(counted.worst_first()[:SHOWN])
    may_raise = model.retired_at is None and actor.may("raise_finding", model.team_id)
    return FindingsSummary(found, found[0].counted if found else 0, may_raise)


def findings_waiting(actor: Actor) -> FindingsWaiting:
    """Return the findings that wait for the actor, and those that the actor should know to wait for others."""
    rows = Finding.objects.visible_to(actor).with_names()
    own_line, unheld = _of_line(actor), Finding.objects.unheld().order_by().values("pk")
    judged = rows.filter(own_line, state=FindingState.READY_TO_VERIFY).not_remediated_by(actor.user_id)
    free = rows.filter(own_line | _answered_by(actor), pk__in=unheld)
    late = rows.filter(own_line).overdue().exclude(state=FindingState.READY_TO_VERIFY).exclude(pk__in=unheld)
    late = late.exclude(holder=actor.user_id) if actor.user_id else late
    candidates = [*judged.worst_first()[:SHOWN], *free.worst_first()[:SHOWN]]
    own = {row.pk for row in _raised_by_line_of(actor, candidates)}
    handed_in = [row for row in candidates if row.state == FindingState.READY_TO_VERIFY]
    nobodys = [row for row in candidates if row.state != FindingState.READY_TO_VERIFY]
    return FindingsWaiting(
        held=list(rows.held_by(actor.user_id).worst_first()[:SHOWN]),
        to_verify=[row for row in handed_in if row.pk in own],
        unheld=[row for row in nobodys if row.pk in own],
        awaited=[row for row in nobodys if row.pk not in own],
        late=list(late.worst_first()[:SHOWN]),
    )


def _answered_by(actor: Actor) -> Q:
    """Return the condition that a finding is about what the actor answers for: the model, or the stage it is about."""
    me = actor.user_id
    stages = PipelineStage.objects.filter(Q(owner_user=me) | Q(backup=me), model=OuterRef("model"))
    mine = Q(model__owner=me) | Q(model__backup=me) | Q(Exists(stages.filter(stage=OuterRef("stage"))))
    return mine if me is not None else Q(pk=None)


def _of_line(actor: Actor) -> Q:
    """Return the condition that a finding was raised by a line for which the actor may act."""
    found = Q(pk=None)
    for line, capability in ((Line.SECOND, "challenge_finding"), (Line.FIRST, "raise_finding")):
        teams = actor.teams_for(capability)
        found |= Q(line=line) if teams is None else Q(line=line, model__team__in=teams)
    return found


def _raised_by_line_of(actor: Actor, rows: Sequence[Finding]) -> list[Finding]:
    """Keep the findings that were raised by the very line for which the actor acts about their model."""
    hands = hands_in_models([row.model for row in rows]) if rows else {}
    return [row for row in rows if standing_in(actor, row.model, hands[row.model_id]).line == row.line]
