"""A grid of records into its tables: several one below the other or side by side, each with its own header."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from data.problems import DataProblem, Problem
from data.readers.filling import fill_table, leave_out, note
from data.readers.layout import Layout, find_layout
from data.readers.raw import MAX_CELLS, MAX_COLUMNS, Assumed, RawTable
from data.readers.records import Record
from data.readers.several import find_above, find_beside, find_stacked

_LOOK_AHEAD = 80
_PREVIEWED = 40
Numbered = list[tuple[int, Record]]


def read_grid(
    records: Sequence[Record],
    how: Assumed,
    name: str,
    delimiter: str,
    *,
    skipped: int = 0,
    merged: Sequence[int] = (),
) -> list[RawTable]:
    """The tables of a file or sheet, read whole.

    Args:
        records: Every record from line 1 on; blank lines are empty records.
        how: How the text was read, with what somebody asks for.
        name: Name shown to people.
        delimiter: Joins cells where a line is shown.
        skipped: Lines before the first that are no part of a table.
        merged: Positions of records with cells merged over several columns.

    Raises:
        DataProblem: there is no such header line or table, or too many cells.
    """
    numbered = [(i + 1, record) for i, record in enumerate(records)][skipped:]
    asked_row = how.header_row
    if asked_row and asked_row > len(records):
        raise DataProblem("no_such_row", "{name} has no line {row} for a header.", name=name, row=asked_row)
    parts = [numbered] if how.table == 0 or (asked_row is not None and how.table is None) else _parts(numbered, how)
    if how.table and how.table > len(parts):
        raise DataProblem("no_such_table", "{name} has no table {number}.", name=name, number=how.table)
    tables = []
    for number, part in enumerate(parts, start=1):
        if how.table in (None, 0, number):
            label = name if len(parts) == 1 else f"{name} · table {number}"
            mine = replace(how, table=how.table if len(parts) == 1 else number)
            table = _table(part, mine, label, delimiter, merged, asked_row)
            if len(parts) > 1:
                first = part[0][0]
                expected = f"one table; {len(parts)} are taken, this one from line {first} on"
                params = {"count": len(parts), "number": number, "line": first}
                table.notes.append(Problem(None, "several_tables", len(parts), expected, [], "assumed", params))
            tables.append(table)
    return tables


def _parts(numbered: Numbered, how: Assumed) -> list[Numbered]:
    """The records of each table."""
    cells = [record.cells for _, record in numbered]
    layout = find_layout(cells[:_LOOK_AHEAD])
    above = find_above(cells, layout)
    if above is not None:
        layout = replace(layout, header_at=above, header_rows=1, units=False)
    starts = [0, *find_stacked(cells, layout)]
    parts: list[Numbered] = []
    for start, end in zip(starts, [*starts[1:], len(numbered)], strict=True):
        block = numbered[start:end]
        for left, right in find_beside([record.cells for _, record in block]):
            whole = left == 0 and all(len(record.cells) <= right for _, record in block)
            parts.append(
                block if whole else [(n, replace(record, cells=record.cells[left:right])) for n, record in block]
            )
    return parts


def _table(
    part: Numbered, how: Assumed, name: str, delimiter: str, merged: Sequence[int], asked_row: int | None
) -> RawTable:
    head = [record.cells for _, record in part[:_LOOK_AHEAD]]
    places = {number: i for i, (number, _) in enumerate(part)}
    at = places.get(asked_row) if asked_row else None
    if at is not None and at >= len(head) - 1:
        head = [record.cells for _, record in part[: at + _LOOK_AHEAD]]
    spans = [places[row + 1] for row in merged if row + 1 in places]
    layout = find_layout(head, at, how.header_rows, how.units, spans, no_header=asked_row == 0)
    names = layout.names
    if layout.header_at is None:
        names = _unnamed(part)
    if len(names) > MAX_COLUMNS:
        raise DataProblem(
            "too_many_columns", "A table may have {limit} columns, not {width}.", limit=MAX_COLUMNS, width=len(names)
        )
    if len(names) * len(part) > MAX_CELLS:
        raise DataProblem("too_large", "A table may have {limit} cells.", limit=MAX_CELLS)
    row = 0 if layout.header_at is None else part[layout.header_at][0]
    first = layout.first
    result = RawTable(
        name=name,
        frame=pa.table({}),
        header_row=row,
        first_row_number=part[first][0] if first < len(part) else part[-1][0] + 1,
        preview_lines=(),
        assumed=replace(how, header_row=row, header_rows=layout.header_rows, units=layout.units),
    )
    say_layout(result, part[:first], layout, delimiter)
    fill_table(result, iter(part[first:]), names, delimiter)
    drop_repeated_headers(result, names if layout.header_at is None else head[layout.header_at], delimiter)
    return result


def _unnamed(part: Numbered) -> list[str]:
    width = 1
    for _, record in part[:1000]:
        width = max(width, len(record.cells))
    return [f"column_{i + 1}" for i in range(width)]


def say_layout(result: RawTable, above: Numbered, layout: Layout, delimiter: str) -> None:
    """Notes on the header: none, over several lines, with units; and the title lines above it."""
    if layout.header_at is None:
        expected = "a line with the names of the columns"
        result.notes.append(Problem(None, "no_header", 1, expected, severity="assumed"))
        return
    rows = layout.header_rows
    header_line = result.header_row

    def shown(record: Record) -> str:
        return (record.raw or delimiter.join(record.cells))[:500]

    titles = [(n, shown(r)) for n, r in above if n < header_line and any(c.strip() for c in r.cells)]
    leave_out(result, titles, "title")
    if titles:
        note(result, "title_lines", titles, "left_out", "rows of data; lines above the header are left out")
    if rows > 1:
        lines = [(n, shown(r)) for n, r in above if header_line <= n < header_line + rows]
        leave_out(result, lines, "header")
        expected = f"one line of names; {rows} lines are joined, as in {result_name(layout)!r}"
        note(result, "joined_header", lines, "assumed", expected, count=rows)
        result.notes[-1].params = {"rows": rows, "example": result_name(layout)}
    if layout.units:
        units = [(n, shown(r)) for n, r in above if n == header_line + rows]
        leave_out(result, units, "units")
        note(result, "units_row", units, "assumed", "rows of data; a line of units under the header is joined to it")


def result_name(layout: Layout) -> str:
    """The name that best shows how header lines were joined."""
    return max(layout.names, key=len)


def drop_repeated_headers(result: RawTable, header: list[str], delimiter: str) -> None:
    """Leave out lines that repeat the header, as in files put together from several."""
    width = result.frame.num_columns
    header = [*header, *[""] * (width - len(header))]
    if width < 2 or not result.header_row or not result.frame.num_rows or not any(header):
        return
    same = pc.equal(pc.fill_null(result.frame.column(0), ""), header[0])
    if not pc.any(same).as_py():
        return
    for i in range(1, width):
        same = pc.and_(same, pc.equal(pc.fill_null(result.frame.column(i), ""), header[i]))
    repeated = same.combine_chunks().to_numpy(zero_copy_only=False)
    if not repeated.any():
        return
    lines = result.row_numbers
    if lines is None:
        lines = pa.array(range(result.first_row_number, result.first_row_number + result.frame.num_rows), pa.int64())
    gone = [(line, delimiter.join(header)) for line in lines.filter(pa.array(repeated)).to_pylist()]
    leave_out(result, gone, "header")
    examples = [{"row": line, "value": header[0]} for line, _ in gone[:5]]
    expected = "rows of data; lines that repeat the header are left out"
    result.notes.append(Problem(None, "repeated_header", len(gone), expected, examples, "left_out"))
    result.frame = result.frame.filter(pa.array(~repeated))
    result.row_numbers = lines.filter(pa.array(~repeated))
