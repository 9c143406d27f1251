"""Which character separates the cells: the one that cuts lines into even rows of plain values."""

import csv
import io
from collections import Counter

from data.readers.shapes import shape

DELIMITERS = (",", ";", "\t", "|")
SPACES = "spaces"


def find_quote(text: str, delimiter: str) -> str:
    """`"` unless values are clearly wrapped in single quotes."""
    single = text.count(f"{delimiter}'") + text.count(f"'{delimiter}")
    double = text.count(f'{delimiter}"') + text.count(f'"{delimiter}')
    return "'" if single >= 4 and single > 4 * double else '"'


def split(text: str, delimiter: str, quote: str = '"') -> list[list[str]]:
    """Records of a piece of text; never fails on odd quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    records = []
    try:
        for record in reader:
            records.append(record)
    except csv.Error:
        return [line.split(delimiter) for line in text.splitlines()]
    return records


def find_delimiter(sample: str) -> str:
    """The best of comma, semicolon, tab, pipe and runs of spaces for the start of a file.

    Each candidate is scored by how many lines share its most common width, times how many of the
    cells it makes are plain values. A tie goes to the wider table.
    """
    if sample[:4].lower() == "sep=" and len(sample) > 4:
        return sample[4]
    scores = {candidate: _score(sample, candidate) for candidate in DELIMITERS}
    best = max(DELIMITERS, key=lambda candidate: scores[candidate])
    if scores[best] > 0:
        return best
    return SPACES if _in_columns(sample) else ","


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
