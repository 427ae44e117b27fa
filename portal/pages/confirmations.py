"""A page that says exactly what will happen before somebody does it, and one that shows a secret once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.accounts.models import User
from portal.pages.doors import PageRequest
from portal.ui.forms import VerbForm


class Back(NamedTuple):
    """Where one comes from, and what it is called."""

    url: str
    text: str


@dataclass(frozen=True)
class Question:
    """What somebody is about to do: each sentence of `happens` is one consequence; `button` is the verb."""

    title: str
    happens: Sequence[str]
    button: str
    back: Back
    danger: bool = False
    facts: Sequence[tuple[str, str | datetime | None]] = ()


@dataclass(frozen=True)
class Once:
    """A secret at the one moment when it is shown; `what` names it, `hand_over` says what to do with it."""

    title: str
    what: str
    secret: str
    hand_over: Sequence[str]
    back: Back


def ask(
    request: PageRequest, question: Question, form: VerbForm, template: str = "administration/confirm.html"
) -> HttpResponse:
    """Show what will happen, with what the form was refused for."""
    context = {"question": question, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)


def show_once(request: PageRequest, once: Once) -> HttpResponse:
    """Show a secret; no cache keeps the page."""
    administration = once.back.url.startswith(reverse("admin"))  # an owner of a machine comes from their own page
    response = render(request, "administration/once.html", {"once": once, "administration": administration})
    response["Cache-Control"] = "no-store"
    return response


def posted(request: PageRequest) -> VerbForm:
    """Return the form of a button: nothing to fill in, only to press."""
    return VerbForm(request.POST if request.method == "POST" else None)


def back_to(user: User) -> Back:
    """Return the way back to somebody's page."""
    return Back(reverse("admin_person", args=[user.pk]), user.name)
