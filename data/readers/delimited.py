"""Text with separated cells: a fast way for clean big files, a careful way for all others."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from data.problems import DataProblem, Problem
from data.readers.delimiters import FIXED, SEPARATOR_LINE, SPACES, find_delimiter, find_grammar
from data.readers.encodings import as_utf8, find_encoding, spoiled_words, unproven
from data.readers.fast import read_fast
from data.readers.filling import TAIL_RECORDS, fill_table, note
from data.readers.fixed import cut, find_starts
from data.readers.layout import Layout, find_layout
from data.readers.raw import MAX_COLUMNS, Assumed, RawTable
from data.readers.records import Grammar, Record, records
from data.readers.several import find_stacked
from data.readers.tables import drop_repeated_headers, read_grid, say_layout

FAST_FROM = 1 << 20
WHOLE_UP_TO = 1 << 25
_HEAD = 1 << 17


def read_delimited(data: memoryview, name: str, assumed: Assumed | None) -> list[RawTable]:
    """Read CSV, TSV, fixed-width or other separated text; one table unless several follow one another.

    Raises:
        DataProblem: the bytes are not text, or hold no table.
    """
    wanted = assumed or Assumed()
    encoding = wanted.encoding or find_encoding(data)
    text = as_utf8(data, encoding)
    head = _whole_lines(text)
    _refuse_binary(name, head)
    delimiter = wanted.delimiter or find_delimiter(head)
    if len(delimiter) != 1 and delimiter not in (SPACES, FIXED):
        raise DataProblem("bad_delimiter", "A delimiter is one character, not {given!r}.", given=delimiter)
    if wanted.quote is not None and len(wanted.quote) != 1:
        raise DataProblem("bad_quote", "A quote is one character, not {given!r}.", given=wanted.quote)
    grammar = _grammar(head, delimiter, wanted.quote)
    starts = (wanted.starts or find_starts(head)) if delimiter == FIXED else None
    how = replace(
        wanted,
        encoding=encoding,
        delimiter=delimiter,
        quote=grammar.quote if delimiter not in (SPACES, FIXED) else None,
        starts=starts,
    )
    skipped = 1 if SEPARATOR_LINE.match(head) else 0
    some = [record.cells for record in _records(head, grammar, delimiter, starts)]
    if not any(cell.strip() for record in some for cell in record):
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    layout = _layout(some, how, skipped, name)
    tables = None
    if len(text) >= FAST_FROM and delimiter not in (SPACES, FIXED) and not find_stacked(some, layout):
        tables = _fast(text, some, layout, grammar, how, name, skipped)
    if tables is None and len(text) <= WHOLE_UP_TO:
        whole = list(_records(_decoded(text), grammar, delimiter, starts, max(len(layout.names), 1)))
        tables = read_grid(whole, how, name, delimiter, skipped=skipped)
    if tables is None:
        tables = [_stream(text, some, layout, grammar, how, name, skipped)]
    for table in tables:
        table.preview_lines = table.preview_lines or tuple(line[:500] for line in head.splitlines()[:40])
        _say(table, data, head, text, how, wanted, grammar)
    return tables


def _grammar(head: str, delimiter: str, quote: str | None) -> Grammar:
    try:
        return find_grammar(head, delimiter, quote)
    except (TypeError, ValueError) as error:
        raise DataProblem("bad_delimiter", "A delimiter is one character, not {given!r}.", given=delimiter) from error


def _layout(some: list[list[str]], how: Assumed, skipped: int, name: str) -> Layout:
    if how.header_row is not None and how.header_row > len(some):
        raise DataProblem("no_such_row", "{name} has no line {row} for a header.", name=name, row=how.header_row)
    at = how.header_row - 1 - skipped if how.header_row else None
    layout = find_layout(
        some[skipped:], at if at is None or at >= 0 else 0, how.header_rows, how.units, no_header=how.header_row == 0
    )
    check_width(len(layout.names))
    return layout if layout.header_at is None else replace(layout, header_at=layout.header_at + skipped)


def check_width(width: int) -> None:
    """Refuse more columns than a table may have.

    Raises:
        DataProblem: too many.
    """
    if width > MAX_COLUMNS:
        raise DataProblem(
            "too_many_columns", "A table may have {limit} columns, not {width}.", limit=MAX_COLUMNS, width=width
        )


def _start(some: list[list[str]], layout: Layout, how: Assumed, name: str, skipped: int, delimiter: str) -> RawTable:
    """A table without rows yet, from the first records of a large file."""
    first = layout.first if layout.header_at is not None else skipped
    row = 0 if layout.header_at is None else layout.header_at + 1
    result = RawTable(
        name=name,
        frame=pa.table({}),
        header_row=row,
        first_row_number=first + 1,
        preview_lines=(),
        assumed=replace(how, header_row=row, header_rows=layout.header_rows, units=layout.units, table=None),
    )
    numbered = [(i + 1, Record(cells)) for i, cells in enumerate(some)]
    say_layout(result, numbered[skipped:first], layout, delimiter)
    return result


def _fast(
    text: memoryview,
    some: list[list[str]],
    layout: Layout,
    grammar: Grammar,
    how: Assumed,
    name: str,
    skipped: int,
) -> list[RawTable] | None:
    result = _start(some, layout, how, name, skipped, grammar.delimiter)
    if not read_fast(result, text, layout.names, grammar):
        return None
    if layout.header_at is not None:
        drop_repeated_headers(result, some[layout.header_at], grammar.delimiter)
    return [result]


def _stream(
    text: memoryview, some: list[list[str]], layout: Layout, grammar: Grammar, how: Assumed, name: str, skipped: int
) -> RawTable:
    """Read line by line a file too large to look at whole: one table, short lines filled up, long ones kept aside."""
    delimiter = how.delimiter or ","
    result = _start(some, layout, how, name, skipped, delimiter)
    rows = enumerate(_records(_decoded(text), grammar, delimiter, how.starts, len(layout.names)), start=1)
    fill_table(result, ((n, r) for n, r in rows if n >= result.first_row_number), layout.names, delimiter)
    return result


def _decoded(text: memoryview) -> str:
    return bytes(text).decode("utf-8").replace("\0", "")


def _whole_lines(text: memoryview) -> str:
    head = bytes(text[:_HEAD])
    decoded = head.decode("utf-8", errors="ignore")
    if len(text) > _HEAD:
        cut_at = max(decoded.rfind("\n"), decoded.rfind("\r"))
        decoded = decoded[: cut_at + 1] if cut_at > 0 else decoded
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


def _records(
    text: str, grammar: Grammar, delimiter: str, starts: tuple[int, ...] | None, width: int | None = None
) -> Iterator[Record]:
    text = text.replace("\0", "") if "\0" in text else text
    if delimiter == SPACES:
        return (Record(line.split()) for line in text.splitlines())
    if delimiter == FIXED:
        return (Record(cut(line, starts or (0,))) for line in text.splitlines())
    return records(text, grammar, width)


def _say(
    table: RawTable, data: memoryview, head: str, text: memoryview, how: Assumed, wanted: Assumed, grammar: Grammar
) -> None:
    """Notes on how the text itself was read."""

    def assumed(problem: str, expected: str, **params: object) -> None:
        table.notes.append(Problem(None, problem, 1, expected, [], "assumed", params))

    if wanted.encoding is None and how.encoding and (words := unproven(data, how.encoding)):
        assumed(
            "guessed_encoding",
            f"text in an encoding that proves itself; {how.encoding} is taken, as in {', '.join(words)}",
            encoding=how.encoding,
            words=", ".join(words),
        )
    if words := spoiled_words(head):
        note(table, "spoiled_letters", [(0, word) for word in words], "warning", "letters; these were damaged before")
        table.notes[-1].examples = [{"value": word} for word in words[:5]]
    zeros = bytes(text).count(b"\0") if len(text) <= WHOLE_UP_TO else head.count("\0")
    if zeros:
        table.notes.append(Problem(None, "null_bytes", zeros, "text; null bytes are left out", [], "warning"))
    if grammar.quote == "'" and wanted.quote is None and how.delimiter not in (SPACES, FIXED):
        assumed("single_quotes", "double quotes around texts; single ones are taken", quote="'")
    if grammar.escape:
        assumed("escaped_quotes", "doubled quotes within texts; a backslash before them is taken", escape="\\")
    if how.delimiter in (SPACES, FIXED) and wanted.delimiter is None:
        assumed("columns_by_place", "a character between cells; blanks part them here", delimiter=how.delimiter)


__all__ = ["FAST_FROM", "TAIL_RECORDS", "check_width", "read_delimited"]
