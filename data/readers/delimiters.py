"""Which character separates the cells: the one that cuts lines into even rows of plain values."""

import re
from collections import Counter
from dataclasses import replace

from data.readers.fixed import looks_fixed
from data.readers.records import Grammar, cells_of, well_formed
from data.readers.shapes import shape

DELIMITERS = (",", ";", "\t", "|")
SPACES = "spaces"
FIXED = "fixed"
SEPARATOR_LINE = re.compile(r"^\"?sep=([^\r\n])\"? *(?:\r\n|\n|\r|$)", re.IGNORECASE)


def find_quote(text: str, delimiter: str) -> str:
    """`"` unless values are clearly wrapped in single quotes."""
    single = text.count(f"{delimiter}'") + text.count(f"'{delimiter}")
    double = text.count(f'{delimiter}"') + text.count(f'"{delimiter}')
    return "'" if single >= 4 and single > 4 * double else '"'


def find_grammar(text: str, delimiter: str, quote: str | None = None) -> Grammar:
    """The quote, a backslash before quotes where only that makes text well formed, what is doubled for nothing."""
    if delimiter in (SPACES, FIXED):
        return Grammar(" ")
    grammar = Grammar(delimiter, quote or find_quote(text, delimiter))
    if grammar.quote == "'" and '""' in text and '"' not in text.replace('""', ""):
        grammar = replace(grammar, halved='"')
    if f"\\{grammar.quote}" in text and not well_formed(text, grammar):
        escaped = replace(grammar, escape="\\")
        return escaped if well_formed(text, escaped) else grammar
    return grammar


def split(text: str, delimiter: str, quote: str = '"') -> list[list[str]]:
    """Records of a piece of text; never fails on odd quotes."""
    return cells_of(text, Grammar(delimiter, quote))


def find_delimiter(sample: str) -> str:
    """The best of comma, semicolon, tab, pipe and runs of spaces for the start of a file.

    Each candidate is scored by how many lines share its most common width, times how many of the
    cells it makes are plain values. A tie goes to the wider table.
    """
    if match := SEPARATOR_LINE.match(sample):
        return match[1]
    scores = {candidate: _score(sample, candidate) for candidate in DELIMITERS}
    best = max(DELIMITERS, key=lambda candidate: scores[candidate])
    if scores[best] > 0:
        return best
    if _in_columns(sample):
        return SPACES
    return FIXED if looks_fixed(sample) else ","


def _score(sample: str, delimiter: str) -> float:
    records = [record for record in split(sample, delimiter, find_quote(sample, delimiter)) if any(record)][:300]
    if not records:
        return 0.0
    widths = Counter(len(record) for record in records)
    width, lines = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    if width < 2:
        return 0.0
    cells = [cell for record in records if len(record) == width for cell in record]
    plain = sum(_plainness(cell, delimiter) for cell in cells) / len(cells)
    return (lines / len(records)) * plain * (1 + min(width, 50) / 500)


def _plainness(cell: str, delimiter: str) -> float:
    kind = shape(cell)
    if kind == "blank":
        return 0.9
    if kind != "text":
        return 1.0
    others = [other for other in DELIMITERS if other != delimiter]
    return 0.3 if any(other in cell for other in others) else 0.95


def _in_columns(sample: str) -> bool:
    lines = [line for line in sample.splitlines()[:-1] if line.strip()]
    widths = {len(line.split()) for line in lines}
    return len(lines) >= 5 and len(widths) == 1 and widths.pop() >= 2
