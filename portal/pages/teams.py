"""Administration: teams."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import Line
from portal.accounts.models import Team
from portal.accounts.services.teams import create_team, rename_team
from portal.overviews.administration import teams_table
from portal.pages.doors import PageRequest, administration
from portal.pages.paging import address_without_page, page_of
from portal.ui.forms import VerbForm


class TeamForm(VerbForm):
    """A new team."""

    name = forms.CharField(max_length=150)
    slug = forms.CharField(max_length=80, help_text="By which programs know it, such as credit-risk. It stays.")
    line = forms.ChoiceField(choices=Line.choices, label="Line of defence")


class NameForm(VerbForm):
    """Another name."""

    name = forms.CharField(max_length=150)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def teams(request: PageRequest) -> HttpResponse:
    """Every team, and a form for the next."""
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = form.attempt(create_team, actor=request.actor, **form.cleaned_data)
        if made is not None:
            messages.success(request, f"The team {made.name} is made. Grant somebody a role in it.")
            return redirect("admin_teams")
    context = {"form": form, "rows": page_of(request, teams_table()), "address": address_without_page(request)}
    return render(request, "teams/list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def team(request: PageRequest, slug: str) -> HttpResponse:
    """Rename a team."""
    found = get_object_or_404(Team, slug=slug)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        renamed = form.attempt(rename_team, actor=request.actor, team=found, **form.cleaned_data)
        if renamed is not None:
            messages.success(request, f"The team is called {renamed.name} now.")
            return redirect("admin_teams")
    return render(request, "teams/detail.html", {"team": found, "form": form}, status=422 if form.errors else 200)
