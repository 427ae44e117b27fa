"""JSON bodies: read with care, and refused where they say what nobody reads."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class BodyParser(JSONParser):
    """JSON as DRF reads it; nesting that exhausts the reader is the client's fault, not ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the values; raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply to be read.") from None


class Body(serializers.Serializer[Any]):
    """What a request says. An unknown field is refused: it may be a misspelt one that matters."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the valid values; raises ValidationError."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError({str(name): ["There is no such field."] for name in sorted(unknown)})
        return super().to_internal_value(data)
