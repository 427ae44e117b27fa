"""Keyset paging with an opaque cursor."""

import re

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

_KEY = re.compile(r"[0-9]{1,18}")


class KeysetPagination(CursorPagination):
    """Newest first; `limit` up to 200 rows; follow `next` until it is null."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return what the cursor says; raises ValidationError for one that no answer of ours held."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise _foreign() from None
        if cursor is not None and cursor.position is not None and not _KEY.fullmatch(str(cursor.position)):
            raise _foreign()
        return cursor


def _foreign() -> ValidationError:
    return ValidationError({"cursor": ["Take the cursor from `next` or `previous` of an answer."]})
