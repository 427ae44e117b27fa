"""The API's description as a page where one can try it."""

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


# The sheet of Swagger UI draws its arrows as data.
@csp_update({"img-src": ["data:"]})  # type: ignore[untyped-decorator]
@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation to who is signed in, as the description is."""
    return render(request, "api/docs.html")
