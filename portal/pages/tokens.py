"""One's own API tokens."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import ApiToken
from portal.accounts.roles import TOKEN_SCOPES
from portal.accounts.services.tokens import create_token, revoke_token
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm

FOR_REGISTERING = (
    "read",
    "register_model",
    "register_pipeline",
    "register_version",
    "request_validation",
    "submit_version",
    "upload_dataset",
    "write_card",
)
"""What a program needs that registers versions; the form starts with these."""
DAYS = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "1 year")]


class TokenForm(VerbForm):
    """What a new token may do, and for how long."""

    name = forms.CharField(max_length=80, help_text="Where it will be used, such as “training CI”.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope.replace("_", " ")) for scope in TOKEN_SCOPES],
        initial=FOR_REGISTERING,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=30, label="Expires after")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def tokens(request: PageRequest) -> HttpResponse:
    """The reader's tokens; a new one's secret is shown once, here."""
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        made = form.attempt(create_token, actor=request.actor, user=request.user, **form.cleaned_data)
        if made is not None:
            secret, form = made.secret, TokenForm()
    rows = ApiToken.objects.filter(user=request.user).order_by("-pk")
    context = {"rows": rows, "form": form, "secret": secret, "scope_count": len(TOKEN_SCOPES)}
    response = render(request, "tokens/list.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@page
def token_revoke(request: PageRequest, pk: int) -> HttpResponse:
    """Revoke one of the reader's tokens."""
    revoke_token(actor=request.actor, token=get_object_or_404(ApiToken, pk=pk, user=request.user))
    return redirect("tokens")
