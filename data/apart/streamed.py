"""Big clean text files, block by block onto disk: what has anything unusual about it is left to its reader.

The start and the end of a file say how it is written; each block between must then be plain rows. The result is what
the reader would give, without ever holding the file.
"""

import mmap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from data.apart import screening
from data.apart.abreast import ABREAST, abreast
from data.apart.limits import MEGABYTE, Limits
from data.problems import DataProblem
from data.readers import Assumed, RawTable
from data.readers.delimited import read_delimited

FROM_BYTES = 16 * MEGABYTE
BLOCK = 8 * MEGABYTE
_HEAD, _TAIL = 1 << 19, 1 << 15
_OTHERS = (b"PK", b"\x1f\x8b", b"PAR1", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = ("utf-8", "utf-8-sig", "ascii")
_TOTAL = r"(?i)^\s*(?:grand |sub|gran |sum )?-?(?:total|totais|soma|suma|sum\b)"


def read(
    path: Path, name: str, assumed: Assumed | None, to: Path, limits: Limits, say: Callable[[str, float], None]
) -> RawTable | None:
    """Put the rows of a big text file into an Arrow file; gives their heading, without rows.

    None where the file is small, is no plain text, or has anything in it that its reader must look at closely.

    Raises:
        DataProblem: it has more rows, columns or cells than a table may have.
    """
    if not path.is_file() or path.stat().st_size < FROM_BYTES or name.lower().endswith((".json", ".jsonl", ".ndjson")):
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:8].startswith(_OTHERS):
            return None
        head = data[: data.rfind(b"\n", 0, _HEAD) + 1]
        place = data.find(b"\n", len(data) - _TAIL) + 1
        tail = data[place:]
        heading = _heading(head + tail, name, assumed)
        if heading is None or not head or not place:
            return None
        start = _offset(head, heading.first_row_number - 1)
        if start is None:
            return None
        try:
            rows = _write(data, start, heading, to, limits, say)
        except (pa.ArrowInvalid, _Unusual):
            return None
    shift = heading.first_row_number + rows - 1 - (head + tail).count(b"\n") - (not tail.endswith(b"\n"))
    heading.tail_lines = tuple((line + shift, text) for line, text in heading.tail_lines)
    return replace(heading, frame=pa.table({}), _samples={})


class _Unusual(Exception):
    """Something that the reader must look at."""


def _heading(ends: bytes, name: str, assumed: Assumed | None) -> RawTable | None:
    """How the file is written, by its ends; None where there is anything to say about them."""
    try:
        tables: Any = read_delimited(memoryview(ends), name, assumed)
    except DataProblem:
        return None
    if len(tables) != 1:
        return None
    found: RawTable = tables[0]
    plain = found.assumed.encoding in _ENCODINGS and len(found.assumed.delimiter or "") == 1
    quiet = not (found.notes or found.broken or found.left_out or found.row_numbers is not None)
    one_line = found.header_row and found.first_row_number == found.header_row + 1 and found.frame.num_columns > 1
    return found if plain and quiet and one_line else None


def _offset(head: bytes, lines: int) -> int | None:
    """Where the rows start: after so many lines, none of which may break within quotes."""
    place = 0
    for _ in range(lines):
        end = head.find(b"\n", place)
        if end < 0 or head.count(b'"', place, end) % 2 or head.count(b"'", place, end) % 2:
            return None
        place = end + 1
    return place


def _blocks(data: mmap.mmap, start: int) -> Iterator[bytes]:
    while start < len(data):
        end = start + BLOCK
        end = len(data) if end >= len(data) else data.rfind(b"\n", start, end) + 1
        if end <= start:
            raise _Unusual
        yield data[start:end]
        if hasattr(data, "madvise"):  # these pages will not be asked for again
            data.madvise(mmap.MADV_DONTNEED, 0, end // mmap.PAGESIZE * mmap.PAGESIZE)
        start = end


def _write(
    data: mmap.mmap, start: int, heading: RawTable, to: Path, limits: Limits, say: Callable[[str, float], None]
) -> int:
    """Parse blocks side by side and write them in their order; gives the number of rows."""
    names = heading.headers
    schema = pa.schema([(name, pa.string()) for name in names])
    rows, read_so_far = 0, start

    def parse(block: bytes) -> tuple[int, pa.Table]:
        return len(block), _parsed(block, names, heading)

    with pa.OSFile(str(to), "wb") as sink, pa.ipc.new_file(sink, schema) as writer, ThreadPoolExecutor(ABREAST) as pool:
        for size, table in abreast(pool, parse, _blocks(data, start)):
            rows += table.num_rows
            read_so_far += size
            screening.fits(rows, len(names), limits)
            writer.write_table(table)
            say("reading", 0.05 + 0.8 * read_so_far / len(data))
    return rows


def _parsed(block: bytes, names: list[str], heading: RawTable) -> pa.Table:
    """A block as text columns; each line a row as wide as the header, none blank, none a total, no header again."""
    quote = getattr(heading.assumed, "quote", None) or '"'
    quoted = quote.encode() in block
    returns = b"\r" in block
    lines = block.count(b"\n") + (not block.endswith(b"\n")) if quoted or returns else None  # else each is a row
    if b"\0" in block or (returns and block.count(b"\r") not in (lines, (lines or 0) - 1)):
        raise _Unusual
    if quoted and _odd_quotes(block, quote, heading.assumed.delimiter or ","):
        raise _Unusual
    table = arrow_csv.read_csv(
        pa.BufferReader(block),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 20, use_threads=False),
        parse_options=arrow_csv.ParseOptions(
            delimiter=heading.assumed.delimiter,
            quote_char=quote if quoted else False,
            newlines_in_values=False,
            ignore_empty_lines=False,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    first, second = table.column(0), table.column(1)
    blank = first.null_count and second.null_count and _all_blank(table)
    again = pc.any(pc.equal(first, names[0])).as_py()
    if lines not in (None, table.num_rows) or blank or again or _totals(first, second):
        raise _Unusual
    return table


def _all_blank(table: pa.Table) -> bool:
    filled = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        filled |= column.is_valid().to_numpy()
    return not filled.all()


def _totals(*columns: pa.ChunkedArray) -> bool:
    """Whether a line may be a total rather than a row."""
    return any(pc.any(pc.match_substring_regex(pc.unique(column), _TOTAL)).as_py() for column in columns)


def _odd_quotes(block: bytes, quote: str, delimiter: str) -> bool:
    """Whether a quote stands anywhere but at the ends of a cell."""
    part = np.frombuffer(block, np.uint8)
    places = np.flatnonzero(part == ord(quote))
    places = places[(places > 0) & (places < len(part) - 1)]
    ends = [ord(delimiter), 10, 13, ord(quote)]
    return bool((~np.isin(part[places - 1], ends) & ~np.isin(part[places + 1], ends)).any())
