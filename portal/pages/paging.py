"""Pages of a list, by number, with the address of the others."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
ROWS = 50


def page_of(request: HttpRequest, rows: QuerySet[Row]) -> Page[Row]:
    """Return the page that the address asks for; the nearest one where it asks for none that exists."""
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


def address_without_page(request: HttpRequest) -> str:
    """Return the query string of this list without its page, ready for `page=` to follow."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}&" if query else "?"
