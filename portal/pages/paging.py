"""Pages of a list, by number, with the address of the others."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
ROWS = 50


def page_of(request: HttpRequest, rows: QuerySet[Row], number: int | None = None) -> Page[Row]:
    """Return the page that the address asks for, or this one; the nearest one where there is none of the number.

    Which rows are on it is asked first: of the others nothing is joined or counted.
    """
    found: Page[Any] = keys_of_page(request, rows.values_list("pk", flat=True), number)
    keys = list(found.object_list)
    whole = {row.pk: row for row in rows.order_by().filter(pk__in=keys)}
    found.object_list = [whole[key] for key in keys if key in whole]
    return found


def keys_of_page(request: HttpRequest, keys: QuerySet[Any, int], number: int | None = None) -> Page[int]:
    """Return the keys on that page, where more than a list of rows is to be read of them."""
    return Paginator(keys, ROWS).get_page(number or request.GET.get("page"))


def address_without_page(request: HttpRequest) -> str:
    """Return the query string of this list without its page, ready for `page=` to follow."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}&" if query else "?"
