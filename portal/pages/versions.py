"""Versions and their validation runs."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.services.gates import evaluate_gate
from governance.services.requests import request_release
from monitoring.choices import RunState
from monitoring.models import ValidationRun
from monitoring.services.runs import request_run
from portal.blobs.downloads import answer, attached
from portal.core.querysets import visible
from portal.jobs.models import Job
from portal.jobs.services import request_cancel
from portal.overviews.runs import may_cancel, run_overview
from portal.overviews.versions import version_overview
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm, WrittenField
from registry.choices import Environment
from registry.models import ModelVersion
from registry.rules.model_signing import BUNDLE_TYPE, FILE_NAME
from registry.selectors import file_of
from registry.services.signers import sign_files


class ReleaseForm(VerbForm):
    """What asking for the approval of a release needs."""

    environment = forms.ChoiceField(choices=Environment.choices, initial=Environment.PRODUCTION)
    fallback = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), help_text="What decides while no version serves."
    )
    summary = WrittenField(help_text="What changes and why, for the reviewer.")


@require_safe
@page
def version(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """One version: identity, lineage, files, claims, runs; once the runs ended, the parts that show them follow."""
    return _show(request, _version(request, slug, number), ReleaseForm())


@require_safe
@page
def version_file(request: PageRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    """Download a file of the version."""
    found = file_of(visible(ModelVersion.objects.all(), request.actor, model__slug=slug, number=number), name)
    if found is None:
        raise Http404
    return answer(request, found)


@require_safe
@page
def version_signature(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Download the portal's signature over the files of a sealed version."""
    return attached(sign_files(actor=request.actor, version=_version(request, slug, number)), FILE_NAME, BUNDLE_TYPE)


@require_POST
@page
def version_run(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Request a validation run."""
    run = request_run(actor=request.actor, version=_version(request, slug, number))
    return redirect(run)


@require_POST
@page
def version_gate(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Evaluate the gate again, where it was evaluated last; to production where it never was."""
    found = _version(request, slug, number)
    last = found.gate_evaluations.first()
    evaluate_gate(actor=request.actor, version=found, environment=last.environment if last else Environment.PRODUCTION)
    return redirect(f"{found.get_absolute_url()}#gate")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def version_release(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Plan a release of the version and ask for its approval; who comes back to the address finds the form."""
    found = _version(request, slug, number)
    if request.method != "POST":
        return redirect(f"{found.get_absolute_url()}#release")
    form = ReleaseForm(request.POST)
    if form.is_valid():
        opened = form.attempt(request_release, actor=request.actor, version=found, **form.cleaned_data)
        if opened is not None:
            return redirect(opened)
    return _show(request, found, form, status=422)


@require_safe
@page
def validation_run(request: PageRequest, pk: int) -> HttpResponse:
    """One run: progress while it works, then checks, comparison, segments, claims."""
    return render(request, "versions/run.html", _run_context(request, pk))


@require_safe
@page
def validation_run_progress(request: PageRequest, pk: int) -> HttpResponse:
    """The run's progress; tells the page to load again once the run has started, and once it has ended."""
    context = _run_context(request, pk)
    response = render(request, "versions/run_progress.html", context)
    run = context["overview"].run
    started = request.GET.get("seen") == RunState.QUEUED and run.state != RunState.QUEUED
    if started or not context["overview"].is_open:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@page
def job_cancel(request: PageRequest, pk: int) -> HttpResponse:
    """Ask a job to stop, and go back to where the button was."""
    job = visible(Job.objects.all(), request.actor, pk=pk)
    request_cancel(actor=request.actor, job=job)
    run = ValidationRun.objects.visible_to(request.actor).filter(job_id=job.pk).first()
    return redirect(run or "home")


def _version(request: PageRequest, slug: str, number: int) -> ModelVersion:
    return visible(ModelVersion.objects.with_parts(), request.actor, model__slug=slug, number=number)


def _run_context(request: PageRequest, pk: int) -> dict[str, Any]:
    run = visible(ValidationRun.objects.with_names(), request.actor, pk=pk)
    overview = run_overview(request.actor, run)
    return {
        "overview": overview,
        "may_cancel": may_cancel(request.actor, overview),
        "may_run": request.actor.may("request_validation", run.version.model.team_id),
    }


def _show(request: PageRequest, found: ModelVersion, form: ReleaseForm, status: int = 200) -> HttpResponse:
    overview = version_overview(request.actor, found)
    team = found.model.team_id
    context = {
        "overview": overview,
        "form": form,
        "may_run": request.actor.may("request_validation", team),
        "may_open": request.actor.may("open_request", team),
        # Then the page takes over what the run found, part by part: a reload would lose a half-written form.
        "ended": request.headers.get("HX-Target") == "runs" and bool(overview.runs),
    }
    return render(request, "versions/detail.html", context, status=status)
