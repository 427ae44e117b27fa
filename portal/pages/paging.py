"""Pages of a list, by number, with the address of the others."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
ROWS = 50


def page_of(request: HttpRequest, rows: QuerySet[Row], number: int | None = None) -> Page[Row]:
    """Return the page that the address asks for, or this one; the nearest one where there is none of the number."""
    return Paginator(rows, ROWS).get_page(number or request.GET.get("page"))


def address_without_page(request: HttpRequest) -> str:
    """Return the query string of this list without its page, ready for `page=` to follow."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}&" if query else "?"
