"""The tier of a model: what it rests on, and the questionnaire that somebody answers to assess it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.core.querysets import visible
from portal.overviews.models import open_request_of
from portal.overviews.tiers import tier_overview
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm, WrittenField
from registry.choices import AssessmentState
from registry.models import RegisteredModel, TierAssessment
from registry.rules.tiers import HIGHEST, LOWEST, Questionnaire
from registry.selectors import questionnaire
from registry.services.tiers import assess_tier, withdraw_assessment

OPEN = "Choose an answer: what is not known can’t be left open, for silence is no lower tier."


class AssessmentForm(VerbForm):
    """The questionnaire, a rationale, and a higher tier by hand where the answers do not say it all."""

    shown_digest = forms.CharField(widget=forms.HiddenInput)
    rationale = WrittenField(help_text="What the answers rest on: figures, documents, who was asked.")
    tier = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "As the answers come to"), *((tier, f"Tier {tier}") for tier in range(HIGHEST, LOWEST))],
        label="Higher tier by hand",
        help_text="Where the answers do not say all that rests on the model. It can’t be lower than they come to.",
    )

    def __init__(self, *args: Any, asked: Questionnaire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        for key, question in asked.questions.items():
            self.fields[key] = forms.ChoiceField(
                label=question.text,
                widget=forms.RadioSelect,
                choices=[(answer.key, answer.text) for answer in question.answers],
                error_messages={"required": OPEN},
            )

    def by_axis(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return each axis with its questions' fields."""
        return [(axis, [self[question.key] for question in axis.questions]) for axis in self.asked.axes]

    def wanted(self) -> dict[str, Any]:
        """Return what the verb takes."""
        given = self.cleaned_data
        answers = {key: given[key] for key in self.asked.questions}
        return {"answers": answers, **{name: given[name] for name in ("shown_digest", "rationale", "tier")}}

    def show_asked(self) -> None:
        """Send along which questionnaire is shown, also after a refusal, when it may be another one than before."""
        self.initial["shown_digest"] = self.asked.digest
        if self.is_bound:
            self.data = {**self.data.dict(), "shown_digest": self.asked.digest}  # type: ignore[attr-defined]


@require_safe
@page
def tier(request: PageRequest, slug: str) -> HttpResponse:
    """What a model's tier rests on, and its history."""
    found = _model(request, slug)
    overview = tier_overview(request.actor, found)
    may_assess = found.retired_at is None and request.actor.may("assess_tier", found.team_id)
    return render(request, "models/tier.html", {"model": found, "overview": overview, "may_assess": may_assess})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def tier_assess(request: PageRequest, slug: str) -> HttpResponse:
    """Answer the questionnaire for a model."""
    found = _model(request, slug)
    request.actor.require("assess_tier", found.team_id)
    form = AssessmentForm(
        request.POST if request.method == "POST" else None, asked=questionnaire(), initial=_initial(found)
    )
    if form.is_valid():
        made = form.attempt(assess_tier, actor=request.actor, model=found, **form.wanted())
        if made is not None:
            messages.success(request, _told(made))
            return redirect("tier", slug=slug)
    form.show_asked()
    context = {"model": found, "form": form, "open_request": open_request_of(found)}
    return render(request, "models/tier_assess.html", context, status=422 if form.errors else 200)


@require_POST
@page
def tier_withdraw(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Take back the proposal of a lower tier."""
    rows = TierAssessment.objects.with_names()
    withdraw_assessment(actor=request.actor, assessment=visible(rows, request.actor, model__slug=slug, number=number))
    return redirect("tier", slug=slug)


def _model(request: PageRequest, slug: str) -> RegisteredModel:
    return visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)


def _initial(model: RegisteredModel) -> dict[str, Any]:
    """Return the newest answers, as far as they were given to the questionnaire that is asked now."""
    newest = model.tier_assessments.filter(questionnaire_digest=questionnaire().digest).first()
    return dict(newest.answers) if newest else {}


def _told(made: TierAssessment) -> str:
    if made.state == AssessmentState.PROPOSED:
        return f"Tier {made.tier} is proposed. The model keeps tier {made.tier_before} until that is approved."
    if made.tier < made.tier_before:
        return f"The tier is {made.tier} now; it was {made.tier_before}."
    return f"The tier stays {made.tier}, and rests on this assessment."
