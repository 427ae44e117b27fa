"""Profiles every column of a table in the cage: once to learn each column's cells, once more to count in them.

The profiles leave as `profile.json`: [{name, type, kind, summary, cells}] in the order of the file. Columns are read in
groups whose kept numbers fit the memory, so that a file of any size takes the same.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from monitoring.stats import cells, profiles
from monitoring.stats.profiles import LevelLearner, NumberLearner, Profile, TimeLearner
from portal.core.sandbox.child import CagedTask, Refusal
from registry.sandboxed.arrays import floats, integers
from registry.sandboxed.tables import TEXT_TYPES, TableFile, one_line

MOST_KEPT = 1 << 27
"""Numbers that are kept at once while learning, 8 bytes each."""
MOST_KEPT_OF_ONE = 1 << 24
MOST_COLUMNS = 64
"""Read at once."""
NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


class NumberColumn:
    """A column of numbers: learned from every so many-th row where there are too many to keep."""

    def __init__(self, rows: int) -> None:
        self._learner = NumberLearner(step=max(1, -(-rows // MOST_KEPT_OF_ONE)))

    def learn(self, column: Any) -> None:
        """Look at one batch."""
        self._learner.add(floats(column))

    def begin(self) -> None:
        """Have the cells ready."""
        self._grid, self._learned = self._learner.learned()
        self._state = cells.no_numbers(self._grid)

    def count(self, column: Any) -> None:
        """Count one batch."""
        found = cells.count_numbers(floats(column.drop_null()), column.null_count, self._grid)
        self._state = cells.merge_numbers(self._state, found)

    def profile(self) -> Profile:
        """Return what was counted."""
        return profiles.number_profile(self._grid, self._state, self._learned)


@dataclass
class LevelColumn:
    """A column of text or booleans."""

    _learner: LevelLearner = field(default_factory=LevelLearner)

    def learn(self, column: Any) -> None:
        """Look at one batch."""
        self._learner.add(cells.as_levels(column))

    def begin(self) -> None:
        """Have the cells ready."""
        self._grid, self._learned = self._learner.learned()
        self._state = cells.no_levels(self._grid)

    def count(self, column: Any) -> None:
        """Count one batch."""
        self._state = cells.merge_levels(self._state, cells.count_levels(cells.as_levels(column), self._grid))

    def profile(self) -> Profile:
        """Return what was counted."""
        return profiles.level_profile(self._grid, self._state, self._learned)


@dataclass
class TimeColumn:
    """A column of dates or timestamps."""

    _learner: TimeLearner = field(default_factory=TimeLearner)

    def learn(self, column: Any) -> None:
        """Look at one batch."""
        self._learner.add(_microseconds(column))

    def begin(self) -> None:
        """Have the cells ready."""
        self._grid = self._learner.learned()
        self._state = cells.no_times(self._grid)

    def count(self, column: Any) -> None:
        """Count one batch."""
        found = cells.count_times(_microseconds(column), column.null_count, self._grid)
        self._state = cells.merge_times(self._state, found)

    def profile(self) -> Profile:
        """Return what was counted."""
        return profiles.time_profile(self._grid, self._state)


@dataclass
class OtherColumn:
    """A column of which only the values that are there are counted."""

    _rows: int = 0
    _nulls: int = 0

    def learn(self, column: Any) -> None:
        """Need nothing."""

    def begin(self) -> None:
        """Need nothing."""

    def count(self, column: Any) -> None:
        """Count one batch."""
        self._rows += len(column)
        self._nulls += column.null_count

    def profile(self) -> Profile:
        """Return what was counted."""
        return profiles.other_profile(self._rows - self._nulls, self._nulls)


Profiled = NumberColumn | LevelColumn | TimeColumn | OtherColumn


def run(task: CagedTask) -> dict[str, Any]:
    """Profile the input `table`; a refusal is an answer."""
    found, answer = _attempted(task)
    task.output("profile.json").write_text(json.dumps(found, allow_nan=False))
    return answer


def _attempted(task: CagedTask) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the profiles and the answer; none and why, where the table is refused."""
    try:
        table = TableFile(task, "table")
        return _profiled(task, table), {"rows": table.rows}
    except Refusal as refusal:
        return [], {"refused": str(refusal)}
    except (pa.ArrowException, ValueError, OverflowError) as error:  # values that are not what their type says
        return [], {"refused": f"A column can't be read: {one_line(error)}"}


def _profiled(task: CagedTask, table: TableFile) -> list[dict[str, Any]]:
    names, told = table.schema.names, table.columns()
    size = max(1, min(MOST_COLUMNS, MOST_KEPT // max(1, min(table.rows, MOST_KEPT_OF_ONE))))
    groups = [names[start : start + size] for start in range(0, len(names), size)]
    made: dict[str, Profile] = {}
    for place, group in enumerate(groups):
        columns = {name: _column(table, name) for name in group}
        for name, batch in _read(task, table, group, (2 * place, 2 * len(groups), "Learning the cells of")):
            columns[name].learn(batch)
        for column in columns.values():
            column.begin()
        for name, batch in _read(task, table, group, (2 * place + 1, 2 * len(groups), "Counting the rows of")):
            columns[name].count(batch)
        made |= {name: column.profile() for name, column in columns.items()}
    return [{**one, **vars(made[one["name"]])} for one in told]


def _column(table: TableFile, name: str) -> Profiled:
    kind: Any = table.schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if any(test(kind) for test in (*TEXT_TYPES, pa.types.is_boolean)):
        return LevelColumn()
    if any(test(kind) for test in NUMBERS):
        return NumberColumn(table.rows)
    return TimeColumn() if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else OtherColumn()


def _read(
    task: CagedTask, table: TableFile, names: list[str], where: tuple[int, int, str]
) -> Iterator[tuple[str, Any]]:
    """Yield each column of each batch and tell how far it is; refuse a file that has not the rows that it says."""
    passes, of, words = where
    done, total = 0, max(1, table.rows)
    message = f"{words} {names[0]}" + (f" and {len(names) - 1} more columns" if len(names) > 1 else "")
    for batch in table.batches(names):
        task.progress(passes * total + min(done, total), of * total, message[:200])
        for name in names:
            column = batch.column(name)
            # Numbers behind a dictionary are read as what they stand for.
            if pa.types.is_dictionary(column.type):
                column = column.cast(column.type.value_type)
            yield name, column
        done += batch.num_rows
    if done != table.rows:
        raise Refusal(f"The table says {table.rows:,} rows, but has {done:,}.")


def _microseconds(column: Any) -> Any:
    zone = getattr(column.type, "tz", None)
    stamps = column.drop_null().cast(pa.timestamp("us", tz=zone), safe=False)
    return integers(stamps.cast(pa.int64()), 0)
