"""JSON bodies: read with care, and refused where they say what nobody reads."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}


class EncodedOtherwise(APIException):
    """The body is compressed, or its text is not UTF-8."""

    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_encoding"


def require_plain(request: HttpRequest) -> None:
    """Raise EncodedOtherwise for a compressed body: what it unpacks to has no bound that we could see beforehand."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise EncodedOtherwise("Send the body as it is, without Content-Encoding: compressed bodies are not read.")


class BodyParser(JSONParser):
    """JSON in UTF-8, of bounded size; nesting that exhausts the reader is the client's fault, not ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the values; raises ParseError, EncodedOtherwise and RequestDataTooBig."""
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        if encoding.lower() not in UTF8:
            # Python knows "charsets" that unpack archives; JSON between systems is UTF-8 (RFC 8259).
            raise EncodedOtherwise("Send JSON as UTF-8: no other charset is read.")
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
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
