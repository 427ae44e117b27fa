"""Findings: the list, also as a file, one finding, and what people do to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.selectors import people_with
from portal.core.querysets import visible
from portal.overviews import findings as overviews
from portal.pages.confirmations import Back, Question, ask
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.saved import saved_views
from portal.pages.spreadsheets import csv_file
from portal.ui.forms import VerbForm, WrittenField
from registry.choices import FindingVerb, Severity, Stage
from registry.errors import NotUsable, NotYourFinding
from registry.models import Finding, ModelVersion, RegisteredModel
from registry.rules.findings import state_problem
from registry.selectors import finding_facts, standing_in
from registry.services import findings as services

CONFIRM = "findings/confirm.html"
HELD = [(overviews.ME, "Held by me"), (overviews.NOBODY, "Held by nobody")]
LATE = [("", "Any due time"), ("true", "Overdue"), ("false", "Not overdue")]


class FindingFilter(overviews.FindingFilter):
    """The filters of the table, as people see them."""

    team = django_filters.ChoiceFilter(field_name="model__team__slug", empty_label="All teams")
    holder = django_filters.ChoiceFilter(choices=HELD, method="with_holder", empty_label="Held by anybody")

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["team"].extra["choices"] = teams
        self.filters["overdue"].extra["widget"] = forms.Select(choices=LATE)


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody who may hold findings about a model."""

    def label_from_instance(self, obj: Any) -> str:
        """Return name and address: names repeat."""
        return f"{obj.name}, {obj.email if obj.is_active else 'account closed'}"


class DueField(forms.DateTimeField):
    """A time until which something is to be done."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(required=False, label="Due, UTC", widget=widget, **kwargs)


class CommentForm(VerbForm):
    """A move that needs no words."""

    comment = WrittenField(required=False)

    def __init__(self, *args: Any, finding: Finding, severities: Sequence[Severity] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.finding, self.severities = finding, severities


class SaidForm(CommentForm):
    """A move that says why, or what was done."""

    comment = WrittenField(rows=4)


class HandOverForm(CommentForm):
    """Who holds it next, and until when."""

    holder = PersonField(User.objects.none(), empty_label="Choose a person", help_text="Who may read the model.")
    due = DueField(help_text="Only the line that raised the finding gives more time.")
    field_order = ("holder", "due", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"].queryset = _able(self.finding.model)  # type: ignore[attr-defined]
        self.initial["holder"], self.initial["due"] = self.finding.holder_id, self.finding.due

    def clean_due(self) -> datetime | None:
        """Return the time, to the second where it is left as it was: the field shows minutes."""
        given: datetime | None = self.cleaned_data["due"]
        kept = self.finding.due
        return kept if kept and given == kept.replace(second=0, microsecond=0) else given


class ReopenForm(SaidForm):
    """Why it is open again, who holds it, and until when."""

    holder = PersonField(User.objects.none(), required=False, empty_label="Nobody yet")
    due = DueField()
    field_order = ("comment", "holder", "due")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"].queryset = _able(self.finding.model)  # type: ignore[attr-defined]


class SeverityForm(SaidForm):
    """How much it weighs from now on."""

    severity = forms.ChoiceField()
    field_order = ("severity", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["severity"].choices = [(one.value, one.label) for one in self.severities]  # type: ignore[attr-defined]


class RaiseForm(VerbForm):
    """What somebody found."""

    title = forms.CharField(max_length=200, help_text="What is wrong, in one line.")
    description = WrittenField(rows=6, help_text="How one sees it, what it leads to, and what would be right.")
    severity = forms.ChoiceField(
        choices=Severity.choices,
        initial=Severity.MEDIUM,
        help_text="An open high one stops approvals where the policy says so.",
    )
    stage = forms.ChoiceField(
        choices=[("", "Choose a stage"), *Stage.choices], help_text="Where in the pipeline it lies."
    )
    version = forms.IntegerField(
        required=False, min_value=1, help_text="Number of the version that it is about; empty: the model as a whole."
    )
    holder = PersonField(User.objects.none(), required=False, empty_label="Nobody yet", help_text="Who remediates it.")
    due = DueField(help_text="Until when it is remediated and verified.")

    def __init__(self, *args: Any, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model = model
        self.fields["holder"].queryset = _able(model)  # type: ignore[attr-defined]

    def clean_version(self) -> ModelVersion | None:
        """Return the model's version of this number."""
        number = self.cleaned_data["version"]
        if number is None:
            return None
        found = self.model.versions.filter(number=number).first() if number < 2**31 else None
        if found is None:
            raise forms.ValidationError(f"{self.model.slug} has no version {number}.")
        return found


@dataclass(frozen=True)
class Deed:
    """How a page asks for one verb: what will happen, and the form that it needs."""

    form: type[CommentForm]
    verb: Callable[..., Finding]
    title: str
    button: str
    happens: Sequence[str]


