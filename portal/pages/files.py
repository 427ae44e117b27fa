"""No page takes files: a form that carries one is refused before a byte of it is kept."""

from typing import Any, Never

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler


class RefusedFiles(FileUploadHandler):
    """Ends the reading of a form at the first file; without it anybody could fill the disk through any form."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> Never:
        """Raise SuspiciousOperation, which is answered 400."""
        raise SuspiciousOperation("a form with a file")

    def receive_data_chunk(self, _raw_data: bytes, _start: int) -> None:
        """Keep nothing."""

    def file_complete(self, _file_size: int) -> None:
        """Give nothing."""
