"""Profiles of snapshots: asked for, one column in full, all columns as a file."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from monitoring.services.profiles import request_profile
from portal.core.errors import Conflict
from portal.overviews.profiles import column_overview, csv_lines, profile_overview
from portal.pages.data import snapshot_numbered
from portal.pages.doors import PageRequest, page
from portal.pages.spreadsheets import csv_file


@require_POST
@page
def snapshot_profile(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Have a snapshot profiled that has no profile."""
    snapshot = snapshot_numbered(request, slug, number)
    try:
        request_profile(actor=request.actor, snapshot=snapshot)
    except Conflict as refused:  # somebody was quicker: the page shows how it stands
        messages.warning(request, refused.message)
    return redirect(f"{snapshot.get_absolute_url()}#columns")


@require_safe
@page
def snapshot_profile_csv(request: PageRequest, slug: str, number: int) -> StreamingHttpResponse:
    """What each column holds as a file; of masked ones, name and type alone."""
    snapshot = snapshot_numbered(request, slug, number)
    lines = profile_overview(request.actor, snapshot).lines
    return csv_file(csv_lines(lines), f"{snapshot.dataset.slug}-{snapshot.number}-profile")


@require_safe
@page
def snapshot_column(request: PageRequest, slug: str, number: int, position: int) -> HttpResponse:
    """One column of a snapshot: its picture and the numbers behind it, unless it is masked."""
    snapshot = snapshot_numbered(request, slug, number)
    overview = column_overview(request.actor, snapshot, position)
    if overview is None:
        raise Http404
    return render(request, "data/column.html", {"snapshot": snapshot, "overview": overview})
