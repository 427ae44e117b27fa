"""Documents about a model: the list, adding one with its file, fetching the file, withdrawing."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.blobs.downloads import answer
from portal.blobs.services import store_stream
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.querysets import visible
from portal.overviews import documents as overviews
from portal.pages.confirmations import Back, Question, ask
from portal.pages.doors import PageRequest, page
from portal.pages.files import takes_a_file
from portal.pages.spreadsheets import csv_file
from portal.ui.forms import VerbForm
from registry.choices import DocumentKind
from registry.models import Document, RegisteredModel
from registry.rules.documents import MOST_BYTES, SUFFIXES, Said
from registry.selectors import ended_by, file_of_document
from registry.services.documents import add_document, require_ending, withdraw_document


class DayField(forms.DateField):
    """A day, chosen from a calendar."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class FormerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A document that is there already."""

    def label_from_instance(self, obj: Any) -> str:
        """Return number and title."""
        return f"{obj.number}, {obj.title}"


class DocumentForm(VerbForm):
    """A document, and what is stated about it."""

    title = forms.CharField(max_length=200, help_text="What people would ask for it by.")
    kind = forms.ChoiceField(choices=[("", "Choose a kind"), *DocumentKind.choices])
    replaces = FormerField(
        Document.objects.none(),
        required=False,
        to_field_name="number",
        empty_label="None",
        help_text="One that you added, or any for the second line. It stops counting on the first day of this one.",
    )
    file = forms.FileField(
        widget=forms.FileInput(attrs={"accept": ",".join(f".{suffix}" for suffix in SUFFIXES.values())}),
        help_text=f"PDF, picture, Office or OpenDocument file, or plain text; at most {MOST_BYTES / 1e6:.0f} MB. It is "
        "kept under its digest and never opened here.",
    )
    sha256 = forms.CharField(
        required=False,
        max_length=64,
        label="SHA-256",
        help_text="Where you have it: a file that arrives with another digest is refused.",
    )
    signed_by = forms.CharField(
        required=False, max_length=200, help_text="Name and office, as the document says. Nobody here verifies it."
    )
    signed_on = DayField(required=False)
    valid_from = DayField(help_text="First day, UTC.")
    valid_until = DayField(required=False, help_text="Last day, UTC; empty: it does not expire.")

    def __init__(self, *args: Any, actor: Actor, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaces"].queryset = ended_by(actor, model).replaceable()  # type: ignore[attr-defined]
        self.initial["valid_from"] = now().date()

    def kept(self, request: PageRequest, model: RegisteredModel) -> Document | None:
        """Store the file and add the document; None after a refusal, which the form then shows."""
        given = dict(self.cleaned_data)
        file, sha256, replaces = (given.pop(name) for name in ("file", "sha256", "replaces"))
        blob = self.attempt(store_stream, file.chunks(), expected_sha256=sha256 or None, limit=MOST_BYTES)
        if blob is None:
            return None
        said = Said(sha256=blob.pk, **given)
        return self.attempt(add_document, actor=request.actor, model=model, said=said, blob=blob, replaces=replaces)


class WithdrawForm(VerbForm):
    """Why a document counts no more."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))


@require_safe
@page
def documents(request: PageRequest, slug: str) -> HttpResponse:
    """The documents about a model, those that count no more included."""
    model = _model(request, slug)
    may_add = model.retired_at is None and request.actor.may("add_document", model.team_id)
    context = {"model": model, "lines": overviews.lines_of(request.actor, model), "may_add": may_add}
    return render(request, "documents/list.html", context)


@require_safe
@page
def documents_csv(request: PageRequest, slug: str) -> StreamingHttpResponse:
    """The same documents as a file."""
    model = _model(request, slug)
    return csv_file(overviews.cells(model), f"{model.slug}-documents")


@require_http_methods(["GET", "HEAD", "POST"])
@page
@takes_a_file(MOST_BYTES)
def document_add(request: PageRequest, slug: str) -> HttpResponse:
    """Add a document with its file."""
    model = _model(request, slug)
    request.actor.require("add_document", model.team_id)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = DocumentForm(*given, actor=request.actor, model=model)
    if form.is_valid() and (made := form.kept(request, model)) is not None:
        return redirect(made)
    return render(request, "documents/add.html", {"model": model, "form": form}, status=422 if form.errors else 200)


@require_safe
@page
def document_file(request: PageRequest, slug: str, number: int) -> HttpResponseBase:
    """Download the file of a document."""
    found = file_of_document(_document(request, slug, number))
    if found is None:
        raise Http404
    return answer(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def document_withdraw(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Withdraw a document."""
    found = _document(request, slug, number)
    require_ending(actor=request.actor, document=found)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        done = form.attempt(withdraw_document, actor=request.actor, document=found, **form.cleaned_data)
        if done is not None:
            return redirect(done)
    happens = [
        "It counts as evidence no more, for good. Open requests under a policy that reads documents are voided.",
        "It stays in the list with its file, your name, the time and your reason.",
        "A document that it replaced does not come back.",
    ]
    facts = [("Title", found.title), ("Kind", found.get_kind_display()), ("Added by", found.added_by.name)]
    back = Back(found.get_absolute_url(), f"Documents of {found.model.slug}")
    question = Question(f"Withdraw the {found}?", happens, "Withdraw", back, danger=True, facts=facts)
    return ask(request, question, form, "models/confirm.html")


def _model(request: PageRequest, slug: str) -> RegisteredModel:
    return visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)


def _document(request: PageRequest, slug: str, number: int) -> Document:
    return visible(Document.objects.with_names(), request.actor, model__slug=slug, number=number)
