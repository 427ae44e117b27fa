"""Home: the inbox."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.overviews.inbox import inbox
from portal.pages.doors import PageRequest, page


@require_safe
@page
def home(request: PageRequest) -> HttpResponse:
    """What waits for me; what of mine waits for others."""
    return render(request, "home/home.html", {"inbox": inbox(request.actor, whole="all" in request.GET)})
