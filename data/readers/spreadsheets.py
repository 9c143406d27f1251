"""XLSX, XLSM, XLSB, XLS and ODS, through calamine; every cell becomes the text a person would type."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from data.problems import DataProblem, Problem, did_you_mean
from data.readers.delimited import fill_table
from data.readers.layout import find_header, unique_names
from data.readers.raw import MAX_CELLS, Assumed, RawTable


def read_spreadsheet(data: memoryview, name: str, assumed: Assumed | None) -> list[RawTable]:
    """One table for each sheet that holds something, or the one asked for in `assumed.sheet`.

    Raises:
        DataProblem: the file is not a spreadsheet, or has no such sheet.
    """
    wanted = assumed or Assumed()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = list(book.sheet_names)
    except (CalamineError, ValueError, OSError) as error:
        raise DataProblem("broken_spreadsheet", "{name} cannot be opened as a spreadsheet.", name=name) from error
    if wanted.sheet is not None and wanted.sheet not in sheets:
        raise DataProblem(
            "unknown_sheet",
            "{name} has no sheet {sheet!r}.{hint}",
            name=name,
            sheet=wanted.sheet,
            hint=did_you_mean(wanted.sheet, sheets),
        )
    tables = []
    for sheet in [wanted.sheet] if wanted.sheet else sheets:
        try:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        except (CalamineError, ValueError, OSError) as error:
            raise DataProblem(
                "broken_sheet", "The sheet {sheet!r} of {name} cannot be read.", sheet=sheet, name=name
            ) from error
        table = _table(rows, name if len(sheets) == 1 else f"{name} · {sheet}", replace(wanted, sheet=sheet))
        if table is not None:
            tables.append(table)
    if not tables:
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    return tables


def _table(rows: list[list[Any]], name: str, wanted: Assumed) -> RawTable | None:
    if sum(len(row) for row in rows[:1]) * len(rows) > MAX_CELLS:
        raise DataProblem("too_large", "A table may have {limit} cells.", limit=MAX_CELLS)
    head = [[cell_text(cell) for cell in row] for row in rows[:80]]
    if not any(cell.strip() for record in head for cell in record):
        return None
    header_at = find_header(head) if wanted.header_row is None else wanted.header_row - 1
    if header_at is not None and header_at >= len(head):
        raise DataProblem("no_such_row", "{name} has no line {row} for a header.", name=name, row=header_at + 1)
    if header_at is not None and header_at < 0:
        header_at = None
    header = head[header_at] if header_at is not None else []
    first = 0 if header_at is None else header_at + 1
    width = max([len(row) for row in rows[:1000]])
    row = 0 if header_at is None else header_at + 1
    result = RawTable(
        name=name,
        frame=pa.table({}),
        header_row=row,
        first_row_number=first + 1,
        preview_lines=tuple("\t".join(record)[:500] for record in head[:40]),
        assumed=replace(wanted, header_row=row),
    )
    if header_at is None:
        result.notes.append(Problem(None, "no_header", 1, "a line with the names of the columns", severity="assumed"))
    fill_table(result, _numbered(rows, first), unique_names(header, width), "\t")
    blank = [
        column
        for position, column in enumerate(result.frame.column_names)
        if (position >= len(header) or not header[position].strip())
        and result.frame.column(column).to_pylist().count("") + result.frame.column(column).null_count
        == result.frame.num_rows
    ]
    result.frame = result.frame.drop_columns(blank) if len(blank) < result.frame.num_columns else result.frame
    return result


def _numbered(rows: list[list[Any]], first: int) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows[first:], start=first + 1):
        yield number, [cell_text(cell) for cell in row]


def cell_text(cell: Any) -> str:
    """The text of a spreadsheet cell: whole numbers without decimals, ISO dates, h:mm:ss durations."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell)