DEEDS = {
    FindingVerb.HAND_OVER: Deed(
        HandOverForm, services.hand_over, "Hand over {}", "Hand over",
        ["It waits for whom you name, who finds it on their home page.", "Your name and the time stay with it."],
    ),
    FindingVerb.START: Deed(
        CommentForm, services.start_remediation, "Begin to remediate {}", "Begin",
        [
            "You become its remediator, and stay one: you can’t close it, lower its severity, or sign for the model.",
            "It stays open until the line that raised it closes it.",
        ],
    ),
    FindingVerb.HAND_IN: Deed(
        SaidForm, services.hand_in_remediation, "Hand in the remediation of {}", "Hand in",
        [
            "The line that raised it judges what you did. Say it so that they can verify it.",
            "You stay its remediator: you can’t close it, lower its severity, or sign for the model.",
        ],
    ),
    FindingVerb.CLOSE: Deed(
        SaidForm, services.close_finding, "Close {}", "Close",
        [
            "It no longer counts as open. Requests for approval that cover it are voided.",
            "Your name, the time and how you verified it stay with it. It can be opened again.",
        ],
    ),
    FindingVerb.SEND_BACK: Deed(
        SaidForm, services.send_back, "Send back {}", "Send back",
        ["Who handed it in holds it again.", "Say what is missing."],
    ),
    FindingVerb.REOPEN: Deed(
        ReopenForm, services.reopen_finding, "Open {} again", "Reopen",
        ["It counts as open. Requests for approval that cover its model or version are voided."],
    ),
    FindingVerb.CHANGE_SEVERITY: Deed(
        SeverityForm, services.change_severity, "Change the severity of {}", "Change the severity",
        [
            "Requests for approval that cover it are voided: what people would sign changed.",
            "Only the line that raised it lowers it, and nobody who remediated it.",
        ],
    ),
}  # fmt: skip


@require_safe
@page
def findings(request: PageRequest) -> HttpResponse:
    """The findings that the reader may see, those that weigh most first."""
    found = _narrowed(request)
    context = {
        "filter": found,
        "in_force": sum(bool(request.GET.get(name)) for name in FindingFilter.base_filters),
        "rows": page_of(request, found.qs.worst_first()),
        "address": address_without_page(request),
        "query": request.GET.urlencode(),
        "saved": saved_views(request, "findings"),
    }
    return render(request, "findings/list.html", context)


@require_safe
@page
def findings_csv(request: PageRequest) -> StreamingHttpResponse:
    """The same findings as a file, all of them."""
    keys = list(_narrowed(request).qs.worst_first().values_list("pk", flat=True))
    return csv_file(overviews.lines(keys), "findings")


@require_safe
@page
def finding(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """One finding: what it says, whom it waits for, what the reader may do, its history."""
    overview = overviews.finding_overview(request.actor, _finding(request, slug, number))
    return render(request, "findings/detail.html", {"overview": overview, "buttons": _buttons(overview)})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def finding_raise(request: PageRequest, slug: str) -> HttpResponse:
    """Raise a finding about a model or one of its versions."""
    model = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    request.actor.require("raise_finding", model.team_id)
    initial = {"version": request.GET.get("version")}
    form = RaiseForm(request.POST if request.method == "POST" else None, model=model, initial=initial)
    if form.is_valid():
        made = form.attempt(services.raise_finding, actor=request.actor, model=model, **form.cleaned_data)
        if made is not None:
            return redirect(made)
    return render(request, "findings/raise.html", {"form": form, "model": model}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def finding_move(request: PageRequest, slug: str, number: int, deed: str) -> HttpResponse:
    """Say what will happen, then do one thing to a finding."""
    verb = next((one for one in DEEDS if one.value == deed.replace("-", "_")), None)
    if verb is None:
        raise Http404
    found, asked = _finding(request, slug, number), DEEDS[verb]
    facts, who = finding_facts(found), standing_in(request.actor, found.model)
    _require(verb, found, overviews.actions_on(facts, who))
    data = request.POST if request.method == "POST" else None
    form = asked.form(data, finding=found, severities=overviews.severities_for(facts, who))
    if form.is_valid():
        done = form.attempt(asked.verb, actor=request.actor, finding=found, **form.cleaned_data)
        if done is not None:
            return redirect(found)
    name, back = str(found), Back(found.get_absolute_url(), f"Finding {found.number}")
    facts_shown = [
        ("Title", found.title),
        ("Severity", found.get_severity_display()),
        ("State", found.get_state_display()),
    ]
    question = Question(asked.title.format(name), asked.happens, asked.button, back, facts=facts_shown)
    return ask(request, question, form, CONFIRM)


def _require(verb: FindingVerb, found: Finding, offered: Sequence[overviews.Action]) -> None:
    """Raise what the verb would raise, before a form is shown that leads nowhere."""
    if reason := state_problem(verb, found.state):
        raise NotUsable(reason)
    if reason := next(one.why_not for one in offered if one.verb == verb):
        raise NotYourFinding(reason)


def _narrowed(request: PageRequest) -> FindingFilter:
    rows, teams = overviews.findings_table(request.actor), overviews.teams_of_findings(request.actor)
    return FindingFilter(request.GET, queryset=rows, request=request, teams=teams)


def _buttons(overview: overviews.FindingOverview) -> list[tuple[overviews.Action, str]]:
    """Return what can be done with the text of its button, what the reader may do first."""
    return [(one, DEEDS[one.verb].button) for one in [*overview.possible, *overview.refused]]


def _able(model: RegisteredModel) -> Any:
    """Return who may hold findings about a model, by name."""
    able = [user.pk for user in people_with("answer_finding", model.team_id) if user.kind == UserKind.PERSON]
    return User.objects.filter(pk__in=able).order_by("name", "pk")


def _finding(request: PageRequest, slug: str, number: int) -> Finding:
    return visible(Finding.objects.with_names(), request.actor, model__slug=slug, number=number)
