"""One's own API tokens."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import ApiToken, User
from portal.accounts.models.tokens import ENDS_SOON
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token, revoke_token
from portal.core.actors import Actor
from portal.core.capabilities import explained
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm

FOR_REGISTERING = (
    "export_evidence",
    "open_request",
    "propose_use_case",
    "read",
    "register_model",
    "register_pipeline",
    "register_version",
    "request_validation",
    "submit_version",
    "upload_dataset",
    "write_card",
)
"""What a program needs that brings a version from its files to its approval; the form starts with these."""
DAYS = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "1 year")]


class TokenForm(VerbForm):
    """What a new token may do, and for how long."""

    name = forms.CharField(max_length=80, help_text="Where it will be used, such as “training CI”.")
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose at least one scope."}
    )
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=30, label="Expires after")

    def __init__(self, *args: Any, user: User, held: Sequence[str], **kwargs: Any) -> None:
        """Offer the scopes that the person holds: others would give the token of `user` nothing."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.initial["scopes"] = [scope for scope in self.initial.get("scopes") or FOR_REGISTERING if scope in held]
        scopes = cast("forms.MultipleChoiceField", self.fields["scopes"])
        scopes.choices = [(scope, explained(scope)) for scope in held]

    def clean_name(self) -> str:
        """Refuse the name of a working token: a page that is loaded again sends its form again."""
        name: str = self.cleaned_data["name"]
        if any(row.state == "active" for row in ApiToken.objects.filter(user=self.user, name=name)):
            raise forms.ValidationError("A working token has this name: revoke it, or choose another.")
        return name


def scopes_held(actor: Actor) -> list[str]:
    """Return what a token of the actor could carry, in any team."""
    granted = {grant.capability for grant in actor.grants}
    return [scope for scope in TOKEN_SCOPES if scope in granted]


@require_http_methods(["GET", "HEAD", "POST"])
@page
def tokens(request: PageRequest) -> HttpResponse:
    """The reader's tokens; a new one's secret is shown once, here."""
    held = scopes_held(request.actor)
    asked = {"scopes": request.GET.getlist("scopes")}  # a guide's link asks for what its snippets need
    form = TokenForm(request.POST or None, user=request.user, held=held, initial=asked)
    secret = None
    if request.method == "POST" and form.is_valid():
        made = form.attempt(create_token, actor=request.actor, user=request.user, **form.cleaned_data)
        if made is not None:
            secret, form = made.secret, TokenForm(user=request.user, held=held)
    rows = list(ApiToken.objects.filter(user=request.user).order_by("-pk"))
    ending = [row.name for row in rows if row.ends_soon]
    context = {
        "rows": rows,
        "form": form,
        "secret": secret,
        "held": held,
        "scope_count": len(TOKEN_SCOPES),
        "ending": ending,
        "ending_title": f"Ends within {ENDS_SOON.days} days: {', '.join(ending)}.",
    }
    return render(request, "tokens/list.html", context, status=422 if form.errors else 200)


@require_POST
@page
def token_revoke(request: PageRequest, pk: int) -> HttpResponse:
    """Revoke one of the reader's tokens, or of a service account that they own."""
    mine = Q(user=request.user) | Q(user__owner=request.user)
    token = get_object_or_404(ApiToken.objects.filter(mine), pk=pk)
    revoke_token(actor=request.actor, token=token)
    return redirect("tokens") if token.user_id == request.user.pk else redirect("service_tokens", pk=token.user_id)
