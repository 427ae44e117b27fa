"""What OpenAPI says of every operation beyond its serializers: problems, headers, links, examples."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

from portal.api.examples import EXAMPLES
from portal.api.lines import MEDIA_TYPES
from portal.api.links import LINKS
from portal.core.problems import MEDIA_TYPE

_TEXT = {"type": "string"}
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "Names this representation; send it back as If-None-Match.", "schema": _TEXT},
    "Accept-Ranges": {"description": "Ranges are counted in bytes.", "schema": _TEXT},
    "Content-Range": {"description": "Which bytes these are, and of how many.", "schema": _TEXT},
    "Location": {"description": "Where to look.", "schema": {"type": "string", "format": "uri"}},
    "Retry-After": {"description": "Seconds after which to look again.", "schema": {"type": "integer"}},
}
_PROBLEMS: dict[str, str] = {
    "400": "The request can't be read, or holds what nobody reads.",
    "401": "No token, or one that does not work.",
    "403": "Your roles, or the token's scopes, do not allow this.",
    "404": "There is nothing here that you may see.",
    "409": "The state of things does not allow this, or an Idempotency-Key is in use.",
    "411": "The length of the body is not declared.",
    "412": "It has changed since you looked.",
    "413": "More bytes than the limit allows.",
    "415": "The body is of a type that is not read here.",
    "416": "The range lies behind the end of the bytes; Content-Range says how many there are.",
    "422": "A value breaks a rule.",
    "429": "More calls than the limit allows; Retry-After says when to come again.",
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "The same key with the same body is done once and answered alike for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_KNOWN: dict[str, Any] = {
    "in": "header",
    "name": "If-None-Match",
    "description": "An ETag; what is still so is not sent again.",
    "schema": _TEXT,
}

_OF_RANGES: tuple[dict[str, Any], ...] = (
    {"in": "header", "name": "Range", "description": "One range: bytes=first-last.", "schema": _TEXT},
    {
        "in": "header",
        "name": "If-Range",
        "description": "ETag of what you hold a part of; of other bytes the whole is sent.",
        "schema": _TEXT,
    },
)


class FieldProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """What is wrong with one field, parameter or header."""

    field = serializers.CharField(help_text="Nested names are joined by dots.")
    messages = serializers.ListField(child=serializers.CharField())


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """What went wrong (RFC 9457)."""

    type = serializers.URLField(help_text="A page that says what it means and what to do.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; the last part of `type`.")
    detail = serializers.CharField(help_text="What happened here, in words.")
    instance = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="The request, as the log names it."
    )
    errors = FieldProblemSerializer(many=True, required=False)  # type: ignore[assignment]


class Description(AutoSchema):
    """One operation as OpenAPI describes it."""

    def get_operation(self, *args: Any) -> dict[str, Any] | None:
        """Return the operation with everything that all operations of its kind have in common."""
        operation: dict[str, Any] | None = super().get_operation(*args)
        if operation is None:
            return None
        parameters = operation.setdefault("parameters", [])
        responses = operation["responses"]
        if self.method == "POST":
            parameters.append(IDEMPOTENCY_KEY)
        if self.method == "GET":
            self._describe_reading(operation)
            if getattr(self.view, "ranged", False):
                self._describe_ranges(operation)
        for status in ("200", "201", "202"):
            self._describe_success(operation["operationId"], status, responses.get(status))
        for status in self._problems():
            responses.setdefault(status, {"$ref": self._problem(status)})
        example = EXAMPLES.get(operation["operationId"])
        if example is not None:
            operation["requestBody"]["content"]["application/json"]["example"] = example
        return operation

    def get_description(self) -> str:  # type: ignore[override]
        """Return what a list holds, and how it is read; of others what stands above their method."""
        if self.method == "GET" and self._is_list_view():
            view: Any = self.view
            held = (view.get_queryset.__doc__ or "").strip().removeprefix("Return ")
            words = f"Newest first, in pages; as JSON lines all at once, with `Accept: {MEDIA_TYPES[0]}`."
            return f"{held[0].upper()}{held[1:]} {words}"
        return str(super().get_description())

    def get_summary(self) -> str:
        """Return the first sentence of the description."""
        return f"{self.get_description().split('. ')[0].split('; ')[0].rstrip('.')}."

    def _describe_reading(self, operation: dict[str, Any]) -> None:
        answer = operation["responses"]["200"]
        if "application/json" not in answer.get("content", {}) or "application/pdf" in answer["content"]:
            return
        operation["parameters"].append(_KNOWN)
        operation["responses"]["304"] = {"description": "What you have is still so."}
        answer.setdefault("headers", {})["ETag"] = _HEADERS["ETag"]
        if self._is_list_view():
            view: Any = self.view
            row = self.resolve_serializer(view.serializer_class, "response").ref
            answer["content"][MEDIA_TYPES[0]] = {"schema": row}

    def _describe_ranges(self, operation: dict[str, Any]) -> None:
        operation["parameters"] += [_KNOWN, *_OF_RANGES]
        responses = operation["responses"]
        whole = responses["200"]
        part = {"description": "The bytes of the range.", "content": whole["content"]}
        responses["206"] = part | {"headers": {name: _HEADERS[name] for name in ("ETag", "Content-Range")}}
        responses["304"] = {"description": "What you have is still so."}
        whole["headers"] = {name: _HEADERS[name] for name in ("ETag", "Accept-Ranges")}

    def _describe_success(self, operation_id: str, status: str, answer: dict[str, Any] | None) -> None:
        if answer is None:
            return
        names = {"201": ["Location"], "202": ["Location", "Retry-After"]}.get(status, [])
        if self.method == "POST" and names:
            answer.setdefault("headers", {}).update({name: _HEADERS[name] for name in names})
        found = [link for link in LINKS if link.after == operation_id]
        if found and self.method == "POST":
            answer["links"] = {
                link.then: {"operationId": link.then, "parameters": dict(link.parameters)} for link in found
            }

    def _problems(self) -> list[str]:
        found = ["400", "401", "403", "429"]
        if "{" in self.path:
            found.append("404")
        if self.method != "GET":
            found += ["409", "412", "413", "415", "422"]
        elif getattr(self.view, "ranged", False):
            found.append("416")
        if self.method != "GET" and getattr(self.view, "streamed", False):
            found.append("411")
        return sorted(found)

    def _problem(self, status: str) -> str:
        """Register the answer of this status once, and return where it stands."""
        schema = self.resolve_serializer(ProblemSerializer, "response").ref
        answer: dict[str, Any] = {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        if status == "429":
            answer["headers"] = {"Retry-After": _HEADERS["Retry-After"]}
        name = f"Problem{status}"
        component = ResolvedComponent(name, ResolvedComponent.RESPONSE, answer, name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        return f"#/components/responses/{name}"
