"""What a rule refuses. Doors turn these into problem+json or a message in a form; nothing else catches broadly."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class DomainError(Exception):
    """A refusal in words a person can act on.

    `code` is stable and machine-readable; `fields` maps input names to their messages;
    `status` is the HTTP status with which a door answers; `retry_after` the seconds after which it may be different.
    """

    status: ClassVar[int] = 409
    code: str = "refused"
    retry_after: int | None = None

    def __init__(
        self, message: str, *, code: str | None = None, fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}


class Forbidden(DomainError):
    """The actor may know of the thing, but may not do this to it."""

    status = 403
    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing, or none that the actor may know of."""

    status = 404
    code = "not_found"


class Conflict(DomainError):
    """The thing's present state does not allow this."""

    status = 409
    code = "conflict"


class Invalid(DomainError):
    """The input breaks a rule; `fields` says where."""

    status = 422
    code = "invalid"


class TooLarge(DomainError):
    """More bytes than the limit allows."""

    status = 413
    code = "too_large"
