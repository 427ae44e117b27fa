"""Use cases: the table, one of them, and what people do to it."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.choices import UserKind
from portal.accounts.models import Team, User
from portal.accounts.selectors import people_known_to
from portal.core.actors import Actor
from portal.core.querysets import visible
from portal.overviews.use_cases import STATES, in_state, teams_of_use_cases, use_case_overview, use_cases_table
from portal.pages.confirmations import Back, Question, ask
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.saved import saved_views
from portal.ui.forms import VerbForm, WrittenField
from registry.choices import UseCaseVerdict
from registry.models import UseCase
from registry.selectors import with_state_now
from registry.services.use_cases import change_use_case, decide_use_case, propose_use_case, retire_use_case

SORTABLE = {"slug", "-slug", "proposed_at", "-proposed_at"}
CONFIRM = "use_cases/confirm.html"


class UseCaseFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Filters of the table; they stand in the address."""

    q = django_filters.CharFilter(method="named", label="Name")
    state = django_filters.ChoiceFilter(choices=STATES, empty_label="Any state", method="standing")
    team = django_filters.ChoiceFilter(field_name="team__slug", empty_label="All teams")

    class Meta:
        model = UseCase
        fields = ["q", "state", "team"]

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["team"].extra["choices"] = teams

    def named(self, rows: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        """Keep what is called so."""
        return rows.filter(Q(slug__icontains=value) | Q(name__icontains=value))

    def standing(self, rows: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        """Keep what is in this state now."""
        return in_state(rows, value)


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody whom the reader knows, and who may sign in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(User.objects.none(), to_field_name="email", empty_label="Choose a person", **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Return name and address: names repeat."""
        return f"{obj.name}, {obj.email}"


class ChangeForm(VerbForm):
    """What a use case says and who answers for it."""

    name = forms.CharField(max_length=200)
    purpose = WrittenField(help_text="What it is for.")
    decision = WrittenField(help_text="The decision that is made with it.")
    affected_persons = WrittenField(help_text="Whom it affects, and how.")
    owner = PersonField(help_text="Answers for it day by day.")
    sponsor = PersonField(help_text="Wants it and pays for it.")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_known_to(actor).filter(is_active=True, kind=UserKind.PERSON)
        for name in ("owner", "sponsor"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]


class ProposeForm(ChangeForm):
    """A new use case."""

    slug = forms.CharField(max_length=80, help_text="By which programs know it, such as first-calls. It stays.")
    team = forms.ModelChoiceField(Team.objects.none(), to_field_name="slug", empty_label=None)
    field_order = ("name", "slug", "team")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        teams = actor.teams_for("propose_use_case")
        found = Team.objects.order_by("name")
        self.fields["team"].queryset = found if teams is None else found.filter(pk__in=teams)  # type: ignore[attr-defined]


class ApprovalForm(VerbForm):
    """A decision about what was read; an approval may go without a rationale."""

    shown_digest = forms.CharField(widget=forms.HiddenInput)
    rationale = WrittenField(required=False)

    def show(self, found: UseCase) -> None:
        """Send along what is shown now, also after a refusal, when it may be something else than before."""
        self.initial["shown_digest"] = found.digest()
        if self.is_bound:
            self.data = {**self.data, "shown_digest": found.digest()}


class RejectionForm(ApprovalForm):
    """A decision that says why."""

    rationale = WrittenField()


class RetirementForm(VerbForm):
    """Why a use case is over."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))


@require_safe
@page
def use_cases(request: PageRequest) -> HttpResponse:
    """The use cases that the reader may see."""
    found = UseCaseFilter(request.GET, queryset=use_cases_table(request.actor), teams=teams_of_use_cases(request.actor))
    sort = request.GET.get("sort", "slug")
    context = {
        "filter": found,
        "filtered": any(request.GET.get(name) for name in UseCaseFilter.base_filters),
        "rows": page_of(request, found.qs.order_by(sort if sort in SORTABLE else "slug")),
        "address": address_without_page(request),
        "sort": sort,
        "saved": saved_views(request, "use_cases"),
        "may_propose": request.actor.teams_for("propose_use_case") != frozenset(),
    }
    return render(request, "use_cases/list.html", context)


@require_safe
@page
def use_case(request: PageRequest, slug: str) -> HttpResponse:
    """One use case: what it says, who decided, its models, its history."""
    found = _use_case(request, slug)
    context = {
        "overview": use_case_overview(request.actor, found),
        "may_propose": request.actor.may("propose_use_case", found.team_id),
        "may_decide": request.actor.may("decide_use_case", found.team_id),
    }
    return render(request, "use_cases/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_propose(request: PageRequest) -> HttpResponse:
    """Propose a use case."""
    if request.actor.teams_for("propose_use_case") == frozenset():
        request.actor.require("propose_use_case", None)
    initial = {"owner": request.user.email}
    form = ProposeForm(request.POST if request.method == "POST" else None, actor=request.actor, initial=initial)
    if form.is_valid():
        made = form.attempt(propose_use_case, actor=request.actor, **form.cleaned_data)
        if made is not None:
            return redirect(made)
    return render(request, "use_cases/edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_change(request: PageRequest, slug: str) -> HttpResponse:
    """Change a proposed use case."""
    found = _use_case(request, slug)
    request.actor.require("propose_use_case", found.team_id)
    initial = {name: getattr(found, name) for name in ("name", "purpose", "decision", "affected_persons")}
    initial |= {"owner": found.owner.email, "sponsor": found.sponsor.email}
    form = ChangeForm(request.POST if request.method == "POST" else None, actor=request.actor, initial=initial)
    if form.is_valid():
        changed = form.attempt(change_use_case, actor=request.actor, use_case=found, **form.cleaned_data)
        if changed is not None:
            return redirect(changed)
    context = {"form": form, "use_case": found}
    return render(request, "use_cases/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_approve(request: PageRequest, slug: str) -> HttpResponse:
    """Approve a use case for development."""
    happens = [
        "Models may be developed for it. None of them takes live decisions before its own release was approved.",
        "What it says no longer changes.",
        "Your name, the time and your rationale stay with it.",
    ]
    return _decide(request, slug, UseCaseVerdict.APPROVE, ("Approve {} for development?", "Approve", happens))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_reject(request: PageRequest, slug: str) -> HttpResponse:
    """Reject a use case."""
    happens = [
        "It is closed: it takes no models, and nothing of it changes. Whoever wants it proposes another one.",
        "Your name, the time and your rationale stay with it.",
    ]
    return _decide(request, slug, UseCaseVerdict.REJECT, ("Reject {}?", "Reject", happens))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_not_a_model(request: PageRequest, slug: str) -> HttpResponse:
    """Decide that a use case needs no model under governance."""
    happens = [
        "It is closed as “not a model”: whatever makes this decision is no model, and is not governed here.",
        "It stays in the inventory with your name, the time and your rationale, open to question.",
    ]
    return _decide(request, slug, UseCaseVerdict.NOT_A_MODEL, ("Is {} not a model?", "Decide “not a model”", happens))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def use_case_retire(request: PageRequest, slug: str) -> HttpResponse:
    """Retire a use case."""
    found = _use_case(request, slug)
    request.actor.require("propose_use_case", found.team_id)
    form = RetirementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        retired = form.attempt(retire_use_case, actor=request.actor, use_case=found, **form.cleaned_data)
        if retired is not None:
            return redirect(retired)
    happens = ["It takes no more models, and nothing about it changes any more.", "It stays in the inventory."]
    question = Question(f"Retire {found.slug}?", happens, "Retire", _back(found), danger=True, facts=_facts(found))
    return ask(request, question, form, CONFIRM)


def _decide(
    request: PageRequest, slug: str, verdict: UseCaseVerdict, words: tuple[str, str, list[str]]
) -> HttpResponse:
    """Decide as the form says, or show what will happen and to what."""
    found = _use_case(request, slug)
    request.actor.require("decide_use_case", found.team_id)
    kind = ApprovalForm if verdict == UseCaseVerdict.APPROVE else RejectionForm
    form = kind(request.POST if request.method == "POST" else None)
    if form.is_valid():
        decided = form.attempt(
            decide_use_case, actor=request.actor, use_case=found, verdict=verdict, **form.cleaned_data
        )
        if decided is not None:
            return redirect(decided)
        found = _use_case(request, slug)
    form.show(found)
    title, button, happens = words
    danger = verdict != UseCaseVerdict.APPROVE
    question = Question(title.format(found.slug), happens, button, _back(found), danger=danger, facts=_facts(found))
    return ask(request, question, form, CONFIRM)


def _facts(found: UseCase) -> list[tuple[str, str]]:
    return [
        ("Purpose", found.purpose),
        ("Decision", found.decision),
        ("Affected persons", found.affected_persons),
        ("Owner", found.owner.name),
        ("Sponsor", found.sponsor.name),
        ("Proposed by", found.proposed_by.name),
    ]


def _back(found: UseCase) -> Back:
    return Back(found.get_absolute_url(), found.slug)


def _use_case(request: PageRequest, slug: str) -> Any:
    """Return the use case with its state now, if the reader may see it."""
    return visible(with_state_now(UseCase.objects.with_names()), request.actor, slug=slug)
