"""Administration: giving, confirming and revoking roles and single capabilities."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import Role
from portal.accounts.models import RoleGrant, Team, User
from portal.accounts.models.grants import CONFIRMED_WITHIN
from portal.accounts.roles import CAPABILITIES, CONFIRMED_CAPABILITIES
from portal.accounts.services.grants import confirm_grant, grant_role, revoke_grant
from portal.core.capabilities import explained
from portal.overviews.administration import SYSTEM_SHELL, place_of
from portal.pages.confirmations import Question, ask, back_to, posted
from portal.pages.days import DAY, begin_of, end_of
from portal.pages.doors import PageRequest, administration
from portal.pages.passwords import PasswordForm
from portal.ui.forms import VerbForm

SECOND = "Counts once a second administrator has confirmed it."
ONE = "one"
MAY = {
    ONE: "Choose it below.",
    Role.VIEWER: "Reads.",
    Role.DEVELOPER: "Proposes use cases; registers models, data, pipelines and versions; writes cards; asks for runs "
    "and approval.",
    Role.VALIDATOR: f"Decides about use cases, fixes validation plans, asks for runs: the second line. {SECOND}",
    Role.APPROVER: f"Signs. {SECOND}",
    Role.OPERATOR: "Stops jobs, exports evidence; will stop and move releases once they are rolled out in steps.",
    Role.POLICY_STEWARD: f"Reads; will draft and publish policies once they have pages to write them on. {SECOND}",
    Role.AUDITOR: "Reads all that is granted, exports evidence, verifies the log.",
    Role.ADMIN: f"People, teams, grants, tokens; never signs, whatever else was granted; in every team. {SECOND}",
}


class GrantForm(VerbForm):
    """What is granted, where, and from when until when."""

    role = forms.ChoiceField(
        choices=[*Role.choices, (ONE, "One capability")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role or one capability."},
    )
    capability = forms.ChoiceField(required=False, help_text="Needed with “One capability”, and only then.")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="Every team", label="Where")
    first_day = forms.DateField(required=False, widget=DAY, help_text="Empty: from now on. Days are in UTC.")
    last_day = forms.DateField(required=False, widget=DAY, help_text="Empty: without an end.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.order_by("name")  # type: ignore[attr-defined]
        told = [(one, _spoken(one)) for one in sorted(CAPABILITIES)]
        self.fields["capability"].choices = [("", "None"), *told]  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        """Return what the verb takes: days become instants, the last one counts in full."""
        given = self.cleaned_data
        return {
            "role": "" if given["role"] == ONE else given["role"],
            "capability": given["capability"],
            "team": given["team"],
            "granted_from": begin_of(given["first_day"]),
            "granted_until": end_of(given["last_day"]),
        }


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def grant_give(request: PageRequest, pk: int) -> HttpResponse:
    """Give somebody a role or a capability."""
    user = get_object_or_404(User, pk=pk)
    form = GrantForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        grant = form.attempt(grant_role, actor=request.actor, user=user, **form.wanted())
        if grant is not None:
            told = f"{grant.words} {place_of(grant)} is granted to {user.name}."
            messages.success(request, f"{told} {SECOND}" if grant.state == "waiting" else told)
            return redirect("admin_person", pk=pk)
    context = {"person": user, "form": form, "hints": MAY, "within": CONFIRMED_WITHIN.days}
    return render(request, "people/grant.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@administration
def grant_confirm(request: PageRequest, pk: int) -> HttpResponse:
    """Confirm a grant as the second administrator."""
    grant, form = _grant(pk), PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.attempt_as(request.actor, confirm_grant, grant=grant) is not None:
        messages.success(request, f"Confirmed: {grant.words} {place_of(grant)} for {grant.user.name}.")
        return redirect("admin_person", pk=grant.user_id)
    question = Question(
        title=f"Confirm {grant.words} {place_of(grant)} for {grant.user.name}?",
        happens=[
            f"{grant.user.name} gets it {_span(grant)}. Until now it counted for nothing.",
            "Your name stands beside the giver’s in the record, and with every decision that rests on it.",
            "Confirm only what you checked with somebody other than the giver.",
        ],
        button="Confirm as second administrator",
        facts=_facts(grant),
        back=back_to(grant.user),
    )
    return ask(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def grant_revoke(request: PageRequest, pk: int) -> HttpResponse:
    """End a grant now."""
    grant, form = _grant(pk), posted(request)
    if form.is_valid() and form.attempt(revoke_grant, actor=request.actor, grant=grant) is not None:
        messages.success(request, f"Revoked: {grant.words} {place_of(grant)} for {grant.user.name}.")
        return redirect("admin_person", pk=grant.user_id)
    question = Question(
        title=f"Revoke {grant.words} {place_of(grant)} from {grant.user.name}?",
        happens=[
            "It ends now: at the next request of any open session and of any token.",
            "What they did with it stays, and so does the record of the grant.",
            "It can’t be taken back; it can be granted anew.",
        ],
        button="Revoke",
        danger=True,
        facts=_facts(grant),
        back=back_to(grant.user),
    )
    return ask(request, question, form)


def _grant(pk: int) -> RoleGrant:
    return get_object_or_404(RoleGrant.objects.with_names(), pk=pk)


def _facts(grant: RoleGrant) -> list[tuple[str, str | datetime | None]]:
    user = grant.user
    return [
        ("Given by", grant.granted_by.name if grant.granted_by else SYSTEM_SHELL),
        ("Given", grant.created_at),
        ("Account made", user.created_at),
        ("Last sign-in", user.last_login),
        ("Address", user.email),
    ]


def _span(grant: RoleGrant) -> str:
    begins = "now" if grant.granted_from <= grant.created_at else f"on {grant.granted_from:%-d %b %Y}"
    ends = f"until {grant.granted_until:%-d %b %Y, %H:%M} UTC" if grant.granted_until else "without an end date"
    return f"{begins}, {ends}"


def _spoken(capability: str) -> str:
    words = explained(capability)
    return f"{words} (takes a second administrator)" if capability in CONFIRMED_CAPABILITIES else words
