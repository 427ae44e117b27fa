"""One's own account: who one is here, roles with dates, password, sessions."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.services.passwords import change_password
from portal.accounts.services.sessions import end_session
from portal.core.throttles import PASSWORD, TooManyTries, give_back, take
from portal.overviews.own_account import own_account
from portal.pages.credentials import LONGEST_PASSWORD, NEW_PASSWORD
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm


class PasswordForm(VerbForm):
    """The password that one knows, and a new one."""

    current = forms.CharField(
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        label="Present password",
    )
    password = forms.CharField(
        max_length=LONGEST_PASSWORD, widget=NEW_PASSWORD, label="New password", help_text="At least 12 characters."
    )
    repeated = forms.CharField(max_length=LONGEST_PASSWORD, widget=NEW_PASSWORD, label="New password, once more")


@require_safe
@page
def account(request: PageRequest) -> HttpResponse:
    """The reader's own account."""
    overview = own_account(request.actor, request.user, _key(request))
    return render(request, "account/own.html", {"overview": overview})


@sensitive_post_parameters("current", "password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
@page
def password(request: PageRequest) -> HttpResponse:
    """Change one's own password."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _may_try(request, form):
        given = form.cleaned_data
        user = form.attempt(change_password, actor=request.actor, session_key=_key(request), **given)
        if "current" not in form.errors:
            give_back((PASSWORD, request.actor.id))
        if user is not None:
            request.user = user
            update_session_auth_hash(request, user)
            messages.success(request, "The password is changed; your other sessions ended.")
            return redirect("own_account")
    return render(request, "account/own_password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@page
def session_end(request: PageRequest, handle: str) -> HttpResponse:
    """End another session of one's own."""
    if not end_session(user=request.user, handle=handle):
        raise Http404
    return redirect("own_account")


def _may_try(request: PageRequest, form: PasswordForm) -> bool:
    """Whether this person may try a password once more: the same limit as for signing."""
    wait = take((PASSWORD, request.actor.id))
    if wait:
        form.add_error("current", TooManyTries("Too many wrong passwords; nothing was changed.", wait=wait).message)
    return not wait


def _key(request: PageRequest) -> str:
    return cast("str", request.session.session_key)
