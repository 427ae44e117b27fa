"""Datasets and snapshots."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.core.querysets import visible
from portal.overviews.data import datasets_table, snapshot_uses
from portal.overviews.profiles import profile_overview
from portal.overviews.work import inspection_of
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.saved import saved_views
from registry.models import Dataset, DatasetSnapshot

SORTABLE = {"slug", "-slug", "created_at", "-created_at"}


@require_safe
@page
def datasets(request: PageRequest) -> HttpResponse:
    """The datasets that the reader may see."""
    query, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "slug")
    rows = datasets_table(request.actor, query=query).order_by(sort if sort in SORTABLE else "slug")
    context = {
        "rows": page_of(request, rows),
        "address": address_without_page(request),
        "query": query,
        "sort": sort,
        "saved": saved_views(request, "datasets"),
    }
    return render(request, "data/list.html", context)


@require_safe
@page
def dataset(request: PageRequest, slug: str) -> HttpResponse:
    """One dataset and its snapshots."""
    found = visible(Dataset.objects.select_related("team"), request.actor, slug=slug)
    rows = page_of(request, found.snapshots.select_related("created_by", "dataset"))
    context = {
        "dataset": found,
        "datasheet": found.datasheets.first(),
        "rows": rows,
        "address": address_without_page(request),
    }
    return render(request, "data/detail.html", context)


@require_safe
@page
def snapshot(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """One snapshot: digest, what each column holds, who uses it."""
    found = snapshot_numbered(request, slug, number)
    context = {
        "snapshot": found,
        "number": str(found.number),
        "uses": snapshot_uses(request.actor, found),
        "inspection": inspection_of("snapshot", found.pk),
        "overview": profile_overview(request.actor, found),
        "may_erase": request.actor.may("erase_data", found.dataset.team_id) and found.blob_id is not None,
        "columns_aside": f"{len(found.columns)} in file order" if found.columns else "",
    }
    return render(request, "data/snapshot.html", context)


def snapshot_numbered(request: PageRequest, slug: str, number: int) -> DatasetSnapshot:
    """Return a dataset's snapshot, if the reader may see it."""
    rows = DatasetSnapshot.objects.select_related("dataset__team", "created_by", "erased_by")
    return visible(rows, request.actor, dataset__slug=slug, number=number)
