import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from registry.sandboxed.tables import TableFile
from tests.registry.sandboxed.conftest import MakeTask

BLOCK = 600_000
"""Lines of two bytes: more than is read at once."""


def lines(*values: str) -> bytes:
    """A file of one column, of which each value fills more than a block."""
    return b"a\n" + b"".join(f"{value}\n".encode() * (BLOCK // (len(value) - 1 or 1)) for value in values)


@pytest.mark.parametrize(
    "values",
    [
        ("1", "2.5"),
        ("2.5", "1"),
        ("1", "x"),
        ("NA", "1", "NA"),
        ("NA", "NA"),
        ("true", "false"),
        ("2026-01-02", "2026-01-02 10:00:00", "2026-01-02 10:00:00.123"),
        ("2026-01-02T10:00:00Z", "2026-01-02T10:00:00.5+01:00"),
        ("2026-01-02", "2026-01-02T10:00:00Z"),
        ("2026-01-02", "1"),
        ("10:00", "2026-01-02"),
        ('"a ""b"" ,\n c"', "1"),
        ('""', "NA"),
        ("1", "99999999999999999999"),
    ],
)
def test_types_and_values_are_those_of_the_whole_file(caged: MakeTask, values: tuple[str, ...]) -> None:
    data = lines(*values)
    table = TableFile(caged(data), "file")
    options = pacsv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    whole = pacsv.read_csv(
        pa.BufferReader(data),  # type: ignore[arg-type]
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    )
    assert (table.schema, table.rows) == (whole.schema, whole.num_rows)
    read = list(table.batches(["a"], rows=50_000))
    assert max(batch.num_rows for batch in read) <= 50_000
    assert pa.Table.from_batches(read).equals(whole)


def test_columns_of_a_wide_file_are_decided_one_by_one_and_read_in_the_order_asked_for(caged: MakeTask) -> None:
    rows = [f"{n},{n / 2},,{'x' if n == 199_999 else n},é" for n in range(200_000)]
    table = TableFile(caged("\n".join(["i;one,f,none,late,t", *rows]).encode()), "file")
    assert [str(kind) for kind in table.schema.types] == ["int64", "double", "null", "string", "string"]
    read = pa.Table.from_batches(list(table.batches(["late", "i;one"])))
    assert read.schema.names == ["late", "i;one"]
    assert read["late"].to_pylist()[-2:] == ["199998", "x"]
    assert read["i;one"].to_pylist() == list(range(200_000))


def test_a_file_with_a_header_alone_has_columns_and_no_rows(caged: MakeTask) -> None:
    table = TableFile(caged(b"a\tb\r\n"), "file")
    assert (table.schema.names, table.rows, list(table.batches(["b"]))) == (["a", "b"], 0, [])
