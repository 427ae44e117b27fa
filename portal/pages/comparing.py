"""Two versions side by side."""

import re

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.core.querysets import visible
from portal.overviews.comparisons import comparable, compare
from portal.pages.doors import PageRequest, page
from registry.models import ModelVersion

NAMED = re.compile(r"([a-z0-9-]{1,80}):v?([0-9]{1,9})")
NOT_NAMED = "Name a version as model:number, for example late-arrival:3."
THE_SAME = "That is one version twice. Choose two."


@require_safe
@page
def comparison(request: PageRequest) -> HttpResponse:
    """Two versions that the reader may see, or the choice of them."""
    names = [request.GET.get(side, "").strip() for side in ("a", "b")]
    wrong = NOT_NAMED if any(name and not NAMED.fullmatch(name) for name in names) else ""
    found = [] if wrong else [_version(request, name) for name in names if name]
    if len(found) == len(names) and found[0] == found[1]:
        wrong = THE_SAME
    context = {
        "a": names[0],
        "b": names[1],
        "choices": comparable(request.actor, [one.model_id for one in found]),
        "comparison": compare(found[0], found[1]) if len(found) == len(names) and not wrong else None,
        "wrong": wrong,
    }
    return render(request, "versions/compare.html", context, status=422 if wrong else 200)


def _version(request: PageRequest, name: str) -> ModelVersion:
    slug, _, number = name.partition(":")
    rows = ModelVersion.objects.with_parts()
    return visible(rows, request.actor, model__slug=slug, number=int(number.removeprefix("v")))
