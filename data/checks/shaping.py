"""Row steps executed: the rows of a file chosen, joined or taken apart before columns are read, none lost unsaid."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.grouping import currency_headers, keep_newest, sum_rows
from data.checks.shaped import Shaped, leave_out, lines_of, say, texts_of
from data.checks.values import Manner
from data.mapping.mapping import TableMapping
from data.mapping.steps import LatestBy, Only, Split, SumBy, Unpivot
from data.readers.raw import RawTable
from data.readers.typed import flat, is_missing, mask

__all__ = ["Shaped", "shape"]


def shape(raw: RawTable, table: str, body: TableMapping, how: Manner, private: set[str], keep: list[str]) -> Shaped:
    """Run the steps of one table on the rows of a file.

    Args:
        raw: The file as read.
        table: The canonical table it feeds.
        body: Its mapping, headers spelled as in the file.
        how: How numbers and dates of the file are written.
        private: Headers whose values must not be shown.
        keep: Headers wanted afterwards that the mapping does not name.
    """
    money = currency_headers(table, body, raw.headers)
    wanted = {*body.headers, *keep, *money}
    frame = raw.frame.select([header for header in raw.headers if header in wanted])
    count = raw.frame.num_rows
    lines = raw.row_numbers
    if lines is None:
        lines = pa.array(np.arange(count) + raw.first_row_number, pa.int64())
    start = np.arange(count)
    first = replace(raw, frame=frame, row_numbers=flat(lines), _samples={})
    shaped = Shaped(first, start, start, np.full(count, "", dtype=object))
    for step in body.rows:
        if isinstance(step, Only):
            _choose(shaped, step, private)
        elif isinstance(step, SumBy):
            sum_rows(shaped, step, how, private, body, keep, money)
        elif isinstance(step, LatestBy):
            keep_newest(shaped, step, how, private, body, keep)
        elif isinstance(step, Unpivot):
            _take_apart(shaped, step)
        else:
            _split(shaped, step, private)
    return shaped


def _choose(shaped: Shaped, step: Only, private: set[str]) -> None:
    found = []
    for header, values in step.values:
        wanted = pa.array([value.strip().casefold() for value in values], pa.string())
        encoded = pc.dictionary_encode(pc.fill_null(texts_of(shaped, header), ""))
        meant = pa.array([text.casefold() for text in encoded.dictionary.to_pylist()], pa.string())
        found.append(mask(pc.is_in(meant, value_set=wanted).take(encoded.indices)))
    out = np.array(np.any(found, axis=0) if step.inverted else ~np.all(found, axis=0))
    headers = ", ".join(step.headers)
    hide = bool(set(step.headers) & private)
    listed = "…" if hide else "; ".join(", ".join(values) for _, values in step.values)
    expected = f"rows without {listed} in {headers}" if step.inverted else f"only rows with {listed} in {headers}"
    said = {"headers": headers, "values": listed}
    show = None if hide else step.headers[0]
    problem = "rows_without" if step.inverted else "rows_only"
    leave_out(shaped, out, step.headers[0], problem, expected, said, show)


def _take_apart(shaped: Shaped, step: Unpivot) -> None:
    frame, count = shaped.raw.frame, shaped.raw.frame.num_rows
    cells = [texts_of(shaped, header) for header in step.columns]
    filled = np.stack([~is_missing(cell) for cell in cells], axis=1)
    empty = np.array(~filled.any(axis=1))
    leave_out(shaped, empty, step.name, "no_cells", "a value in one of the columns; blank cells are no row", {}, None)
    rows, columns = np.nonzero(filled)
    values = flat(pa.chunked_array(cells)).take(pa.array(columns * count + rows))
    renumbered = np.cumsum(~empty) - 1
    rows = renumbered[rows]
    frame = shaped.raw.frame
    headings = pa.array(step.columns, pa.string()).take(pa.array(columns))
    others = {h: flat(frame.column(h)).take(pa.array(rows)) for h in frame.column_names if h not in step.columns}
    order = np.argsort(shaped.target, kind="stable")
    sizes = np.bincount(shaped.target, minlength=frame.num_rows)
    starts = np.cumsum(sizes) - sizes
    repeated = sizes[rows]
    target = np.repeat(np.arange(len(rows)), repeated)
    offset = np.arange(len(target)) - np.repeat(np.cumsum(repeated) - repeated, repeated)
    shaped.made += len(target) - len(shaped.target)
    shaped.source = shaped.source[order][np.repeat(starts[rows], repeated) + offset]
    shaped.target = target
    shaped.cell = np.asarray(step.columns, dtype=object)[columns][target]
    shaped.apart = step.columns
    for refused in shaped.refused:
        refused.rows, refused.texts = refused.rows[rows], refused.texts[rows]
    lines = lines_of(shaped).take(pa.array(rows))
    made = pa.table(others | {step.name: headings, step.value: values})
    shaped.raw = replace(shaped.raw, frame=made, row_numbers=lines, _samples={})


def _split(shaped: Shaped, step: Split, private: set[str]) -> None:
    texts = texts_of(shaped, step.header)
    listed = mask(pc.match_substring(texts, step.by))
    if not listed.any():
        return
    rows = np.flatnonzero(listed)
    parts = [[p.strip() for p in text.split(step.by) if p.strip()] for text in texts.take(pa.array(rows)).to_pylist()]
    firsts = pa.array([part[0] if part else None for part in parts], texts.type)
    more = rows[np.array([len(part) > 1 for part in parts], dtype=bool)]
    if len(more):
        show = None if step.header in private else step.header
        expected = "one entry; where a cell lists several, the first is taken"
        say(shaped, more, step.header, "first_of_list", len(more), expected, "assumed", {}, show)
    taken = pc.replace_with_mask(texts, pa.array(listed), firsts)
    frame = shaped.raw.frame
    frame = frame.set_column(frame.column_names.index(step.header), step.header, taken)
    shaped.raw = replace(shaped.raw, frame=frame, _samples={})
