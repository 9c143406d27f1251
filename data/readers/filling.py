"""Numbered records into the table of text: totals left out, lines that do not fit set apart, all of it said."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pyarrow as pa

from data.problems import DataProblem, Problem
from data.readers.delimiters import SPACES
from data.readers.layout import footer_length, is_subtotal
from data.readers.raw import MAX_CELLS, RawTable
from data.readers.records import Record
from data.readers.shapes import shape
from data.readers.typed import VALUE_WORDS

TAIL_RECORDS = 12
KEPT_LINES = 200
_BATCH = 50_000
_EXAMPLES = 5
_PROFILED = 2_000
_SAID = {
    "footer": ("left_out", "rows of data; totals and notices below them are left out"),
    "subtotal": ("left_out", "rows of data; lines of totals between them are left out"),
    "short_rows": ("warning", "as many cells as the header has; these lines end early and were filled up with blanks"),
    "odd_quotes": ("warning", "quotes in pairs; these lines were read as they stand"),
    "swallowed_lines": ("warning", "one row; a cell holds whole lines, as if a quote was left open"),
}


def limit(rows: int, columns: int) -> None:
    """Refuse more cells than a table may have.

    Raises:
        DataProblem: too many.
    """
    if rows * columns > MAX_CELLS:
        raise DataProblem(
            "too_large", "A table may have {limit} cells; this one has {cells}.", limit=MAX_CELLS, cells=rows * columns
        )


def note(
    result: RawTable, problem: str, lines: Sequence[tuple[int, str]], severity: str, expected: str, count: int = 0
) -> None:
    """Add a note with up to five of its lines as examples."""
    examples = [{"row": row, "value": text[:200]} for row, text in lines[:_EXAMPLES]]
    kind: object = severity
    result.notes.append(Problem(None, problem, count or len(lines), expected, examples, kind))  # type: ignore[arg-type]


def leave_out(result: RawTable, lines: Sequence[tuple[int, str]], reason: str) -> None:
    """Remember lines that are no rows, at most 200 of a table."""
    room = max(0, KEPT_LINES - len(result.left_out))
    result.left_out += [(row, text[:500], reason) for row, text in lines[:room]]


class _Filler:
    """Collects the rows of one table batch by batch."""

    def __init__(self, result: RawTable, names: list[str], delimiter: str) -> None:
        self.result, self.names, self.delimiter = result, names, delimiter
        self.width = len(names)
        self.keep_totals = bool(result.assumed.keep_totals)
        self.kinds: list[str | None] | None = None
        self.batches: list[pa.RecordBatch] = []
        self.numbers: list[pa.Array] = []
        self.rows = 0
        self.straight, self.expected = True, result.first_row_number
        self.found: dict[str, list[tuple[int, str]]] = {}
        self.counts: Counter[str] = Counter()

    def add(self, ready: Sequence[tuple[int, Record]]) -> None:
        if self.kinds is None:
            self.kinds = self._profile(ready)
        kept = [(number, cells) for number, record in ready if (cells := self._take(number, record)) is not None]
        for number, _ in kept:
            self.straight = self.straight and number == self.expected
            self.expected = number + 1
        if not kept:
            return
        columns = [
            pa.array([cells[i] if i < len(cells) else None for _, cells in kept], pa.string())
            for i in range(self.width)
        ]
        self.batches.append(pa.record_batch(columns, names=self.names))
        self.numbers.append(pa.array([number for number, _ in kept], pa.int64()))
        self.rows += len(kept)
        limit(self.rows, self.width)

    def _profile(self, ready: Sequence[tuple[int, Record]]) -> list[str | None]:
        """The kind of value each column holds in four of five whole lines, None where they vary."""
        whole = [record.cells for _, record in ready[:_PROFILED] if len(record.cells) == self.width and not record.odd]
        kinds: list[str | None] = []
        for i in range(self.width):
            seen = Counter(shape(cells[i]) for cells in whole if not _blank(cells[i]))
            kind, count = seen.most_common(1)[0] if seen else (None, 0)
            kinds.append(kind if kind != "text" and count >= 0.8 * seen.total() else None)
        return kinds

    def _take(self, number: int, record: Record) -> list[str] | None:
        cells = record.cells
        if not any(cell.strip() for cell in cells):
            return None
        text = record.raw or self.delimiter.join(cells)[:2000]
        if not self.keep_totals and is_subtotal(cells, self.width):
            self._say("subtotal", number, text)
            leave_out(self.result, [(number, text)], "total")
            return None
        if record.odd == "quotes":
            if len(cells) != self.width or self._misfit(cells):
                self.result.broken.append((number, text[:2000], "odd_quotes"))
                return None
            self._say("odd_quotes", number, text)
        elif record.odd == "swallowed":
            self._say("swallowed_lines", number, text)
        if len(cells) > self.width and (any(c.strip() for c in cells[self.width :]) or self._misfit(cells)):
            self.result.broken.append((number, text, "too_many_cells"))
            return None
        if len(cells) < self.width:
            if self._misfit(cells):
                self.result.broken.append((number, text, "too_few_cells"))
                return None
            self._say("short_rows", number, text)
        return cells

    def _misfit(self, cells: list[str]) -> bool:
        """Whether a cell is not of the kind its column holds, as in lines with a cell too few or too many."""
        return any(
            kind is not None and not _blank(cell) and shape(cell) != kind
            for cell, kind in zip(cells, self.kinds or [], strict=False)
        )

    def _say(self, problem: str, number: int, text: str) -> None:
        self.counts[problem] += 1
        if self.counts[problem] <= _EXAMPLES:
            self.found.setdefault(problem, []).append((number, text))

    def finish(self, footers: Sequence[tuple[int, str]]) -> None:
        result = self.result
        if footers:
            leave_out(result, footers, "footer")
            note_footers(result, footers)
        for problem, lines in self.found.items():
            note(result, problem, lines, *_SAID[problem], count=self.counts[problem])
        schema = pa.schema([(name, pa.string()) for name in self.names])
        result.frame = pa.Table.from_batches(self.batches, schema=schema)
        if not self.straight:
            result.row_numbers = pa.concat_arrays(self.numbers)


def note_footers(result: RawTable, footers: Sequence[tuple[int, str]]) -> None:
    """Say which lines at the end are left out."""
    note(result, "footer", footers, *_SAID["footer"])


def fill_table(result: RawTable, rows: Iterable[tuple[int, Record]], names: list[str], delimiter: str = " ") -> None:
    """Turn numbered records into the table of `result`, noting footers and lines that do not fit."""
    delimiter = " " if delimiter == SPACES else delimiter
    filler = _Filler(result, names, delimiter)
    pending: list[tuple[int, Record]] = []
    for row in rows:
        pending.append(row)
        if len(pending) >= _BATCH + TAIL_RECORDS:
            filler.add(pending[:_BATCH])
            del pending[:_BATCH]
    tail = pending[-TAIL_RECORDS:]
    result.tail_lines = tuple((n, (r.raw or delimiter.join(r.cells))[:500]) for n, r in tail)
    cut = 0
    if len(pending) > 1 and not filler.keep_totals:
        cut = footer_length([record.cells for _, record in tail], filler.width)
    body, ending = pending[: len(pending) - cut], pending[len(pending) - cut :]
    filler.add(body)
    filler.finish([(n, delimiter.join(r.cells)) for n, r in ending if any(cell.strip() for cell in r.cells)])


def _blank(cell: str) -> bool:
    text = cell.strip()
    return not text or text.casefold() in VALUE_WORDS
