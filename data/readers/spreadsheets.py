"""XLSX, XLSM, XLSB, XLS and ODS, through calamine; every cell becomes the text a person would type."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from data.problems import DataProblem, did_you_mean
from data.readers.filling import note
from data.readers.raw import MAX_CELLS, Assumed, RawTable
from data.readers.records import Record
from data.readers.tables import read_grid
from data.readers.xlsx_marks import Marks, read_marks, shown

_ERROR_WORDS = (
    "#DIV/0! #N/A #N/D #NAME? #NOME? #NULL! #NULO! #NUM! #NÚM! #REF! #VALUE! #VALOR! #GETTING_DATA #SPILL! #CALC!"
    " #¡VALOR! #¡REF! #¡NUM! #¡DIV/0! #¿NOMBRE?"
)
_ERRORS = frozenset(_ERROR_WORDS.split())
Merges = Sequence[tuple[tuple[int, int], tuple[int, int]]]


def read_spreadsheet(data: memoryview, name: str, assumed: Assumed | None) -> list[RawTable]:
    """The tables of each sheet that holds something, or of the one asked for in `assumed.sheet`.

    Raises:
        DataProblem: the file is not a spreadsheet, or has no such sheet.
    """
    wanted = assumed or Assumed()
    book, sheets = _open(data, name)
    if wanted.sheet is not None and wanted.sheet not in sheets:
        raise DataProblem(
            "unknown_sheet",
            "{name} has no sheet {sheet!r}.{hint}",
            name=name,
            sheet=wanted.sheet,
            hint=did_you_mean(wanted.sheet, sheets),
        )
    marks = read_marks(data)
    tables: list[RawTable] = []
    refusal: DataProblem | None = None
    for sheet in [wanted.sheet] if wanted.sheet is not None else sheets:
        label = name if len(sheets) == 1 else f"{name} · {sheet}"
        try:
            rows, merges = _cells(book, sheet, name)
            tables += _sheet(rows, merges, marks.get(sheet, Marks()), label, replace(wanted, sheet=sheet))
        except DataProblem as problem:
            refusal = refusal or problem
            if len(sheets) == 1 or wanted.sheet is not None or problem.id in ("too_large", "too_many_columns"):
                raise
    if not tables:
        raise refusal or DataProblem("empty_file", "{name} holds no rows.", name=name)
    if refusal is not None:
        note(tables[0], "sheet_left_out", [(0, str(refusal))], "left_out", str(refusal))
    return tables


def _open(data: memoryview, name: str) -> tuple[CalamineWorkbook, list[str]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return book, list(book.sheet_names)
    except BaseException as error:
        raise _refusal(error, "broken_spreadsheet", "{name} cannot be opened as a spreadsheet.", name=name) from error


def _cells(book: CalamineWorkbook, sheet: str, name: str) -> tuple[list[list[Any]], Merges]:
    """The cells of a sheet from its first on, and its merged ranges."""
    broken = ("broken_sheet", "The sheet {sheet!r} of {name} cannot be read.")
    try:
        opened: CalamineSheet = book.get_sheet_by_name(sheet)
        if opened.total_height * opened.total_width > MAX_CELLS:
            raise DataProblem("too_large", "A table may have {limit} cells.", limit=MAX_CELLS)
        return opened.to_python(skip_empty_area=False), list(opened.merged_cell_ranges or [])
    except DataProblem:
        raise
    except BaseException as error:
        raise _refusal(error, *broken, sheet=sheet, name=name) from error


def _refusal(error: BaseException, id: str, message: str, **params: Any) -> BaseException:
    """What to raise for a failure of the parser, whose panics are no ordinary exceptions; others pass as they are."""
    panic = type(error).__name__ == "PanicException"
    if panic or isinstance(error, CalamineError | ValueError | OSError | OverflowError | KeyError | IndexError):
        return DataProblem(id, message, **params)
    return error


def _sheet(rows: list[list[Any]], merges: Merges, marks: Marks, name: str, wanted: Assumed) -> list[RawTable]:
    for (row, column), mark in marks.formats.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown(rows[row][column], mark)
    wide = [place[0] for place, other in merges if other[1] > place[1]]
    filled = _fill_merged(rows, merges)
    grid = [Record([cell_text(cell) for cell in row]) for row in rows]
    errors = [
        (number, cell)
        for number, record in enumerate(grid, start=1)
        for cell in record.cells
        if cell[:1] == "#" and cell in _ERRORS
    ]
    errors += [(row + 1, "#") for row, column in marks.errors if row < len(rows) and not _text_at(grid, row, column)]
    if not any(cell.strip() for record in grid for cell in record.cells):
        return []
    for record in grid:
        _blank_errors(record.cells)
        while record.cells and not record.cells[-1]:
            record.cells.pop()
    width = max(len(record.cells) for record in grid)
    for record in grid:
        record.cells.extend([""] * (width - len(record.cells)))
    tables = read_grid(grid, wanted, name, "\t", merged=wide)
    for table in tables:
        table.preview_lines = tuple("\t".join(record.cells)[:500] for record in grid[:40])
        _drop_blank_columns(table)
    if errors:
        expected = "values; cells with an error of the spreadsheet are read as blank"
        note(tables[0], "error_cells", errors, "warning", expected)
    if filled:
        expected = "a value in each row; a merged cell counts for every row it spans"
        note(tables[0], "merged_cells", filled, "assumed", expected)
    return tables


def _text_at(grid: list[Record], row: int, column: int) -> str:
    return grid[row].cells[column] if column < len(grid[row].cells) else ""


def _blank_errors(cells: list[str]) -> None:
    for i, cell in enumerate(cells):
        if cell[:1] == "#" and cell in _ERRORS:
            cells[i] = ""


def _fill_merged(rows: list[list[Any]], merges: Merges) -> list[tuple[int, str]]:
    """Give each row below the top of a cell merged downwards its value; lines so filled, with the value."""
    filled: list[tuple[int, str]] = []
    for (top, left), (bottom, _) in merges:
        if bottom <= top or bottom >= len(rows) or left >= len(rows[top]) or rows[top][left] in ("", None):
            continue
        if _in_header(rows, top, bottom):
            continue
        for row in range(top + 1, bottom + 1):
            if left < len(rows[row]) and rows[row][left] in ("", None):
                rows[row][left] = rows[top][left]
                filled.append((row + 1, cell_text(rows[top][left])))
    return filled


def _in_header(rows: list[list[Any]], top: int, bottom: int) -> bool:
    """Whether merged rows look like header lines: nothing but text in them, and no rows of data above."""
    span = [cell for row in rows[: bottom + 1] for cell in row if cell not in ("", None)]
    return bottom - top <= 3 and top < 10 and all(isinstance(cell, str) for cell in span)


def _drop_blank_columns(table: RawTable) -> None:
    """Leave out columns without a name and without a value."""
    frame = table.frame
    blank = [
        name
        for name in frame.column_names
        if name.startswith("column_")
        and frame.column(name).to_pylist().count("") + frame.column(name).null_count == frame.num_rows
    ]
    table.frame = frame.drop_columns(blank) if len(blank) < frame.num_columns else frame


def cell_text(cell: Any) -> str:
    """The text of a spreadsheet cell: whole numbers without decimals, ISO dates, h:mm:ss durations."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e21 else repr(cell)
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
