"""Models from a file: a dry run that says what is wrong with which line, then all of them or none."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.choices import UserKind
from portal.accounts.models import Team, User
from portal.accounts.selectors import actor_for_user, people_by_team, people_known_to
from portal.blobs.services import store_stream
from portal.blobs.store import open_verified
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import DomainError, Forbidden
from portal.core.progress import Progress
from portal.jobs.models import Job
from portal.jobs.services import enqueue
from portal.ledger.catalogue import Subject
from registry.choices import IMPORT_MODELS
from registry.errors import ImportRefused
from registry.formats.model_lines import read
from registry.models import RegisteredModel, UseCase
from registry.rules import declarations, imports, links, tags
from registry.rules.imports import Flaw, ModelLine
from registry.rules.registration import model_problems, record_problems
from registry.rules.use_cases import link_problem
from registry.rules.values import slug_problems, text_problems
from registry.selectors import with_state_now
from registry.services.declarations import declare_of_new
from registry.services.models import link_model, register_model, retire_model
from registry.services.rows import author_of, candidate

STRANGER = (
    "Nobody of your teams who may sign in has this address. Name somebody else, or ask an administrator for an account "
    "or a role for them."
)

TEAMS_NAMED = 5
"""Of one's own teams, in a message."""


@dataclass(frozen=True)
class Ready:
    """A line that can be registered, with whom and what it names."""

    line: ModelLine
    team: Team
    owner: User
    backup: User | None
    use_case: UseCase | None


@dataclass(frozen=True)
class Report:
    """What a dry run found: the digest of the bytes, what would be registered, left out, and what is wrong."""

    sha256: str
    lines: int
    ready: Sequence[Ready]
    skipped: Sequence[str]
    flaws: Sequence[Flaw]

    @property
    def declared(self) -> int:
        """Return how many models would be declared as in use."""
        return sum(bool(one.line.declared) for one in self.ready)

    @property
    def flawed_lines(self) -> int:
        """Return how many lines have something wrong."""
        return len({flaw.line for flaw in self.flaws})


def check_models(*, actor: Actor, content: bytes, skip_existing: bool = False) -> Report:
    """Return what importing these bytes would do, and everything that is wrong with them; nothing is written.

    A model that is there already is wrong, unless such lines are to be left out. Raises Forbidden for who may
    register models in no team; who may see none hears that they do not know its teams.
    """
    if actor.teams_for("read") != frozenset():
        require_a_team(actor)
    table = read(content)
    flaws, good = list(table.flaws), []
    for line in table.lines:
        model_line, wrong = imports.parsed(line)
        flaws += wrong
        if model_line is not None:
            good.append(model_line)
    known = _Known(actor, good)
    ready, skipped = [], []
    for one in good:
        if skip_existing and one.slug in known.visible_slugs:
            skipped.append(one.slug)
            continue
        wrong = known.flaws_of(one)
        flaws += wrong
        if not wrong:
            ready.append(known.resolved(one))
    sha256 = hashlib.sha256(content).hexdigest()
    return Report(sha256, len(table.lines), ready, skipped, imports.in_full(flaws, table.lines))


@transaction.atomic
def start_import(*, actor: Actor, content: bytes, skip_existing: bool = False) -> Job:
    """Let a job register the models of a file of which a dry run finds nothing wrong.

    Raises Forbidden, and ImportRefused with every flaw.
    """
    report = check_models(actor=actor, content=content, skip_existing=skip_existing)
    _require_flawless(report)
    blob = store_stream([content], expected_sha256=report.sha256, limit=imports.MOST_BYTES)
    teams = {one.team.pk for one in report.ready}
    count = len(report.ready)
    label = f"{count} model{'' if count == 1 else 's'}"
    subject = Subject("model_import", blob.sha256, label, teams.pop() if len(teams) == 1 else None)
    arguments = {"sha256": blob.sha256, "user_id": author_of(actor), "skip_existing": skip_existing}
    return enqueue(actor=actor, kind=IMPORT_MODELS, subject=subject, arguments=arguments)


def begin_import(*, sha256: str, user_id: int, skip_existing: bool) -> tuple[Actor, Report]:
    """Return who imports, with the rights of this moment, and the file as it stands now; raises ImportRefused."""
    user = User.objects.select_related("owner").get(pk=user_id)
    actor = actor_for_user(user, interactive=False)
    with open_verified(sha256) as file:
        report = check_models(actor=actor, content=file.read(), skip_existing=skip_existing)
    _require_flawless(report)
    return actor, report


