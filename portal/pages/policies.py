"""Policies in words and expressions."""

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance.models import PolicyVersion
from governance.rules.expressions import compiled
from governance.rules.variables import VARIABLES
from portal.overviews.people import names_of
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of


@require_safe
@page
def policies(request: PageRequest) -> HttpResponse:
    """Every policy version, newest first; policies are readable by all who sign in."""
    rows = PolicyVersion.objects.select_related("policy").annotate(check_count=Count("checks"))
    context = {
        "rows": page_of(request, rows.order_by("policy__slug", "-number")),
        "address": address_without_page(request),
    }
    return render(request, "policies/list.html", context)


@require_safe
@page
def policy(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """One policy version: checks in words and CEL, seats, and the variables they may read."""
    rows = PolicyVersion.objects.select_related("policy").prefetch_related("checks")
    found = get_object_or_404(rows, policy__slug=slug, number=number)
    reads = {variable for check in found.checks.all() for variable in compiled(check.expression).reads}
    used = [variable for variable in VARIABLES if variable in reads]
    context = {
        "policy": found,
        "publisher": names_of([found.published_by]).get(found.published_by, ""),
        "variables": VARIABLES,
        "used": used,
        "variables_aside": f"{len(used)} of {len(VARIABLES)} are read by these checks",
        "versions": list(found.policy.versions.select_related("policy")),
    }
    return render(request, "policies/detail.html", context)
