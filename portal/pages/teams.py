"""Administration: teams."""

import json

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.choices import Line
from portal.accounts.models import Team
from portal.accounts.services.teams import allow_pickles, create_team, end_pickles, rename_team
from portal.core.clock import now
from portal.overviews.administration import teams_table
from portal.pages.days import DAY, end_of
from portal.pages.doors import PageRequest, administration
from portal.pages.paging import address_without_page, page_of
from portal.ui.forms import VerbForm
from registry.models import CiIssuer, SignerKey
from registry.rules.ci_identity import LONGEST, LONGEST_KEY_SET
from registry.rules.signer_keys import LONGEST_KEY
from registry.services.ci_issuers import register_ci_issuer, withdraw_ci_issuer
from registry.services.signers import register_signer, withdraw_signer


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


class PicklesForm(VerbForm):
    """Until when, and why, a team's models may be pickles."""

    last_day = forms.DateField(widget=DAY, help_text="A year from today at most. Days are in UTC.")
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), help_text="It stands in the record.")


class SignerForm(VerbForm):
    """A key with which a supplied model.sig, or the commit of a training run, is verified."""

    name = forms.CharField(max_length=150, label="Whose key", help_text="Such as a vendor, or a team's build.")
    pem = forms.CharField(
        max_length=LONGEST_KEY,
        label="Public key",
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "-----BEGIN PUBLIC KEY-----", "class": "mono"}),
        help_text="PEM or OpenSSH: P-256, P-384, P-521, or for commits Ed25519. Compare its key id by another way.",
    )


class CiIssuerForm(VerbForm):
    """An issuer of CI jobs' identity tokens, with its keys."""

    provider = forms.ChoiceField(choices=[("github", "GitHub"), ("gitlab", "GitLab")])
    issuer = forms.CharField(
        max_length=LONGEST, help_text="As its tokens say it (iss), such as https://token.actions.githubusercontent.com."
    )
    audience = forms.CharField(max_length=LONGEST, help_text="What jobs ask for (aud), such as this portal’s address.")
    host = forms.CharField(
        max_length=LONGEST,
        label="Host of its repositories",
        help_text="Such as github.com. Its jobs vouch for no others.",
    )
    jwks = forms.CharField(
        max_length=LONGEST_KEY_SET,
        label="Public keys (JWKS)",
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": '{"keys": […]}', "class": "mono"}),
        help_text="As the issuer publishes them. The portal fetches nothing: when they change, register anew.",
    )

    def clean_jwks(self) -> object:
        """Return the keys as the JSON that they are."""
        try:
            return json.loads(self.cleaned_data["jwks"])
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is no JSON.") from None


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def team(request: PageRequest, slug: str) -> HttpResponse:
    """One team: its name, and whether its models may be pickles, whose signatures count."""
    found = get_object_or_404(Team, slug=slug)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        renamed = form.attempt(rename_team, actor=request.actor, team=found, **form.cleaned_data)
        if renamed is not None:
            messages.success(request, f"The team is called {renamed.name} now.")
            return redirect("admin_teams")
    return _show(request, found, form)


@require_POST
@administration
def team_pickles(request: PageRequest, slug: str) -> HttpResponse:
    """Let the team's models be pickles for a time."""
    found = get_object_or_404(Team, slug=slug)
    form = PicklesForm(request.POST)
    if form.is_valid():
        until, reason = end_of(form.cleaned_data["last_day"]), form.cleaned_data["reason"]
        if form.attempt(allow_pickles, actor=request.actor, team=found, until=until or now(), reason=reason):
            messages.success(request, f"Models of {found.name} may be pickles now. None is opened here.")
            return redirect("admin_team", slug=slug)
    return _show(request, found, pickles=form)


@require_POST
@administration
def team_pickles_end(request: PageRequest, slug: str) -> HttpResponse:
    """Let no further model of the team be a pickle."""
    found = end_pickles(actor=request.actor, team=get_object_or_404(Team, slug=slug))
    messages.success(request, f"No further model of {found.name} may be a pickle.")
    return redirect("admin_team", slug=slug)


@require_POST
@administration
def team_signers(request: PageRequest, slug: str) -> HttpResponse:
    """Register a signer's key."""
    found = get_object_or_404(Team, slug=slug)
    form = SignerForm(request.POST)
    if form.is_valid():
        made = form.attempt(register_signer, actor=request.actor, team=found, **form.cleaned_data)
        if made is not None:
            messages.success(request, f"What the key of {made.name} signs counts for {found.name} from now on.")
            return redirect("admin_team", slug=slug)
    return _show(request, found, signer=form)


@require_POST
@administration
def signer_withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """Let a signer's key count no more."""
    key = withdraw_signer(actor=request.actor, key=get_object_or_404(SignerKey, pk=pk))
    messages.success(request, f"The key of {key.name} is withdrawn.")
    return redirect("admin_team", slug=key.team.slug)


@require_POST
@administration
def team_ci_issuers(request: PageRequest, slug: str) -> HttpResponse:
    """Register a CI issuer, or its new keys."""
    found = get_object_or_404(Team, slug=slug)
    form = CiIssuerForm(request.POST)
    if form.is_valid():
        made = form.attempt(register_ci_issuer, actor=request.actor, team=found, **form.cleaned_data)
        if made is not None:
            messages.success(request, f"Tokens of {made.issuer} count for {found.name} from now on.")
            return redirect("admin_team", slug=slug)
    return _show(request, found, ci_issuer=form)


@require_POST
@administration
def ci_issuer_withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """Let a CI issuer's tokens count no more."""
    row = withdraw_ci_issuer(actor=request.actor, issuer=get_object_or_404(CiIssuer, pk=pk))
    messages.success(request, f"Tokens of {row.issuer} for {row.audience} count no more.")
    return redirect("admin_team", slug=row.team.slug)


def _show(
    request: PageRequest,
    found: Team,
    form: NameForm | None = None,
    *,
    pickles: PicklesForm | None = None,
    signer: SignerForm | None = None,
    ci_issuer: CiIssuerForm | None = None,
) -> HttpResponse:
    forms_shown = {
        "form": form or NameForm(initial={"name": found.name}),
        "pickles": pickles or PicklesForm(),
        "signer": signer or SignerForm(),
        "ci_issuer": ci_issuer or CiIssuerForm(),
    }
    context = {
        "team": found,
        "keys": found.signer_keys.select_related("registered_by"),
        "issuers": found.ci_issuers.select_related("registered_by"),
        **forms_shown,
    }
    wrong = any(one.errors for one in forms_shown.values())
    return render(request, "teams/detail.html", context, status=422 if wrong else 200)