@transaction.atomic
def finish_import(
    *, actor: Actor, report: Report, tell: Progress, last_step: Callable[[], AbstractContextManager[object]]
) -> None:
    """Register the models, all or none, by the verbs that people and programs use; each has its own entries.

    Raises ImportRefused where one of them is refused after all, and Cancelled.
    """
    total = len(report.ready)
    found = people_by_team("read", {one.team.pk for one in report.ready})
    readers = {team: {user.pk for user in users} for team, users in found.items()}
    for done, one in enumerate(report.ready):
        tell(done, total, f"Registering {one.line.slug}; all appear together")
        try:
            _register(actor, one, readers[one.team.pk])
        except DomainError as refusal:
            flaw = Flaw(one.line.number, "slug", refusal.message)
            raise ImportRefused(f"Line {flaw.line}: {flaw.words}", fields={flaw.place: [flaw.words]}) from refusal
    with last_step():
        pass


def _register(actor: Actor, one: Ready, readers: Collection[int]) -> None:
    line = one.line
    model = register_model(
        actor=actor, slug=line.slug, name=line.name, purpose=line.purpose, team=one.team, owner=one.owner,
        tier=line.tier, task=line.task, implementation=line.implementation, origin=line.origin, backup=one.backup,
        mlflow_name=line.mlflow_name, tags=line.tags, links=line.links, contacts=line.contacts, readers=readers,
    )  # fmt: skip
    if one.use_case is not None:
        link_model(actor=actor, model=model, use_case=one.use_case)
    for said in line.declared:
        declare_of_new(
            actor=actor, model=model, environment=said.environment, in_use_since=said.in_use_since,
            deadline=said.deadline, description=said.description,
        )  # fmt: skip
    if line.retirement:
        retire_model(actor=actor, model=model, reason=line.retirement)


def require_a_team(actor: Actor) -> None:
    """Raise Forbidden for who may register models in no team."""
    if actor.teams_for("register_model") == frozenset():
        raise Forbidden(f"{actor.name} may register models in no team.", code="missing_capability")


def _require_flawless(report: Report) -> None:
    if report.flaws:
        fields: dict[str, list[str]] = {}
        for flaw in report.flaws:
            fields.setdefault(flaw.place, []).append(flaw.told)
        count = report.flawed_lines
        words = f"{count} line{' is' if count == 1 else 's are'} wrong; no model was registered."
        raise ImportRefused(f"{words} Mend the file and send it again.", fields=fields)
    if not report.ready:
        raise ImportRefused("The file holds no model that is not here already: there is nothing to register.")


