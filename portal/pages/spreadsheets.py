"""Lists as files for spreadsheets: CSV in which no cell is taken for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

from portal.core.formulas import guarded

BATCH = 100


class _Line:
    """What `csv` writes to: it hands back each line."""

    def write(self, line: str) -> str:
        return line


def harmless(cell: Any) -> str:
    """Return a cell's text: times in ISO 8601, nothing for None, and a formula as the text that it is."""
    text = cell.isoformat() if isinstance(cell, datetime) else "" if cell is None else str(cell)
    return text if isinstance(cell, int | float) else guarded(text)


def csv_file(lines: Iterable[Sequence[Any]], name: str) -> StreamingHttpResponse:
    """Answer with a file, written while it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(_written(lines), content_type="text/csv; charset=utf-8", headers=headers)


def _written(lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    batch: list[str] = []
    for line in lines:
        batch.append(writer.writerow([harmless(cell) for cell in line]))
        if len(batch) == BATCH:
            yield "".join(batch)
            batch = []
    yield "".join(batch)
