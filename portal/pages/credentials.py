"""Changes to how somebody gets in: confirmed or withdrawn by administrators; the link by which one sets a password."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import CredentialKind
from portal.accounts.models import CredentialChange
from portal.accounts.services.credentials import confirm_change, withdraw_change
from portal.accounts.services.passwords import set_password_by_link, usable_link
from portal.overviews.administration import SYSTEM_SHELL
from portal.pages.confirmations import Once, Question, ask, back_to, posted, show_once
from portal.pages.doors import PageRequest, administration
from portal.pages.passwords import PasswordForm
from portal.ui.forms import VerbForm

NEW_PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})
LONGEST_PASSWORD = 4096


class LinkForm(VerbForm):
    """A new password, and the code of the second administrator where two made the link."""

    code = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}), help_text="From the second administrator."
    )
    password = forms.CharField(
        max_length=LONGEST_PASSWORD, widget=NEW_PASSWORD, label="New password", help_text="At least 12 characters."
    )
    repeated = forms.CharField(max_length=LONGEST_PASSWORD, widget=NEW_PASSWORD, label="New password, once more")

    def __init__(self, *args: Any, with_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_code:
            del self.fields["code"]


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@administration
def change_confirm(request: PageRequest, pk: int) -> HttpResponse:
    """Confirm a change as the second administrator."""
    change, form = _change(pk), PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        issued = form.attempt_as(request.actor, confirm_change, change=change)
        if issued is not None and issued.secret:
            return _code_shown(request, change, issued.secret)
        if issued is not None:
            messages.success(request, f"Confirmed: {change.get_kind_display().lower()} for {change.user.name}.")
            return redirect("admin_person", pk=change.user_id)
    question = Question(
        title=f"Confirm: {change.get_kind_display().lower()} for {change.user.name}?",
        happens=_what_happens(change),
        button="Confirm as second administrator",
        facts=[
            ("Asked for by", change.requested_by.name if change.requested_by else SYSTEM_SHELL),
            ("Asked for", change.requested_at),
            ("Expires", change.expires_at),
            ("Address now", change.user.email),
            ("Last sign-in", change.user.last_login),
        ],
        back=back_to(change.user),
    )
    return ask(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def change_withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """Take a change back before it takes effect."""
    change, form = _change(pk), posted(request)
    if form.is_valid() and form.attempt(withdraw_change, actor=request.actor, change=change) is not None:
        messages.success(request, f"Withdrawn: {change.get_kind_display().lower()} for {change.user.name}.")
        return redirect("admin_person", pk=change.user_id)
    question = Question(
        title=f"Withdraw: {change.get_kind_display().lower()} for {change.user.name}?",
        happens=["It will not take effect; a link made for it ends now.", "It can be asked for anew."],
        button="Withdraw",
        danger=True,
        back=back_to(change.user),
    )
    return ask(request, question, form)


@sensitive_post_parameters("code", "password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def password_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password by the link that an administrator handed over."""
    change = usable_link(secret)
    form = LinkForm(request.POST if request.method == "POST" else None, with_code=bool(change.code_sha256))
    if form.is_valid() and form.attempt(set_password_by_link, secret=secret, **form.cleaned_data) is not None:
        messages.success(request, "The password is set. Sign in with it.")
        return redirect("account_login")
    context = {"person": change.user, "form": form}
    response = render(request, "account/link.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "strict-origin"  # the secret stays out; without any, browsers send no Origin
    return response


def _change(pk: int) -> CredentialChange:
    return get_object_or_404(CredentialChange.objects.with_names(), pk=pk)


def _what_happens(change: CredentialChange) -> list[str]:
    name = change.user.name
    told = {
        CredentialKind.PASSWORD: [
            f"You are shown a code, once, to hand to {name} yourself, by a way that reaches only them.",
            "With your code and the link they set a new password; then sessions and API tokens end, machines' too.",
            "Neither of you alone can sign in as them: don’t give the code to who made the link.",
        ],
        CredentialKind.EMAIL: [
            f"{name} signs in with {change.email} from now on; {change.user.email} no longer works."
        ],
        CredentialKind.REACTIVATION: [
            "The account opens now; grants that have not ended count again.",
            "Sessions and tokens that ended with it stay ended.",
        ],
    }
    return [*told[CredentialKind(change.kind)], "Your name stands beside the other’s in the record."]


def _code_shown(request: PageRequest, change: CredentialChange, code: str) -> HttpResponse:
    return show_once(
        request,
        Once(
            title=f"Confirmed. A code for {change.user.name}",
            what="The code that the link asks for",
            secret=code,
            hand_over=[
                "Hand it to them yourself, by a way that reaches only them; not to who made the link.",
                "It works once, together with the link, until the link expires.",
            ],
            back=back_to(change.user),
        ),
    )