@dataclass
class _Known:
    """What the lines of a file name, as far as the actor knows it: a query for each kind of thing."""

    actor: Actor
    lines: Sequence[ModelLine]
    _slugs: dict[str, int] = field(default_factory=dict)
    _mlflow_names: dict[str, int] = field(default_factory=dict)

    @cached_property
    def teams(self) -> dict[str, Team]:
        slugs = {one.team for one in self.lines}
        return {team.slug: team for team in Team.objects.visible_to(self.actor).filter(slug__in=slugs)}

    @cached_property
    def people(self) -> dict[str, User]:
        emails = {email.lower() for one in self.lines for email in (one.owner, one.backup) if email}
        known = people_known_to(self.actor).filter(email__in=emails, is_active=True, kind=UserKind.PERSON)
        return {user.email: user for user in known}

    @cached_property
    def readers(self) -> dict[int | None, set[int]]:
        found = people_by_team("read", [team.pk for team in self.teams.values()])
        return {team: {user.pk for user in users} for team, users in found.items()}

    @cached_property
    def use_cases(self) -> dict[str, UseCase]:
        rows = with_state_now(UseCase.objects.visible_to(self.actor))
        return {one.slug: one for one in rows.filter(slug__in={line.use_case for line in self.lines})}

    @cached_property
    def visible_slugs(self) -> set[str]:
        return self._taken("slug", RegisteredModel.objects.visible_to(self.actor))

    @cached_property
    def slugs(self) -> set[str]:
        return self._taken("slug", RegisteredModel.objects.all())

    @cached_property
    def mlflow_names(self) -> set[str]:
        return self._taken("mlflow_name", RegisteredModel.objects.all())

    def _taken(self, column: str, rows: QuerySet[RegisteredModel]) -> set[str]:
        wanted = {getattr(one, column) for one in self.lines} - {None}
        return set(rows.filter(**{f"{column}__in": wanted}).values_list(column, flat=True))

    def resolved(self, one: ModelLine) -> Ready:
        """Return a line without flaws with what it names."""
        return Ready(
            one,
            self.teams[one.team],
            self.people[one.owner.lower()],
            self.people.get(one.backup.lower()),
            self.use_cases.get(one.use_case),
        )

    def flaws_of(self, one: ModelLine) -> list[Flaw]:
        """Return what is wrong with a line: what the verbs would refuse, and names that nobody knows."""
        found = [*self._names(one), *self._people(one), *self._texts(one), *self._declared(one)]
        return [Flaw(one.number, column, words) for column, words in found]

    def _names(self, one: ModelLine) -> Iterable[tuple[str, str]]:
        if (first := self._slugs.setdefault(one.slug, one.number)) != one.number:
            yield "slug", f"Line {first} has the same name. Each model is named once."
        elif one.slug in self.visible_slugs:
            yield "slug", "This model is here already. Take the line out, or let such lines be left out."
        elif one.slug in self.slugs:
            yield "slug", f"The name {one.slug} is taken. Choose another one."
        if one.mlflow_name:
            if (first := self._mlflow_names.setdefault(one.mlflow_name, one.number)) != one.number:
                yield "mlflow_name", f"Line {first} has the same name for MLflow clients. Each names one model."
            elif one.mlflow_name in self.mlflow_names:
                yield "mlflow_name", f"Another model has the name {one.mlflow_name} for MLflow clients. Choose another."

    def _people(self, one: ModelLine) -> Iterable[tuple[str, str]]:
        team = self.teams.get(one.team)
        if team is None:
            yield "team", f"No team of yours is called {one.team}. {self.own_teams}"
        elif not self.actor.may("register_model", team.pk):
            yield "team", f"You may not register models in {one.team}. An administrator grants the role."
        elif one.declared and not self.actor.may("declare_release", team.pk):
            words = "Leave this empty, or ask an administrator for a role that declares."
            yield "in_use_since", f"You may not declare what is in use in {one.team}. {words}"
        if one.owner.lower() not in self.people:
            yield "owner", STRANGER
        if one.backup and one.backup.lower() not in self.people:
            yield "backup", STRANGER
        if one.use_case and team is not None:
            use_case = self.use_cases.get(one.use_case)
            words = "There is no such use case. Propose it first, or leave this empty."
            same_team = use_case is not None and use_case.team_id == team.pk
            reason = link_problem(use_case.state, same_team=same_team) if use_case is not None else words
            if reason is not None:
                yield "use_case", reason

    @cached_property
    def own_teams(self) -> str:
        teams = self.actor.teams_for("register_model")
        rows = Team.objects.all() if teams is None else Team.objects.filter(pk__in=teams)
        slugs = sorted(rows.values_list("slug", flat=True))
        return f"You register models in {', '.join(slugs[:TEAMS_NAMED])}{' and others' if slugs[TEAMS_NAMED:] else ''}."

    def _texts(self, one: ModelLine) -> Iterable[tuple[str, str]]:
        team, owner = self.teams.get(one.team), self.people.get(one.owner.lower())
        backup = self.people.get(one.backup.lower()) if team is not None else None
        readers = self.readers.get(team.pk, set()) if team is not None else set[int]()
        problems = slug_problems(one.slug) | text_problems({}, {"retirement": one.retirement})
        problems |= tags.problems(one.tags) | links.problems(one.links, one.contacts)
        problems |= model_problems(
            tier=one.tier, task=one.task, implementation=one.implementation, origin=one.origin
        )  # fmt: skip
        problems |= record_problems(
            name=one.name, purpose=one.purpose, mlflow_name=one.mlflow_name, owner_is_active=True,
            owner=owner.pk if owner else None, backup=candidate(backup, readers),
        )  # fmt: skip
        return [(column, words) for column, texts in problems.items() for words in texts]

    def _declared(self, one: ModelLine) -> Iterable[tuple[str, str]]:
        today = now().date()
        for said in one.declared:
            since, deadline, what = imports.DECLARED[said.environment]
            columns = {"in_use_since": since, "deadline": deadline, "description": what}
            problems = declarations.problems(
                environment=said.environment, description=said.description, has_version=False,
                in_use_since=said.in_use_since, deadline=said.deadline, registered_on=today, today=today,
            )  # fmt: skip
            for name, texts in problems.items():
                yield from ((columns[name], words) for words in texts)
