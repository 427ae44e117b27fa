"""The API's description as a page where one can try it."""

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


# The sheet of Swagger UI draws its arrows as data.
@csp_update({"img-src": ["data:"]})  # type: ignore[untyped-decorator]
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation; it is public, as the description is."""
    return render(request, "api/docs.html")
