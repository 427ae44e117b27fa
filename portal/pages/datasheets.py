"""Datasheets: the one in force, former ones, and the form that writes the next."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.core.querysets import visible
from portal.overviews.datasheets import datasheet_overview
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.ui.forms import VerbForm, WrittenField
from registry.models import Dataset
from registry.rules.datasheets import TOPICS
from registry.services.datasheets import write_datasheet

NUMBER = re.compile(r"[0-9]{1,9}")


class DatasheetForm(VerbForm):
    """What a dataset is: a text for each topic, and its sensitive columns."""

    sensitive = forms.CharField(
        required=False,
        label="Sensitive columns",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One name a line. Values, quantiles, levels and charts of these columns are shown only to who holds "
        "the grant. The period of a snapshot stays visible: date rows by a column that is not sensitive.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, topic in TOPICS.items():
            self.fields[name] = WrittenField(required=False, label=topic.title, help_text=topic.asks)
        self.order_fields([*TOPICS, "sensitive"])

    def wanted(self) -> dict[str, Any]:
        """Return what the verb takes."""
        given = self.cleaned_data
        return {"texts": {name: given[name] for name in TOPICS}, "sensitive": given["sensitive"].splitlines()}


@require_safe
@page
def datasheet(request: PageRequest, slug: str) -> HttpResponse:
    """What a dataset is, as its newest datasheet says or the one that was asked for, and who wrote which."""
    dataset = _dataset(request, slug)
    asked = request.GET.get("number")
    if asked is not None and not NUMBER.fullmatch(asked):
        raise Http404
    overview = datasheet_overview(request.actor, dataset, number=int(asked) if asked else None)
    if asked and overview.shown is None:
        raise Http404
    rows = page_of(request, dataset.datasheets.select_related("written_by", "dataset"))
    context = {"overview": overview, "rows": rows, "address": address_without_page(request)}
    return render(request, "data/datasheet.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def datasheet_write(request: PageRequest, slug: str) -> HttpResponse:
    """Write the dataset's next datasheet, from what the newest says."""
    dataset = _dataset(request, slug)
    request.actor.require("upload_dataset", dataset.team_id)
    newest = dataset.datasheets.first()
    initial = {**newest.says, "sensitive": "\n".join(newest.sensitive)} if newest else {}
    form = DatasheetForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        made = form.attempt(write_datasheet, actor=request.actor, dataset=dataset, **form.wanted())
        if made is not None:
            messages.success(request, f"Datasheet {made.number} is in force.")
            return redirect("datasheet", slug=slug)
    context = {"dataset": dataset, "newest": newest, "form": form}
    return render(request, "data/datasheet_write.html", context, status=422 if form.errors else 200)


def _dataset(request: PageRequest, slug: str) -> Dataset:
    return visible(Dataset.objects.select_related("team"), request.actor, slug=slug)
