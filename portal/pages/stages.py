"""Pipeline stages of a model: who answers for each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import UserKind
from portal.accounts.models import Team, User
from portal.accounts.selectors import people_with
from portal.core.querysets import visible
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm
from registry.models import PipelineStage, RegisteredModel
from registry.rules.stages import FEWEST_HOURS, MOST_HOURS
from registry.selectors import stages_of
from registry.services.stages import assign_stage

Owner = User | Team


class StageForm(VerbForm):
    """Who owns a stage, who stands in, and how soon they answer."""

    owner = forms.ChoiceField(
        required=False, label="Owner", help_text="A person who may read the model, or a whole team."
    )
    backup = forms.ChoiceField(required=False, label="Backup", help_text="Who answers when the owner can’t.")
    response_hours = forms.IntegerField(
        required=False,
        min_value=FEWEST_HOURS,
        max_value=MOST_HOURS,
        label="Response time in hours",
        help_text=f"Within how long somebody answers, {FEWEST_HOURS} to {MOST_HOURS}.",
    )

    def __init__(self, *args: Any, people: list[User], teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners: list[Owner] = [*people, *teams]
        self._named = {_key(one): one for one in owners}
        persons = [(_key(one), f"{one.name}, {one.email if one.is_active else 'account closed'}") for one in people]
        grouped = [("", "No owner"), ("People", persons), ("Teams", [(_key(one), one.name) for one in teams])]
        self.fields["owner"].choices = grouped  # type: ignore[attr-defined]
        self.fields["backup"].choices = [("", "No backup"), *persons]  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        """Return what the verb takes."""
        given = self.cleaned_data
        return {
            "owner": self._named.get(given["owner"]),
            "backup": self._named.get(given["backup"]),
            "response_hours": given["response_hours"],
        }


@require_http_methods(["GET", "HEAD", "POST"])
@page
def stage(request: PageRequest, slug: str, stage: str) -> HttpResponse:
    """One stage of a model's pipeline: its gate, and a form that says who answers for it."""
    model = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    row = next((one for one in stages_of(model) if one.stage == stage), None)
    if row is None:
        raise Http404
    form = StageForm(
        request.POST if request.method == "POST" else None,
        people=_people(row),
        teams=_teams(request, row),
        initial=_initial(row),
    )
    if form.is_valid():
        done = form.attempt(assign_stage, actor=request.actor, model=model, stage=stage, **form.wanted())
        if done is not None:
            messages.success(request, _told(done))
            return redirect(f"{model.get_absolute_url()}#stages")
    context = {
        "model": model,
        "row": row,
        "form": form,
        "may_assign": request.actor.may("register_model", model.team_id),
    }
    return render(request, "models/stage.html", context, status=422 if form.errors else 200)


def _people(row: PipelineStage) -> list[User]:
    """Return who may answer for the stage, and who does already: leaving somebody out would take them off unasked."""
    able = [user for user in people_with("read", row.model.team_id) if user.kind == UserKind.PERSON]
    able += [user for user in (row.owner_user, row.backup) if user is not None and user not in able]
    return sorted(able, key=lambda user: (user.name, user.pk))


def _teams(request: PageRequest, row: PipelineStage) -> list[Team]:
    """Return the teams that the reader may see, and the one that owns the stage already."""
    seen = list(Team.objects.visible_to(request.actor))
    if row.owner_team is not None and row.owner_team not in seen:
        seen.append(row.owner_team)
    return sorted(seen, key=lambda team: (team.name, team.pk))


def _initial(row: PipelineStage) -> dict[str, Any]:
    return {
        "owner": _key(row.owner) if row.owner else "",
        "backup": _key(row.backup) if row.backup else "",
        "response_hours": row.response_hours,
    }


def _key(one: Owner) -> str:
    return f"{'user' if isinstance(one, User) else 'team'}:{one.pk}"


def _told(row: PipelineStage) -> str:
    name = row.kind.label
    return f"{name} is owned by {row.owner.name}." if row.owner else f"{name} has no owner."
