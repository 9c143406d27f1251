"""Text with separated cells: a fast way for clean big files, a careful way for all others."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from data.problems import DataProblem, Problem
from data.readers.delimiters import SPACES, find_delimiter, find_quote, split
from data.readers.encodings import as_utf8, find_encoding
from data.readers.layout import find_header, footer_length, is_footer, unique_names
from data.readers.raw import MAX_CELLS, MAX_COLUMNS, Assumed, RawTable

FAST_FROM = 1 << 20
_HEAD = 1 << 17
_TAIL = 1 << 14
_BATCH = 50_000
_TAIL_RECORDS = 12
csv.field_size_limit(1 << 24)


def read_delimited(data: memoryview, name: str, assumed: Assumed | None) -> RawTable:
    """Read CSV, TSV or other separated text.

    Raises:
        DataProblem: the bytes are not text, or hold no table.
    """
    wanted = assumed or Assumed()
    encoding = wanted.encoding or find_encoding(data)
    text = as_utf8(data, encoding)
    head = _whole_lines(text)
    _refuse_binary(name, head)
    delimiter = wanted.delimiter or find_delimiter(head)
    if len(delimiter) != 1 and delimiter != SPACES:
        raise DataProblem("bad_delimiter", "A delimiter is one character, not {given!r}.", given=delimiter)
    quote = '"' if delimiter == SPACES else find_quote(head, delimiter)
    skipped = 1 if head[:4].lower() == "sep=" else 0
    records = _records(head, delimiter, quote)
    if wanted.header_row is None:
        found = find_header(records[skipped:])
        header_at = None if found is None else found + skipped
    else:
        header_at = wanted.header_row - 1 if wanted.header_row > 0 else None
    if header_at is not None and header_at >= len(records):
        raise DataProblem("no_such_row", "{name} has no line {row} for a header.", name=name, row=header_at + 1)
    if not any(cell.strip() for record in records for cell in record):
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    first = skipped if header_at is None else header_at + 1
    width = _width(records, header_at, first)
    header = records[header_at] if header_at is not None else []
    result = RawTable(
        name=name,
        frame=pa.table({}),
        header_row=0 if header_at is None else header_at + 1,
        first_row_number=first + 1,
        preview_lines=tuple(line[:500] for line in head.splitlines()[:40]),
        assumed=replace(
            wanted, encoding=encoding, delimiter=delimiter, header_row=0 if header_at is None else header_at + 1
        ),
    )
    if header_at is None:
        result.notes.append(Problem(None, "no_header", 1, "a line with the names of the columns", severity="assumed"))
    names = unique_names(header, width)
    _read_body(result, text, names, delimiter, quote, first)
    if header_at is not None:
        _drop_repeated_headers(result)
    return result


def _read_body(result: RawTable, text: memoryview, names: list[str], delimiter: str, quote: str, first: int) -> None:
    if len(text) >= FAST_FROM and delimiter != SPACES and _read_fast(result, text, names, delimiter, quote):
        return
    _read_carefully(result, text, names, delimiter, quote, first)


def _drop_repeated_headers(result: RawTable) -> None:
    """Leave out lines that repeat the header, as in files put together from several."""
    same = pc.equal(result.frame.column(0), result.headers[0])
    if not pc.any(same).as_py() or result.frame.num_columns < 2:
        return
    for name in result.headers[1:]:
        same = pc.and_kleene(same, pc.equal(result.frame.column(name), name))
    repeated = pc.fill_null(same, False).combine_chunks().to_numpy(zero_copy_only=False)
    positions = np.flatnonzero(repeated)
    if not len(positions):
        return
    lines = result.row_numbers
    if lines is None:
        lines = pa.array(np.arange(result.frame.num_rows) + result.first_row_number, pa.int64())
    examples = [{"row": lines[int(p)].as_py(), "value": result.headers[0]} for p in positions[:5]]
    expected = "rows of data; lines that repeat the header are left out"
    result.notes.append(Problem(None, "repeated_header", len(positions), expected, examples, "left_out"))
    result.frame = result.frame.filter(pa.array(~repeated))
    result.row_numbers = lines.filter(pa.array(~repeated))


def _whole_lines(text: memoryview) -> str:
    head = bytes(text[:_HEAD])
    decoded = head.decode("utf-8", errors="ignore")
    if len(text) > _HEAD:
        cut = max(decoded.rfind("\n"), decoded.rfind("\r"))
        decoded = decoded[: cut + 1] if cut > 0 else decoded
    return decoded


def _refuse_binary(name: str, head: str) -> None:
    odd = sum(
        1 for character in head[:20_000] if character < " " and character not in "\t\r\n\x0b\x0c\x1a\x1c\x1d\x1e\x1f"
    )
    if odd > max(2, len(head[:20_000]) // 50):
        raise DataProblem(
            "not_a_table",
            "{name} is not a table Farol can read. Give CSV, TSV, XLSX, XLS, ODS, Parquet or JSON lines.",
            name=name,
        )


def _records(text: str, delimiter: str, quote: str) -> list[list[str]]:
    text = text.replace("\0", "")
    if delimiter == SPACES:
        return [line.split() for line in text.splitlines()]
    return split(text, delimiter, quote)


def _width(records: list[list[str]], header_at: int | None, first: int) -> int:
    if header_at is not None:
        header = records[header_at]
        while (
            header
            and not header[-1].strip()
            and all(len(r) < len(header) or not r[len(header) - 1].strip() for r in records[first:])
        ):
            header = header[:-1]
        width = len(header)
    else:
        width = max(len(record) for record in records)
    if width > MAX_COLUMNS:
        raise DataProblem(
            "too_many_columns", "A table may have {limit} columns, not {width}.", limit=MAX_COLUMNS, width=width
        )
    return max(width, 1)


def _read_fast(result: RawTable, text: memoryview, names: list[str], delimiter: str, quote: str) -> bool:
    """Let the engine read the body in one go. False when any line is not as wide as the header."""
    whole = bytes(text[: _HEAD * 2])
    start = _offset_of_line(whole, result.first_row_number - 1, quote)
    end = _end_of_rows(result, text, names, delimiter, quote)
    if start is None or end is None or end <= start:
        return False
    body = text[start:end]
    quoted = _contains(body, quote.encode())
    if _contains(body, b"\0"):
        return False
    try:
        result.frame = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 23),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                quote_char=quote if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        result.notes = [note for note in result.notes if note.problem != "footer"]
        return False
    _limit(result.frame.num_rows, len(names))
    _drop_blank_rows(result)
    return True


def _drop_blank_rows(result: RawTable) -> None:
    """Leave out blank lines, remembering the lines of the others."""
    if not result.frame.column(0).null_count:
        return
    filled = np.zeros(result.frame.num_rows, dtype=bool)
    for column in result.frame.columns:
        filled |= column.is_valid().to_numpy()
    if not filled.all():
        result.row_numbers = pa.array(np.flatnonzero(filled) + result.first_row_number, pa.int64())
        result.frame = result.frame.filter(pa.array(filled))


def _contains(data: memoryview, needle: bytes) -> bool:
    step = 1 << 24
    return any(needle in bytes(data[start : start + step]) for start in range(0, len(data), step))


def _offset_of_line(head: bytes, lines: int, quote: str) -> int | None:
    """Byte offset after `lines` lines; None when a quoted line break makes counting unsafe."""
    offset = 0
    for _ in range(lines):
        match = re.compile(rb"\r\n|\n|\r").search(head, offset)
        if match is None:
            return None
        if head[offset : match.start()].count(quote.encode()) % 2:
            return None
        offset = match.end()
    return offset


def _end_of_rows(result: RawTable, text: memoryview, names: list[str], delimiter: str, quote: str) -> int | None:
    """Byte offset where rows end and totals or notices begin; notes what is left out."""
    start = max(0, len(text) - _TAIL)
    tail = bytes(text[start:])
    ends = [match.end() for match in re.finditer(rb"\r\n|\n|\r", tail)]
    if not tail.endswith((b"\n", b"\r")):
        ends.append(len(tail))
    keep = len(ends)
    footers = []
    while keep > 1 and len(ends) - keep < _TAIL_RECORDS:
        line = tail[ends[keep - 2] : ends[keep - 1]].decode("utf-8", errors="replace").strip("\r\n")
        record = split(line, delimiter, quote)[0] if line else []
        if not is_footer(record, len(names)):
            break
        if line.strip(delimiter + " "):
            footers.append((len(ends) - keep, line))
        keep -= 1
    if footers:
        total = _count_lines(text)
        _note_footers(result, [(total - behind, line) for behind, line in reversed(footers)])
    return start + ends[keep - 1] if keep else None


def _count_lines(text: memoryview) -> int:
    step = 1 << 24
    count = sum(bytes(text[i : i + step]).count(b"\n") for i in range(0, len(text), step))
    return count + (0 if bytes(text[-1:]) == b"\n" else 1)


def _note_footers(result: RawTable, footers: list[tuple[int, str]]) -> None:
    result.notes.append(
        Problem(
            None,
            "footer",
            len(footers),
            "rows of data; totals and notices below them are left out",
            [{"row": row, "value": text[:200]} for row, text in footers[:5]],
            "left_out",
        )
    )


def _limit(rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        raise DataProblem(
            "too_large", "A table may have {limit} cells; this one has {cells}.", limit=MAX_CELLS, cells=rows * columns
        )


def _read_carefully(
    result: RawTable, text: memoryview, names: list[str], delimiter: str, quote: str, first: int
) -> None:
    """Read line by line: short lines are filled up, long ones are kept aside, blank ones are skipped."""
    decoded = bytes(text).decode("utf-8").replace("\0", "")
    rows = _numbered(decoded, delimiter, quote, first)
    fill_table(result, rows, names, delimiter)


def _numbered(text: str, delimiter: str, quote: str, first: int) -> Iterator[tuple[int, list[str]]]:
    if delimiter == SPACES:
        records: Iterator[list[str]] = (line.split() for line in text.splitlines())
    elif _swallows(text, delimiter, quote):
        records = (next(iter(split(line, delimiter, quote)), []) for line in text.splitlines())
    else:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    try:
        for number, record in enumerate(records, start=1):
            if number > first:
                yield number, record
    except csv.Error as error:
        raise DataProblem("broken_csv", "The file cannot be read as separated text: {why}.", why=str(error)) from error


def _swallows(text: str, delimiter: str, quote: str) -> bool:
    """Whether an unclosed quote would swallow the lines after it."""
    if text.count(quote) % 2 == 0:
        return False
    last: list[str] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote):
            last = record
    except csv.Error:
        return True
    return any("\n" in cell and delimiter in cell for cell in last)


def fill_table(result: RawTable, rows: Iterator[tuple[int, list[str]]], names: list[str], delimiter: str = " ") -> None:
    """Turn numbered records into the table of `result`, noting footers and lines that do not fit."""
    width = len(names)
    batches: list[pa.RecordBatch] = []
    pending: list[tuple[int, list[str]]] = []
    numbers: list[pa.Array] = []
    straight = True
    expected = result.first_row_number

    def flush(upto: int) -> None:
        nonlocal straight, expected
        ready, pending[:] = pending[:upto], pending[upto:]
        kept = []
        for number, record in ready:
            if not any(cell.strip() for cell in record):
                continue
            if len(record) > width and any(cell.strip() for cell in record[width:]):
                result.broken.append((number, delimiter.join(record)[:2000], "too_many_cells"))
                continue
            kept.append((number, record))
        for number, _ in kept:
            straight = straight and number == expected
            expected = number + 1
        if kept:
            columns = [
                pa.array([record[i] if i < len(record) else None for _, record in kept], pa.string())
                for i in range(width)
            ]
            batches.append(pa.record_batch(columns, names=names))
            numbers.append(pa.array([number for number, _ in kept], pa.int64()))
            _limit(sum(batch.num_rows for batch in batches), width)

    for row in rows:
        pending.append(row)
        if len(pending) >= _BATCH + _TAIL_RECORDS:
            flush(_BATCH)
    tail = pending[-_TAIL_RECORDS:]
    cut = footer_length([record for _, record in tail], width) if len(pending) > 1 else 0
    footers = [(n, delimiter.join(r)) for n, r in pending[len(pending) - cut :] if any(cell.strip() for cell in r)]
    flush(len(pending) - cut)
    if footers:
        _note_footers(result, footers)
    schema = pa.schema([(name, pa.string()) for name in names])
    result.frame = pa.Table.from_batches(batches, schema=schema)
    if not straight:
        result.row_numbers = pa.concat_arrays(numbers)
