"""Every part of the look in every state, for those who write pages."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.pages.doors import PageRequest, page
from portal.ui.style_sample import style_context


@require_safe
@page
def style(request: PageRequest) -> HttpResponse:
    """Show the parts with sample data; those who develop nothing have no use for it."""
    if request.actor.teams_for("register_version") == frozenset():
        raise Http404
    return render(request, "style.html", style_context())
