"""The fast way through large clean text: the engine reads the body in one go."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from data.problems import Problem
from data.readers.filling import TAIL_RECORDS, leave_out, limit, note_footers
from data.readers.layout import footer_length, is_subtotal
from data.readers.raw import RawTable
from data.readers.records import Grammar, cells_of

_HEAD = 1 << 18
_TAIL = 1 << 14
_LINE_END = re.compile(rb"\r\n|\n|\r")


def read_fast(result: RawTable, text: memoryview, names: list[str], grammar: Grammar) -> bool:
    """Fill `result`; False, leaving it as it was, when any line is not as wide as the header."""
    whole = bytes(text[:_HEAD])
    start = _offset_of_line(whole, result.first_row_number - 1, grammar.quote)
    end, footers = _end_of_rows(text, names, grammar, bool(result.assumed.keep_totals))
    if start is None or end is None or end <= start or grammar.escape:
        return False
    body = text[start:end]
    quoted = _contains(body, grammar.quote.encode())
    if _contains(body, b"\0") or len(grammar.delimiter.encode()) > 1 or len(grammar.quote.encode()) > 1:
        return False
    if quoted and _odd_quotes(body, grammar):
        return False
    try:
        frame = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 23),
            parse_options=arrow_csv.ParseOptions(
                delimiter=grammar.delimiter,
                quote_char=grammar.quote if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return False
    limit(frame.num_rows, len(names))
    if quoted and _breaks(body) > frame.num_rows and _whole_lines_in_cells(frame, grammar):
        return False
    result.frame = frame
    after = result.first_row_number + frame.num_rows
    _drop_blank_rows(result)
    if not result.assumed.keep_totals:
        _drop_subtotals(result, grammar.delimiter)
    if footers:
        lines = [(after + place, line) for place, line in footers]
        leave_out(result, lines, "footer")
        note_footers(result, lines)
    result.tail_lines = _tail_lines(text, after + _records_after(text, end, grammar), grammar)
    return True


def _odd_quotes(body: memoryview, grammar: Grammar) -> bool:
    """Whether a quote stands between ordinary characters, which well-formed text never has."""
    quote, edge = ord(grammar.quote), np.zeros(256, dtype=bool)
    edge[[ord(grammar.delimiter), 10, 13, quote]] = True
    step = 1 << 24
    for start in range(0, len(body), step):
        part = np.frombuffer(body[max(0, start - 1) : start + step + 1], np.uint8)
        places = np.flatnonzero(part == quote)
        places = places[(places > 0) & (places < len(part) - 1)]
        if len(places) and (~edge[part[places - 1]] & ~edge[part[places + 1]]).any():
            return True
    return False


def _whole_lines_in_cells(frame: pa.Table, grammar: Grammar) -> bool:
    """Whether a cell over several lines also holds the delimiter: an open quote may have swallowed lines."""
    for column in frame.columns:
        if pc.any(pc.match_substring_regex(column, r"[\r\n]")).as_py():
            several = column.filter(pc.fill_null(pc.match_substring_regex(column, r"[\r\n]"), False))
            counts = pc.count_substring(several, grammar.delimiter)
            if pc.max(counts).as_py() >= frame.num_columns - 1:
                return True
    return False


def _drop_blank_rows(result: RawTable) -> None:
    """Leave out blank lines, remembering the lines of the others."""
    if not result.frame.column(0).null_count:
        return
    filled = np.zeros(result.frame.num_rows, dtype=bool)
    for column in result.frame.columns:
        filled |= column.is_valid().to_numpy()
    if not filled.all():
        _keep(result, filled)


def _keep(result: RawTable, wanted: np.ndarray) -> None:
    lines = result.row_numbers
    if lines is None:
        lines = pa.array(np.arange(result.frame.num_rows) + result.first_row_number, pa.int64())
    result.row_numbers = lines.filter(pa.array(wanted))
    result.frame = result.frame.filter(pa.array(wanted))


def _drop_subtotals(result: RawTable, delimiter: str) -> None:
    """Leave out lines of totals between the rows."""
    frame = result.frame
    if frame.num_columns < 3:
        return
    suspect = np.zeros(frame.num_rows, dtype=bool)
    for column in frame.columns[: 2 if frame.column(0).null_count else 1]:
        found = pc.match_substring_regex(
            column, r"(?i)^\s*(?:grand |sub|gran |sum )?-?(?:total|totais|soma|suma|sum\b)"
        )
        suspect |= np.asarray(pc.fill_null(found, False).to_numpy(), dtype=bool)
    totals = []
    wanted = np.ones(frame.num_rows, dtype=bool)
    for position in np.flatnonzero(suspect)[:10_000]:
        cells = [column[int(position)].as_py() or "" for column in frame.columns]
        if is_subtotal(cells, frame.num_columns):
            wanted[position] = False
            line = result.row_numbers[int(position)].as_py() if result.row_numbers is not None else None
            totals.append((line or int(position) + result.first_row_number, delimiter.join(cells)))
    if not totals:
        return
    leave_out(result, totals, "total")
    examples = [{"row": row, "value": text[:200]} for row, text in totals[:5]]
    expected = "rows of data; lines of totals between them are left out"
    result.notes.append(Problem(None, "subtotal", len(totals), expected, examples, "left_out"))
    _keep(result, wanted)


def _breaks(data: memoryview) -> int:
    """Line breaks in a text, within cells or not."""
    return _count(data, b"\n") or _count(data, b"\r")


def _count(data: memoryview, needle: bytes) -> int:
    step = 1 << 24
    return sum(bytes(data[start : start + step]).count(needle) for start in range(0, len(data), step))


def _contains(data: memoryview, needle: bytes) -> bool:
    step = 1 << 24
    return any(needle in bytes(data[start : start + step]) for start in range(0, len(data), step))


def _offset_of_line(head: bytes, lines: int, quote: str) -> int | None:
    """Byte offset after `lines` lines; None when a quoted line break makes counting unsafe."""
    offset = 0
    for _ in range(lines):
        match = _LINE_END.search(head, offset)
        if match is None:
            return None
        if head[offset : match.start()].count(quote.encode()) % 2:
            return None
        offset = match.end()
    return offset


def _tail(text: memoryview) -> tuple[int, list[tuple[int, str]]]:
    """Offset of the last part of a text and its lines, as (end offset within it, line)."""
    start = max(0, len(text) - _TAIL)
    tail = bytes(text[start:])
    ends = [match.end() for match in _LINE_END.finditer(tail)]
    if not tail.endswith((b"\n", b"\r")):
        ends.append(len(tail))
    lines, begin = [], 0
    for end in ends:
        lines.append((end, tail[begin:end].decode("utf-8", errors="replace").rstrip("\r\n")))
        begin = end
    return start, lines


def _end_of_rows(
    text: memoryview, names: list[str], grammar: Grammar, keep: bool
) -> tuple[int | None, list[tuple[int, str]]]:
    """Byte offset where rows end, and the lines of totals and notices after it, as (place after the rows, line)."""
    start, lines = _tail(text)
    if not lines:
        return None, []
    last = lines[1:][-TAIL_RECORDS:]
    if keep or not last:
        return len(text), []
    cells = [(cells_of(line, grammar) or [[]])[0] for _, line in last]
    length = footer_length(cells, len(names))
    if not length:
        return len(text), []
    cut = last[-length:]
    before = lines[len(lines) - length - 1][0]
    footers = [(place, line) for place, (_, line) in enumerate(cut) if line.strip(grammar.delimiter + " \x1a")]
    return start + before, footers


def _records_after(text: memoryview, end: int, grammar: Grammar) -> int:
    return len(cells_of(bytes(text[end:]).decode("utf-8", errors="replace"), grammar))


def _tail_lines(text: memoryview, after: int, grammar: Grammar) -> tuple[tuple[int, str], ...]:
    """The last lines with their numbers, where the last line is number `after` - 1."""
    _, lines = _tail(text)
    shown = lines[1:][-TAIL_RECORDS:]
    return tuple((after - len(shown) + i, line[:500]) for i, (_, line) in enumerate(shown))
