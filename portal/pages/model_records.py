"""The record of a model: what it says, who answers for it, and that it was retired."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.accounts.choices import UserKind
from portal.accounts.models import User
from portal.accounts.selectors import people_with
from portal.core.querysets import visible
from portal.pages.confirmations import Back, Question, ask
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm
from registry.models import RegisteredModel
from registry.rules.links import contacts_of, contacts_text, links_of, links_text
from registry.rules.tags import separated
from registry.services.models import change_model, retire_model


class RecordForm(VerbForm):
    """What a model's record says and who answers for it."""

    name = forms.CharField(max_length=200)
    purpose = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), help_text="The decision that is made with it.")
    owner = forms.ChoiceField(help_text="Answers for it day by day.")
    backup = forms.ChoiceField(required=False, help_text="Who answers when the owner can’t.")
    mlflow_name = forms.CharField(
        required=False,
        label="Name for MLflow clients",
        help_text="As in models:/name. Unique in the installation; letters, digits, and between them spaces, hyphens "
        "and full stops. Leave it empty where no client asks for the model.",
    )

    tags = forms.CharField(
        required=False,
        help_text="Labels, with commas between them. They are kept in small letters, with hyphens for spaces.",
    )

    contacts = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whom to ask, one a line: name; role; e-mail address, page or number. They need no account.",
    )
    links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Pages elsewhere, one a line: a title, then the address, over https.",
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._named = {f"user:{one.pk}": one for one in people}
        choices = [
            (f"user:{one.pk}", f"{one.name}, {one.email if one.is_active else 'account closed'}") for one in people
        ]
        self.fields["owner"].choices = choices  # type: ignore[attr-defined]
        self.fields["backup"].choices = [("", "No backup"), *choices]  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        """Return what the verb takes."""
        given = self.cleaned_data
        people = {name: self._named.get(given[name]) for name in ("owner", "backup")}
        texts = {name: given[name] for name in ("name", "purpose")}
        lists = {
            "tags": separated(given["tags"]),
            "links": links_of(given["links"]),
            "contacts": contacts_of(given["contacts"]),
        }
        return {**people, **texts, **lists, "mlflow_name": given["mlflow_name"] or None}


class RetireModelForm(VerbForm):
    """Why a model is over."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def model_change(request: PageRequest, slug: str) -> HttpResponse:
    """Change a model's record."""
    found = _model(request, slug)
    request.actor.require("register_model", found.team_id)
    form = RecordForm(
        request.POST if request.method == "POST" else None, people=_people(found), initial=_initial(found)
    )
    if form.is_valid():
        changed = form.attempt(change_model, actor=request.actor, model=found, **form.wanted())
        if changed is not None:
            return redirect(changed)
    return render(request, "models/record.html", {"model": found, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def model_retire(request: PageRequest, slug: str) -> HttpResponse:
    """Retire a model."""
    found = _model(request, slug)
    request.actor.require("register_model", found.team_id)
    form = RetireModelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        retired = form.attempt(retire_model, actor=request.actor, model=found, **form.cleaned_data)
        if retired is not None:
            return redirect(retired)
    happens = [
        "No version, card, tier or release is added to it, and its record does not change any more.",
        "It stays in the inventory with its history, your name, the time and your reason.",
        "It is refused while a version takes live decisions or a request for approval is open.",
    ]
    facts = [("Purpose", found.purpose), ("Owner", found.owner.name), ("Team", found.team.name)]
    back = Back(found.get_absolute_url(), found.slug)
    question = Question(f"Retire {found.slug}?", happens, "Retire", back, danger=True, facts=facts)
    return ask(request, question, form, "models/confirm.html")


def _people(model: RegisteredModel) -> list[User]:
    """Return who may answer for the model, and who does already: leaving somebody out would take them off unasked."""
    able = [user for user in people_with("read", model.team_id) if user.kind == UserKind.PERSON]
    able += [user for user in (model.owner, model.backup) if user is not None and user not in able]
    return sorted(able, key=lambda user: (user.name, user.pk))


def _initial(model: RegisteredModel) -> dict[str, Any]:
    said = {name: getattr(model, name) for name in ("name", "purpose", "mlflow_name")}
    said |= {"tags": ", ".join(model.labels)}
    said |= {"links": links_text(model.links), "contacts": contacts_text(model.contacts)}
    return {**said, "owner": f"user:{model.owner_id}", "backup": f"user:{model.backup_id}" if model.backup_id else ""}


def _model(request: PageRequest, slug: str) -> RegisteredModel:
    return visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
