import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.pages.spreadsheets import BATCH, csv_file, harmless


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_calculate_stays_text(begins: str) -> None:
    assert harmless(f"{begins}1+cmd|' /C calc'!A0") == f"'{begins}1+cmd|' /C calc'!A0"


def test_times_numbers_and_nothing_are_written_so_that_programs_read_them() -> None:
    moment = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    assert [harmless(cell) for cell in (moment, -3, 0.5, None, "", "plain")] == [
        "2026-11-28T09:30:00+00:00", "-3", "0.5", "", "", "plain"
    ]  # fmt: skip


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2)))
def test_a_file_reads_back_as_what_was_written(lines: list[list[str]]) -> None:
    text = csv_file(lines, "things").getvalue().decode()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [[harmless(cell) for cell in line] for line in lines]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in read for cell in line)


def test_lines_are_asked_for_as_the_file_is_read() -> None:
    asked: list[int] = []

    def lines() -> object:
        for number in range(10 * BATCH):
            asked.append(number)
            yield [number]

    answer = csv_file(lines(), "things")  # type: ignore[arg-type]
    assert asked == []
    next(iter(answer))
    assert len(asked) == BATCH
