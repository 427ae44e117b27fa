"""What each type of problem means; where the `type` of a problem document leads."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.core.problem_types import PROBLEM_TYPES


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """List every type of problem, by status; readable without signing in, as programs' readers come here."""
    rows = sorted(PROBLEM_TYPES.values(), key=lambda row: (row.status, row.code))
    return render(request, "problems/list.html", {"rows": rows})


@require_safe
def problem_type(request: HttpRequest, code: str) -> HttpResponse:
    """Say what one type of problem means and what to do."""
    if code not in PROBLEM_TYPES:
        raise Http404
    return render(request, "problems/detail.html", {"type": PROBLEM_TYPES[code]})
