"""Search over everything the reader may see."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.overviews import search as overview
from portal.pages.doors import PageRequest, page

LONGEST = 200


@require_safe
@page
def search(request: PageRequest) -> HttpResponse:
    """What holds the words, grouped by kind."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    groups = overview.search(request.actor, text)
    found = sum(len(group.hits) for group in groups)
    nearly = [] if groups else overview.nearly(request.actor, text)
    context = {"searched": text, "groups": groups or nearly, "found": found, "shown": overview.SHOWN, "nearly": nearly}
    return render(request, "search.html", context)
