"""Bulk reads as JSON lines: every row that the caller may see, in constant memory."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

CHUNK = 500
MEDIA_TYPES = ("application/x-ndjson", "application/jsonl")


def asked_for(request: Request) -> str | None:
    """Return the media type of lines that the client prefers over JSON; None where it does not."""
    wanted = request.get_preferred_type(["application/json", *MEDIA_TYPES])
    return wanted if wanted in MEDIA_TYPES else None


def of(rows: QuerySet[Any], order: str, serializer: Callable[..., Any]) -> Iterator[bytes]:
    """Yield the rows as lines, a chunk at a time by key: a slow reader holds no transaction."""
    renderer, beyond = JSONRenderer(), "pk__lt" if order.startswith("-") else "pk__gt"
    chunk = list(rows.order_by(order)[:CHUNK])
    while chunk:
        documents = serializer(chunk, many=True).data
        yield b"".join(renderer.render(document) + b"\n" for document in documents)
        last = chunk[-1].pk
        chunk = list(rows.order_by(order).filter(**{beyond: last})[:CHUNK]) if len(chunk) == CHUNK else []
