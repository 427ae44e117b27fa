"""Keyset paging with an opaque cursor: rows that come in while somebody reads shift nothing."""

import re
from typing import Any, ClassVar

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

_KEY = re.compile(r"[0-9]{1,18}")
_LIMIT = re.compile(r"[0-9]{1,3}")
ORDERS = {"newest": "-pk", "oldest": "pk"}


class KeysetPagination(CursorPagination):
    """Newest first unless `order` says oldest; `limit` up to 200 rows; follow `next` until it is null."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    order_query_param: ClassVar[str] = "order"
    names: ClassVar[frozenset[str]] = frozenset({"cursor", "limit", "order"})

    def get_page_size(self, request: Request) -> int:
        """Return how many rows a page holds; raises ValidationError for a limit that is none."""
        asked = request.query_params.get("limit")
        if asked is None:
            return self.page_size
        if not _LIMIT.fullmatch(asked) or not 1 <= int(asked) <= self.max_page_size:
            raise ValidationError({"limit": [f"Send a whole number from 1 to {self.max_page_size}."]})
        return int(asked)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:  # noqa: ARG002
        """Return the key by which the rows are ordered; raises ValidationError for an order that is none."""
        asked = request.query_params.get(self.order_query_param, "newest")
        if asked not in ORDERS:
            raise ValidationError({self.order_query_param: [f"Choose one of {', '.join(ORDERS)}."]})
        return (ORDERS[asked],)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return what the cursor says; raises ValidationError for one that no answer of ours held."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise _foreign() from None
        if cursor is not None and cursor.position is not None and not _KEY.fullmatch(str(cursor.position)):
            raise _foreign()
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        """Return how OpenAPI describes the parameters."""
        limit = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        order = {"type": "string", "enum": list(ORDERS), "default": "newest"}
        return [
            _parameter("cursor", {"type": "string"}, "Opaque: take it from `next` or `previous` of an answer."),
            _parameter("limit", limit, "How many rows a page holds."),
            _parameter("order", order, "By the time at which a row was made."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "required": False, "in": "query", "description": description, "schema": schema}


def _foreign() -> ValidationError:
    return ValidationError({"cursor": ["Take the cursor from `next` or `previous` of an answer."]})
