"""Administration: what waits, people, and their accounts."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.choices import Role, UserKind
from portal.accounts.models import User
from portal.accounts.services.credentials import Issued, change_email, invite, issue_link, reactivate_user
from portal.accounts.services.users import deactivate_user
from portal.overviews.administration import (
    PersonOverview,
    administrators,
    people_table,
    person_overview,
    waiting_for_second,
)
from portal.pages.confirmations import Once, Question, ask, back_to, posted, show_once
from portal.pages.doors import PageRequest, administration
from portal.pages.paging import address_without_page, page_of
from portal.ui.forms import VerbForm

TAKES_TWO = "Their word takes two administrators, so this waits for a second one, who is neither you nor them."
STATES = [("", "Any state"), ("active", "Active"), ("deactivated", "Deactivated")]


class PeopleForm(forms.Form):
    """Which people to show; everything stands in the address."""

    q = forms.CharField(required=False, label="Name or address")
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *Role.choices])
    state = forms.ChoiceField(required=False, choices=STATES)


class PersonForm(VerbForm):
    """A new person."""

    name = forms.CharField(max_length=150, help_text="As it will stand beside what they sign.")
    email = forms.EmailField(max_length=254, label="E-mail address", help_text="They sign in with it.")


class EmailForm(VerbForm):
    """Another address."""

    email = forms.EmailField(max_length=254, label="New e-mail address")


@require_safe
@administration
def overview(request: PageRequest) -> HttpResponse:
    """What waits for a second administrator, and who administers."""
    context = {"waiting": waiting_for_second(request.actor), "administrators": administrators()}
    return render(request, "administration/overview.html", context)


@require_safe
@administration
def people(request: PageRequest) -> HttpResponse:
    """Everybody who has an account."""
    form = PeopleForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = people_table(
        kind=UserKind.PERSON,
        text=wanted.get("q", ""),
        state=wanted.get("state", ""),
        role=wanted.get("role", ""),
    )
    context = {
        "form": form,
        "filtered": any(request.GET.get(name) for name in form.fields),
        "rows": page_of(request, rows),
        "address": address_without_page(request),
    }
    return render(request, "people/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def person_new(request: PageRequest) -> HttpResponse:
    """Make a person's account, and show the link to the first password once."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        issued = form.attempt(invite, actor=request.actor, **form.cleaned_data)
        if issued is not None:
            return _link_shown(request, issued, f"{issued.change.user.name} has an account.")
    return render(request, "people/new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@administration
def person(request: PageRequest, pk: int) -> HttpResponse:
    """One account: rights, how one gets in, tokens."""
    return render(request, "people/detail.html", {"overview": person_overview(_account(pk))})


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def person_password(request: PageRequest, pk: int) -> HttpResponse:
    """Make a link by which somebody sets a new password."""
    user, form = _account(pk), posted(request)
    if form.is_valid():
        issued = form.attempt(issue_link, actor=request.actor, user=user)
        if issued is not None:
            return _link_shown(request, issued, f"A link for {user.name}")
    happens = [
        "You are shown a link, once, to hand over by a way that reaches only them. It works once, for 3 days.",
        "Their present password works until they use the link; then sessions and API tokens end, their machines' too.",
        "A link made before ends now.",
    ]
    question = Question(
        title=f"A new password for {user.name}?",
        happens=[*happens, *_second(person_overview(user), "They also need a code, which the second one is shown.")],
        button="Make the link",
        back=back_to(user),
    )
    return ask(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def person_email(request: PageRequest, pk: int) -> HttpResponse:
    """Give somebody another address."""
    user = _account(pk)
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        issued = form.attempt(change_email, actor=request.actor, user=user, **form.cleaned_data)
        if issued is not None:
            return _told(request, issued, user, "The address is changed.", "The address changes")
    question = Question(
        title=f"Another address for {user.name}?",
        happens=[f"They sign in with the new address; {user.email} no longer works.", *_second(person_overview(user))],
        button="Change the address",
        back=back_to(user),
    )
    return ask(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def person_deactivate(request: PageRequest, pk: int) -> HttpResponse:
    """Close an account."""
    user, form = _account(pk), posted(request)
    if form.is_valid() and form.attempt(deactivate_user, actor=request.actor, user=user) is not None:
        messages.success(request, f"{user.name} is deactivated. Sessions and tokens ended.")
        return redirect("admin_person", pk=pk)
    question = Question(
        title=f"Deactivate {user.name}?",
        happens=_what_ends(person_overview(user)),
        button="Deactivate",
        danger=True,
        back=back_to(user),
    )
    return ask(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def person_reactivate(request: PageRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    user, form = _account(pk), posted(request)
    if form.is_valid():
        issued = form.attempt(reactivate_user, actor=request.actor, user=user)
        if issued is not None:
            return _told(request, issued, user, f"{user.name} is active again.", "The account opens")
    shown = person_overview(user)
    rights = ", ".join(grant.words for grant in shown.grants if grant.state == "active") or "none"
    question = Question(
        title=f"Open the account of {user.name} again?",
        happens=[
            f"Grants that have not ended count again: {rights}.",
            "Sessions and tokens that ended with the account stay ended; the password is as it was.",
            *_second(shown),
        ],
        button="Open again",
        back=back_to(user),
    )
    return ask(request, question, form)


def _account(pk: int) -> User:
    return get_object_or_404(User.objects.select_related("owner"), pk=pk)


def _second(shown: PersonOverview, more: str = "") -> list[str]:
    return [f"{TAKES_TWO} {more}".strip()] if shown.takes_two else []


def _what_ends(shown: PersonOverview) -> list[str]:
    user = shown.user
    machines = ", ".join(account.name for account in shown.service_accounts)
    told = [
        f"{user.name} can't sign in. Sessions that end now: {shown.session_count}.",
        f"Tokens that are revoked, and stay so: {shown.working_tokens}.",
        "Grants stay on record and count for nothing while the account is closed.",
        "What they made and signed stays theirs: nobody is deleted.",
    ]
    if machines:
        told.insert(2, f"Service accounts that stop, and whose tokens are revoked, as their owner is gone: {machines}.")
    left = [one for one in administrators() if one.pk != user.pk]
    if len(left) == 1 and any(grant.role == Role.ADMIN and grant.state == "active" for grant in shown.grants):
        told.append(
            f"Only {left[0].name} will administer: nothing that takes two can be confirmed until"
            " “.venv/bin/python manage.py create_admins” has made a second one."
        )
    return told


def _told(request: PageRequest, issued: Issued, user: User, done: str, waits: str) -> HttpResponse:
    messages.success(request, f"{waits} when a second administrator confirms it." if issued.waits else done)
    return redirect("admin_person", pk=user.pk)


def _link_shown(request: PageRequest, issued: Issued, title: str) -> HttpResponse:
    user = issued.change.user
    hand_over = ["Hand it to them by a way that reaches only them. It works once, for 3 days."]
    if issued.waits:
        hand_over.append(f"{TAKES_TWO} The second one is shown a code for them; the link asks for it.")
    return show_once(
        request,
        Once(
            title=title,
            what="The link to set a password",
            secret=request.build_absolute_uri(reverse("password_link", args=[issued.secret])),
            hand_over=hand_over,
            back=back_to(user),
        ),
    )
