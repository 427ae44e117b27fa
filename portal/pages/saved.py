"""Saved filters: the row under a list's filters, and the two forms behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.accounts.models import SavedView
from portal.accounts.services.saved_views import LONGEST_NAME, LONGEST_QUERY, delete_view, save_view
from portal.overviews.findings import FindingFilter
from portal.overviews.inventory import InventoryFilter
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm

LISTS = {
    "use_cases": "Use cases",
    "models": "Models",
    "findings": "Findings",
    "reviews": "Reviews",
    "releases": "Releases",
    "datasets": "Data",
    "audit": "Audit",
}
"""Where filters can be saved: names of addresses, and how a person calls them."""
FILTERS = {
    "use_cases": frozenset({"q", "state", "team", "sort"}),
    "models": frozenset({*InventoryFilter.base_filters, "columns", "sort"}),
    "findings": frozenset(FindingFilter.base_filters),
    "reviews": frozenset({"state"}),
    "releases": frozenset({"state"}),
    "datasets": frozenset({"q", "sort"}),
    "audit": frozenset({"event", "actor", "subject", "topic", "since", "until"}),
}
"""What filters and sorts each list; no more of an address is kept, least of all the place in the list."""


@dataclass(frozen=True)
class SavedViews:
    """The reader's filters of one list, and the filter that stands in the address now."""

    page: str
    query: str
    views: Sequence[SavedView]


class ViewForm(VerbForm):
    """A filter and the name to keep it under."""

    page = forms.ChoiceField(choices=LISTS.items(), widget=forms.HiddenInput)
    query = forms.CharField(max_length=LONGEST_QUERY, widget=forms.HiddenInput)
    name = forms.CharField(max_length=LONGEST_NAME, label="Name of the filter")

    def clean_query(self) -> str:
        """Return the filter alone, as this portal writes it."""
        return filter_of(self.cleaned_data.get("page", ""), QueryDict(self.cleaned_data["query"]))


def filter_of(name_of_list: str, query: QueryDict) -> str:
    """Return what of an address filters and sorts the list, without empty values."""
    kept = query.copy()
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value]
        if name not in FILTERS.get(name_of_list, ()) or not values:
            del kept[name]
        else:
            kept.setlist(name, values)
    return kept.urlencode()


def saved_views(request: PageRequest, name: str, *, usable: bool = True) -> SavedViews:
    """Return what the row under the filters of a list shows; one that is not usable is not offered to be kept."""
    views = SavedView.objects.filter(user=request.user, page=name)
    return SavedViews(name, filter_of(name, request.GET) if usable else "", list(views))


@require_POST
@page
def view_save(request: PageRequest) -> HttpResponse:
    """Save the present filter of a list, and go back to it."""
    form = ViewForm(request.POST)
    if form.is_valid():
        kept = form.attempt(save_view, actor=request.actor, **form.cleaned_data)
        if kept is not None:
            return redirect(f"{reverse(kept.page)}?{kept.query}")
    return render(request, "saved_view.html", {"form": form, "back": _list_of(request)}, status=422)


@require_POST
@page
def view_delete(request: PageRequest, pk: int) -> HttpResponse:
    """Delete one of the reader's filters, and go back to its list."""
    view = get_object_or_404(SavedView, pk=pk, user=request.user)
    delete_view(actor=request.actor, view=view)
    return redirect(view.page if view.page in LISTS else "home")


def _list_of(request: HttpRequest) -> str:
    name = request.POST.get("page", "")
    return reverse(name if name in LISTS else "home")
