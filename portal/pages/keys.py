"""The installation's public keys: what a signature is checked with, today and in ten years."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.keys.models import PublicKey
from portal.keys.selectors import verifier_key
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of


@require_safe
@page
def keys(request: PageRequest) -> HttpResponse:
    """Every public key, newest first; they are readable by all who sign in."""
    found = page_of(request, PublicKey.objects.order_by("-pk"))
    context = {
        "rows": found,
        "keys": [(row, verifier_key(row)) for row in found],
        "address": address_without_page(request),
    }
    return render(request, "keys/list.html", context)
