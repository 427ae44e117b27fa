"""Service accounts: machines that act for a person who owns them, and their tokens."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import UserKind
from portal.accounts.models import ApiToken, User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.tokens import create_token, revoke_token
from portal.accounts.services.users import create_user
from portal.overviews.administration import people_table
from portal.pages.confirmations import Back, Once, Question, ask, back_to, posted, show_once
from portal.pages.doors import PageRequest, administration, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.tokens import TokenForm, scopes_held
from portal.ui.forms import VerbForm


class ServiceAccountForm(VerbForm):
    """A new service account."""

    name = forms.CharField(max_length=150, help_text="What the machine does, such as “training CI”.")
    email = forms.EmailField(max_length=254, label="E-mail address", help_text="By which its owner is reached.")
    owner = forms.ModelChoiceField(
        User.objects.none(),
        empty_label="Choose a person",
        help_text="Answers for it; when they are deactivated, the machine stops.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(kind=UserKind.PERSON, is_active=True).order_by("name", "pk")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def service_accounts(request: PageRequest) -> HttpResponse:
    """Every service account, and a form for the next."""
    form = ServiceAccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = form.attempt(create_user, actor=request.actor, **form.cleaned_data)
        if made is not None:
            messages.success(request, f"{made.name} is made. Grant it a role, then make its token.")
            return redirect("admin_person", pk=made.pk)
    rows = page_of(request, people_table(kind=UserKind.SERVICE))
    context = {"form": form, "rows": rows, "address": address_without_page(request)}
    return render(request, "people/machines.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def service_tokens(request: PageRequest, pk: int) -> HttpResponse:
    """Make a token for a service account, by its owner or who manages tokens."""
    account = get_object_or_404(User.objects.select_related("owner"), pk=pk, kind=UserKind.SERVICE)
    manages = request.actor.may("manage_tokens", None)
    if request.actor.user_id != account.owner_id and not manages:
        raise Http404
    back = back_to(account) if manages else Back(reverse("own_account"), "Account")
    held = scopes_held(actor_for_user(account, interactive=False))
    form = TokenForm(request.POST if request.method == "POST" else None, user=account, held=held)
    if form.is_valid():
        made = form.attempt(create_token, actor=request.actor, user=account, **form.cleaned_data)
        if made is not None:
            told = ["Give it to the machine, as `Authorization: Bearer …`. Only its hash is kept."]
            once = Once(f"A token for {account.name}", "The token", made.secret, told, back)
            return show_once(request, once)
    tokens = account.tokens.order_by("-pk")[:50]
    context = {"account": account, "form": form, "held": held, "back": back, "tokens": tokens}
    return render(request, "tokens/machine.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def token_end(request: PageRequest, pk: int) -> HttpResponse:
    """Revoke anybody's token."""
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk)
    form, back = posted(request), back_to(token.user)
    if form.is_valid() and form.attempt(revoke_token, actor=request.actor, token=token) is not None:
        messages.success(request, f"The token {token} is revoked.")
        return redirect(back.url)
    question = Question(
        title=f"Revoke the token {token} of {token.user.name}?",
        happens=["Programs that use it are refused from their next request on.", "It can’t be taken back."],
        button="Revoke",
        back=back,
        danger=True,
        facts=[("Made", token.created_at), ("Last used", token.last_used_at), ("Expires", token.expires_at)],
    )
    return ask(request, question, form)
