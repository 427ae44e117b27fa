"""Models from a file: chosen, tried, registered by a job; and files of models to take elsewhere."""

import base64
import binascii
import hashlib
from typing import Any

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.core.querysets import visible
from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.overviews import exports
from portal.overviews.work import work_of
from portal.pages.doors import PageRequest, page
from portal.pages.files import takes_a_file
from portal.pages.inventory import keys_asked_for
from portal.pages.spreadsheets import csv_file
from portal.ui.forms import VerbForm
from registry.choices import IMPORT_MODELS
from registry.rules.imports import COLUMNS, MOST_BYTES, MOST_LINES
from registry.services.imports import Report, check_models, require_a_team, start_import

SHOWN = 500
"""Problems on the page; the first ones are to be mended first anyway."""


class FileForm(VerbForm):
    """The file, and what to do with models that are here already."""

    file = forms.FileField(
        allow_empty_file=True,
        label="File of models",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.jsonl,.ndjson,text/csv"}),
        help_text=f"CSV or JSON lines in UTF-8: at most {MOST_LINES:,} models and {MOST_BYTES / 1e6} MB.",
    )
    skip_existing = forms.BooleanField(required=False, label="Leave out lines whose model is here already")


class ConfirmForm(VerbForm):
    """The bytes that were tried: these are imported, and no others."""

    content = forms.CharField(widget=forms.HiddenInput)
    sha256 = forms.CharField(widget=forms.HiddenInput)
    skip_existing = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Return the values with the bytes themselves; refuses others than those of the digest."""
        given = super().clean() or {}
        try:
            content = base64.b64decode(given.get("content", ""), validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if hashlib.sha256(content).hexdigest() != given.get("sha256") or len(content) > MOST_BYTES:
            raise forms.ValidationError("These are not the bytes that were tried. Choose the file once more.")
        return {**given, "bytes": content}


@require_http_methods(["GET", "HEAD", "POST"])
@page
@takes_a_file(MOST_BYTES)
def models_import(request: PageRequest) -> HttpResponse:
    """Choose a file of models, and see what importing it would do."""
    require_a_team(request.actor)
    form = FileForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if not form.is_valid():
        return _shown(request, form)
    content, skip = form.cleaned_data["file"].read(), form.cleaned_data["skip_existing"]
    report = check_models(actor=request.actor, content=content, skip_existing=skip)
    tried = {"content": base64.b64encode(content).decode(), "sha256": report.sha256, "skip_existing": skip}
    return _shown(request, FileForm(initial={"skip_existing": skip}), report, ConfirmForm(initial=tried))


@require_POST
@page
def models_import_start(request: PageRequest) -> HttpResponse:
    """Let a job register the models of the file that was tried."""
    require_a_team(request.actor)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        content, skip = form.cleaned_data["bytes"], form.cleaned_data["skip_existing"]
        job = form.attempt(start_import, actor=request.actor, content=content, skip_existing=skip)
        if job is not None:
            return redirect("models_imported", pk=job.pk)
        report = check_models(actor=request.actor, content=content, skip_existing=skip)
        return _shown(request, FileForm(initial={"skip_existing": skip}), report, form)
    return _shown(request, FileForm(), None, form)


@require_safe
@page
def models_imported(request: PageRequest, pk: int) -> HttpResponse:
    """An import that somebody started: where it is, and how it ended."""
    job = visible(Job.objects.filter(kind=IMPORT_MODELS), request.actor, pk=pk)
    errors = (job.error or {}).get("errors", [])
    context = {
        "job": job,
        "work": work_of(job),
        "done": job.state == JobState.DONE,
        "why": (job.error or {}).get("detail", ""),
        "errors": errors[:SHOWN],
        "may_cancel": job.is_open,
    }
    return render(request, "models/imported.html", context)


@require_safe
@page
def models_template(request: PageRequest) -> StreamingHttpResponse:  # noqa: ARG001
    """A file with the columns of an import, and one line that shows how they are filled."""
    return csv_file(exports.template_lines(), "models-template")


@require_safe
@page
def models_importable(request: PageRequest) -> StreamingHttpResponse:
    """The models of the list as CSV that can be imported."""
    return csv_file(exports.csv_lines(keys_asked_for(request)), "models-to-import")


@require_safe
@page
def models_jsonl(request: PageRequest) -> StreamingHttpResponse:
    """The models of the list as JSON lines that can be imported."""
    headers = {"Content-Disposition": 'attachment; filename="models.jsonl"'}
    lines = exports.json_lines(keys_asked_for(request))
    return StreamingHttpResponse(lines, content_type="application/x-ndjson; charset=utf-8", headers=headers)


def _shown(
    request: PageRequest, form: FileForm, report: Report | None = None, confirm: ConfirmForm | None = None
) -> HttpResponse:
    refused = bool(form.errors or (confirm is not None and confirm.errors))
    context = {
        "form": form,
        "report": report,
        "confirm": confirm,
        "flaws": report.flaws[:SHOWN] if report else [],
        "columns": COLUMNS,
    }
    return render(request, "models/import.html", context, status=422 if refused or (report and report.flaws) else 200)
