"""No page takes files but one that says so: a form that carries one is refused before a byte of it is kept."""

from collections.abc import Callable
from functools import wraps
from tempfile import SpooledTemporaryFile
from typing import Any, Concatenate, Never

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_protect

from portal.pages.doors import PageRequest, PageView, Rest

FIELD = "file"
AROUND = 10_000
"""Bytes of a form around its file."""
IN_MEMORY = 1 << 20
"""Bytes of a file that stay in memory; a longer one lies on disk until it is answered."""


class FileTooLarge(RequestDataTooBig):
    """A form whose file, or whose whole, is longer than its page takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A file sent here has at most {limit:,} bytes.")


class RefusedFiles(FileUploadHandler):
    """Ends the reading of a form at the first file; without it anybody could fill the disk through any form."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> Never:
        """Raise SuspiciousOperation, which is answered 400."""
        raise SuspiciousOperation("a form with a file")

    def receive_data_chunk(self, _raw_data: bytes, _start: int) -> None:
        """Keep nothing."""

    def file_complete(self, _file_size: int) -> None:
        """Give nothing."""


class OneFile(FileUploadHandler):
    """Keeps one file of a form, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.kept: SpooledTemporaryFile[bytes] | None = None

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin with the file; raises SuspiciousOperation for a second one, and for another field's."""
        super().new_file(field_name, *args, **kwargs)
        if field_name != FIELD or self.kept is not None:
            raise SuspiciousOperation("a form with a file that nobody asked for")
        self.kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (Django closes a request's files with it)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece; raises FileTooLarge beyond the limit."""
        if self.kept is None or start + len(raw_data) > self.limit:
            raise FileTooLarge(self.limit)
        self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":  # no generic at run time
        """Give the file."""
        if self.kept is None:
            return None
        self.kept.seek(0)
        return UploadedFile(self.kept, self.file_name or "", self.content_type, file_size, self.charset)


def takes_a_file(limit: int) -> Callable[[PageView[Rest]], PageView[Rest]]:
    """Make a page take one file of at most so many bytes, in the field "file"; it stands below @page.

    Who is a stranger has been turned away by then, and the form's token is checked after the file was read: Django
    reads both at once, so that nothing before this may look at the form.
    """

    def make(view: PageView[Rest]) -> PageView[Rest]:
        protected: Callable[Concatenate[PageRequest, Rest], HttpResponseBase] = csrf_protect(view)

        @wraps(view)
        def enter(request: PageRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            length = request.META.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal() or int(length[:20]) > limit + AROUND:
                raise FileTooLarge(limit)
            request.upload_handlers = [OneFile(limit)]
            return protected(request, *args, **kwargs)

        enter.csrf_exempt = True  # type: ignore[attr-defined]  # the middleware would read the form first
        return enter

    return make
