"""Lineage: what a thing rests on and what depends on it, and the runs elsewhere that told of it."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.core.querysets import visible
from portal.overviews import lineage as overview
from portal.overviews.lineage_names import meant
from portal.overviews.lineage_runs import STATES, run_overview, runs_table
from portal.overviews.lineage_things import Thing, roots_of
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.spreadsheets import csv_file
from registry.models import LineageRun
from registry.rules.lineage import HOW, named

DIRECTIONS = {"both": (1, 1), "upstream": (1, 0), "downstream": (0, 1)}
DEPTHS = range(1, overview.DEEPEST + 1)


@require_safe
@page
def lineage(request: PageRequest) -> HttpResponse:
    """What active releases depend on a thing, and the graph around it; without one the question."""
    text = request.GET.get("of", "").strip()
    direction, depth = request.GET.get("direction", "both"), _depth(request.GET.get("depth", ""))
    up, down = DIRECTIONS.get(direction, DIRECTIONS["both"])
    roots = _roots(request, text) if text else []
    candidates = meant(request.actor, text) if text and not roots else []
    understood = candidates[0] if len(candidates) == 1 else None
    roots = [understood] if understood else roots
    wrong = HOW if text and not candidates and not roots and named(text) is None else ""
    context = {
        "of": text,
        "reference": understood.reference if understood else text,
        "understood": understood,
        "candidates": candidates,
        "wrong": wrong,
        "roots": roots,
        "direction": direction,
        "directions": DIRECTIONS,
        "depth": depth,
        "deeper": depth + 1 if depth < overview.DEEPEST else None,
        "depths": DEPTHS,
        "answer": overview.dependents(request.actor, roots) if roots else None,
        "graph": overview.graph(request.actor, roots, upstream=up * depth, downstream=down * depth) if roots else None,
        "most": overview.MOST_DRAWN,
    }
    return render(request, "lineage/detail.html", context, status=422 if wrong else 200)


@require_safe
@page
def lineage_csv(request: PageRequest) -> StreamingHttpResponse:
    """The active releases that depend on a thing, as a file."""
    roots = _roots(request, request.GET.get("of", ""))
    if not roots:
        raise Http404
    return csv_file(overview.dependents(request.actor, roots).lines(), "dependents")


@require_safe
@page
def lineage_runs(request: PageRequest) -> HttpResponse:
    """The runs elsewhere that lineage events told of."""
    query, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    context = {
        "rows": page_of(request, runs_table(request.actor, query=query, state=state)),
        "address": address_without_page(request),
        "query": query,
        "state": state,
        "states": STATES,
    }
    return render(request, "lineage/runs.html", context)


@require_safe
@page
def lineage_run(request: PageRequest, pk: int) -> HttpResponse:
    """One run elsewhere: what its events said, and what of that leads to nothing here."""
    run = visible(LineageRun.objects.select_related("team", "parent", "created_by"), request.actor, pk=pk)
    return render(request, "lineage/run.html", {"overview": run_overview(request.actor, run)})


def _roots(request: PageRequest, text: str) -> list[Thing]:
    """Return what a name means to the reader; raises Http404 where a kind is named and no such thing is to be seen."""
    asked = named(text)
    found = roots_of(request.actor, asked) if asked else []
    if asked is not None and asked.kind and not found:
        raise Http404
    return found


def _depth(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:3]) in DEPTHS else overview.USUAL_DEPTH
