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


_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.CharField, (str,), "Send a string."),
    (serializers.IntegerField, (int,), "Send a whole number."),
    (serializers.FloatField, (int, float), "Send a number."),
)


class Body(serializers.Serializer[Any]):
    """What a request says, in JSON's types. An unknown field is refused: it may be a misspelt one that matters."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the valid values; raises ValidationError."""
        if isinstance(data, Mapping):
            found = {str(name): ["There is no such field."] for name in sorted(set(data) - set(self.fields))}
            found |= {
                name: words
                for name, field in self.fields.items()
                if name in data and (words := _mistyped(field, data[name]))
            }
            if found:
                raise serializers.ValidationError(found)
        return super().to_internal_value(data)


def _mistyped(field: serializers.Field[Any, Any, Any, Any], value: Any) -> list[str]:
    """Return what is wrong with the JSON type of a value, which the field itself would convert."""
    for kind, types, words in _TYPES:
        if value is not None and isinstance(field, kind) and type(value) not in types:
            return [words]
    return []
