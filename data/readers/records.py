"""Text to records of cells, whatever its quotes: well-formed text is read strictly, odd lines are set apart."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

csv.field_size_limit(1 << 24)
_LONGEST_CELL = 5_000  # lines; a longer quoted cell is an unclosed quote


@dataclass(frozen=True)
class Grammar:
    """How text is cut into cells.

    `escape` stands before quotes within texts where these are not doubled; `halved` are characters
    that stand twice for once although they are not the quote.
    """

    delimiter: str
    quote: str = '"'
    escape: str | None = None
    halved: str | None = None


@dataclass(frozen=True)
class Record:
    """The cells of one record; `odd` says why it was not read by the rules: `quotes` or `swallowed`.

    `raw` is the text of an odd record as it stands in the file.
    """

    cells: list[str]
    odd: str | None = None
    raw: str = ""


class _Lines:
    """Physical lines with a way back: what a failed record has taken is read again, one line at a time."""

    def __init__(self, text: str) -> None:
        self._source = io.StringIO(text, newline="")
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) > _LONGEST_CELL:
            raise csv.Error("a quoted cell that never ends")
        line = self._again.popleft() if self._again else next(self._source)
        self.taken.append(line)
        return line

    def back(self) -> str:
        """The first line taken; the others will be given again."""
        first, rest = self.taken[0], self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.taken = []
        return first


def records(text: str, grammar: Grammar, width: int | None = None) -> Iterator[Record]:
    """Every record of a text. Never fails: a line with odd quotes is one record on its own, marked so.

    `width` is how many cells a record should have, to choose between two readings of an odd line.
    """
    found = _records(text, grammar, width)
    twice = grammar.halved
    return found if twice is None else (replace(r, cells=[c.replace(twice * 2, twice) for c in r.cells]) for r in found)


def _records(text: str, grammar: Grammar, width: int | None) -> Iterator[Record]:
    lines = _Lines(text)
    while True:
        reader = _reader(lines, grammar)
        try:
            while True:
                lines.taken.clear()
                cells = next(reader)
                if len(lines.taken) > 1 and _swallowed(lines.taken, grammar, len(cells)):
                    yield Record(cells, "swallowed", "".join(lines.taken).rstrip("\r\n"))
                else:
                    yield Record(cells)
        except StopIteration:
            return
        except csv.Error:
            if not lines.taken:
                return
            line = lines.back().rstrip("\r\n")
            yield Record(_lenient(line, grammar, width), "quotes", line)


def cells_of(text: str, grammar: Grammar) -> list[list[str]]:
    """The cells of every record, odd or not."""
    return [record.cells for record in records(text, grammar)]


def well_formed(text: str, grammar: Grammar) -> bool:
    """Whether text keeps to the rules of quoting (its last record may be cut off)."""
    reader = _reader(io.StringIO(text, newline=""), grammar)
    try:
        for _ in reader:
            pass
    except csv.Error as error:
        return "end of data" in str(error)
    return True


def _reader(lines: Iterator[str] | io.StringIO, grammar: Grammar) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=grammar.delimiter,
        quotechar=grammar.quote,
        escapechar=grammar.escape,
        strict=True,
    )


def _swallowed(lines: list[str], grammar: Grammar, width: int) -> bool:
    """Whether a cell over several lines holds a line that would be a whole record by itself."""
    if width < 3:
        return False
    return any(line.count(grammar.delimiter) >= width - 1 for line in lines[1:-1])


def _lenient(line: str, grammar: Grammar, width: int | None) -> list[str]:
    """The cells of a line whose quotes break the rules; the reading that gives `width` cells where one does."""
    loose = _cut(line, grammar, loosely=True)
    if width is None or len(loose) == width:
        return loose
    strict = _cut(line, grammar, loosely=False)
    return strict if len(strict) == width else loose


def _cut(line: str, grammar: Grammar, loosely: bool) -> list[str]:
    """Loosely, only a quote before a delimiter closes a cell; else a cell with a stray quote is taken as it stands."""
    d, q = re.escape(grammar.delimiter), re.escape(grammar.quote)
    inner = rf"(?:[^{q}]|{q}{q}|{q}(?! *(?:{d}|$)))*?" if loosely else rf"(?:[^{q}]|{q}{q})*+"
    cell = re.compile(rf"(?: *{q}(?P<quoted>{inner}){q} *|(?P<plain>[^{d}]*))(?P<end>{d}|$)", re.DOTALL)
    cells: list[str] = []
    position = 0
    while True:
        match = cell.match(line, position)
        if match is None:  # cannot happen: the plain branch takes anything up to a delimiter
            return [*cells, line[position:]]
        quoted = match["quoted"]
        cells.append(match["plain"] if quoted is None else quoted.replace(grammar.quote * 2, grammar.quote))
        if not match["end"]:
            return cells
        position = match.end()
