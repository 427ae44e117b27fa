"""Releases and their evidence."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.blobs.downloads import answer
from portal.core.querysets import visible
from portal.overviews.releases import release_overview, releases_table
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.saved import saved_views
from portal.reports.models import EvidencePack
from portal.reports.selectors import pack_file, pack_lines, working
from portal.reports.services import request_pack
from registry.choices import ReleaseState
from registry.models import Release


@require_safe
@page
def releases(request: PageRequest) -> HttpResponse:
    """The releases that the reader may see, newest first."""
    state = request.GET.get("state", "")
    rows = page_of(request, releases_table(request.actor, state))
    context = {
        "rows": rows,
        "address": address_without_page(request),
        "state": state,
        "states": ReleaseState,
        "saved": saved_views(request, "releases"),
    }
    return render(request, "releases/list.html", context)


@require_safe
@page
def release(request: PageRequest, pk: int) -> HttpResponse:
    """One release: what runs, who allowed it, its evidence."""
    found = _release(request, pk)
    lines = pack_lines(found)
    context = {
        "overview": release_overview(request.actor, found),
        "release": found,
        "packs": lines,
        "working": working(lines),
        "may_export": request.actor.may("export_evidence", found.model.team_id),
        "may_end": request.actor.may("declare_release", found.model.team_id),
    }
    return render(request, "releases/detail.html", context)


@require_POST
@page
def release_evidence(request: PageRequest, pk: int) -> HttpResponse:
    """Ask for an evidence pack."""
    request_pack(actor=request.actor, release=_release(request, pk))
    return redirect("release", pk=pk)


@require_safe
@page
def release_packs(request: PageRequest, pk: int) -> HttpResponse:
    """The release's packs, while one is being made; the page asks until every pack has ended."""
    found = _release(request, pk)
    lines = pack_lines(found)
    return render(request, "releases/packs.html", {"release": found, "packs": lines, "working": working(lines)})


@require_safe
@page
def evidence(request: PageRequest, pk: int, kind: str) -> HttpResponseBase:
    """Download a finished pack as pdf or json."""
    pack = visible(EvidencePack.objects.select_related("release__version__model"), request.actor, pk=pk)
    found = pack_file(pack, kind)
    if found is None:
        raise Http404
    return answer(request, found)


def _release(request: PageRequest, pk: int) -> Release:
    rows = Release.objects.select_related("model__team", "version__model", "feature_pipeline_version__pipeline")
    return visible(rows, request.actor, pk=pk)
