"""The keyboard map, as a page of its own: `?` shows the same without leaving where one is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.pages.doors import PageRequest, page


@require_safe
@page
def keyboard(request: PageRequest) -> HttpResponse:
    """Which keys do what."""
    return render(request, "keyboard.html")
