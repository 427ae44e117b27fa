"""Declaring what was in use before the portal, and ending it."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.core.querysets import visible
from portal.overviews.declared import today
from portal.pages.confirmations import Back, Question, ask
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm
from registry.choices import Environment, VersionState
from registry.models import ModelVersion, RegisteredModel, Release
from registry.rules.declarations import LONGEST, latest_deadline
from registry.services.declarations import declare_release, end_declared_release


class DeclareForm(VerbForm):
    """What was in use before the portal, and by when it goes through the gates."""

    environment = forms.ChoiceField(choices=Environment.choices, initial=Environment.PRODUCTION)
    in_use_since = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Not after the day on which the model was registered here.",
    )
    deadline = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=f"By when a version goes through the gates: within {LONGEST.days} days.",
    )
    description = forms.CharField(
        required=False,
        label="What is in use",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In words: which version, where it runs, who put it there. Needed where no version is named.",
    )
    version = forms.ModelChoiceField(
        ModelVersion.objects.none(),
        required=False,
        to_field_name="number",
        empty_label="None that is registered here",
        help_text="Where it is a sealed version of this model.",
    )

    def __init__(self, *args: Any, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sealed = model.versions.filter(state=VersionState.SEALED).select_related("model")
        self.fields["version"].queryset = sealed  # type: ignore[attr-defined]


class EndForm(VerbForm):
    """Why what was declared is not in use any more."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def model_declare(request: PageRequest, slug: str) -> HttpResponse:
    """Declare that a model was in use before the portal."""
    found = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    request.actor.require("declare_release", found.team_id)
    stands = found.releases.declared().select_related("version").order_by("environment").first()
    form = DeclareForm(request.POST if request.method == "POST" else None, model=found, initial=_initial(stands))
    if form.is_valid():
        made = form.attempt(declare_release, actor=request.actor, model=found, **form.cleaned_data)
        if made is not None:
            return redirect(found)
    context = {
        "model": found,
        "form": form,
        "stands": stands,
        "latest": latest_deadline(today()),
        "may_extend": request.actor.may("extend_deadline", found.team_id),
    }
    return render(request, "models/declare.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def release_end(request: PageRequest, pk: int) -> HttpResponse:
    """Say that what was declared is not in use any more."""
    rows = Release.objects.select_related("model", "version__model")
    found = visible(rows, request.actor, pk=pk)
    request.actor.require("declare_release", found.model.team_id)
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ended = form.attempt(end_declared_release, actor=request.actor, release=found, **form.cleaned_data)
        if ended is not None:
            return redirect(ended)
    happens = [
        f"{found.model.slug} does not count as in use in {found.environment} any more, and its deadline is gone.",
        "The declaration stays in the list of releases, with your name, the time and your reason.",
        "It can be declared once more, with no later deadline unless the second line sets one.",
    ]
    facts = [("What is in use", found.description or str(found.version)), ("Deadline", str(found.deadline))]
    back = Back(found.get_absolute_url(), f"Release {found.pk}")
    question = Question("Is it not in use any more?", happens, "End it", back, danger=True, facts=facts)
    return ask(request, question, form, "releases/confirm.html")


def _initial(stands: Release | None) -> dict[str, Any]:
    if stands is None:
        return {}
    said = {name: getattr(stands, name) for name in ("environment", "in_use_since", "deadline", "description")}
    return {**said, "version": stands.version.number if stands.version else None}
