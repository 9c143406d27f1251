"""Where a table starts and ends: title lines above the header, totals and notices below the rows."""

import re
from collections import Counter

from data.readers.shapes import is_year, shape

_LOOK_AHEAD = 60
_TOTAL = re.compile(
    r"^(?:grand |sub|gran |sum of )?(?:total|totals|totais|totales|soma|suma|somatorio|sum)"
    r"(?: geral| general| record\w*| rows?)?\s*:?(?:\s*[\d.,]+)?$",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"^(?:copyright|\(c\)|©|confidential|generated (?:on|by|at)|report generated|gerado (?:em|por)|generado (?:el|por)|"
    r"fonte:|source:|fuente:|exported (?:on|by)|exportado (?:em|por|el)|page \d|página \d|-+ ?end|fim do relat)",
    re.IGNORECASE,
)


def find_header(records: list[list[str]]) -> int | None:
    """Index of the header among the first records, or None when the rows start at once.

    The header is the first record as wide as the table whose cells are names: text, all different,
    and not of the kind of value that stands below them.
    """
    head = records[:_LOOK_AHEAD]
    filled = [sum(1 for cell in record if cell.strip()) for record in head]
    if not any(filled):
        return None
    usual = Counter(count for count in filled if count).most_common(1)[0][0]
    widest = max(len(record) for record in head)
    wide = max(count for count in filled)
    need = 0.6 * (wide if wide <= 2 * usual else usual)
    for i, record in enumerate(head):
        if filled[i] >= need and (filled[i] >= 2 or widest == 1):
            better = _fuller(head, filled, i, usual)
            if better is not None:
                return better
            return i if _names(record, head[i + 1 : i + 21]) else None
    return None


def _fuller(head: list[list[str]], filled: list[int], start: int, usual: int) -> int | None:
    """A record soon after `start` that is wider and stands over other kinds of values: `start` is a title line."""
    for i in range(start + 1, min(start + 11, len(head))):
        if filled[i] <= filled[start] or filled[i] < usual:
            continue
        cells = [cell for cell in head[i] if cell.strip()]
        if all(shape(cell) == "text" for cell in cells) and _contrasts(head[i], head[i + 1 : i + 21]):
            return i
    return None


def _contrasts(record: list[str], below: list[list[str]]) -> bool:
    for position, cell in enumerate(record):
        under = Counter(shape(row[position]) for row in below if position < len(row) and row[position].strip())
        if cell.strip() and under and under.most_common(1)[0][0] != "text":
            return True
    return False


def _names(record: list[str], below: list[list[str]]) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    if len(set(cells)) < 0.6 * len(cells):
        return False
    for position, cell in enumerate(record):
        kind = shape(cell)
        if kind in ("blank", "text") or is_year(cell):
            continue
        under = Counter(shape(row[position]) for row in below if position < len(row) and row[position].strip())
        if not under or under.most_common(1)[0][0] == kind:
            return False
    return any(shape(cell) == "text" or is_year(cell) for cell in cells)


def unique_names(header: list[str], width: int) -> list[str]:
    """Column names: trimmed, `column_3` where blank, ` (2)` added where repeated."""
    names: list[str] = []
    taken: set[str] = set()
    for position in range(width):
        name = " ".join(header[position].split()) if position < len(header) else ""
        name = name or f"column_{position + 1}"
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name} ({number})", number + 1
        taken.add(candidate)
        names.append(candidate)
    return names


def is_footer(record: list[str], width: int) -> bool:
    """Whether a record at the end of a file is a total or a notice rather than a row."""
    filled = [cell.strip() for cell in record if cell.strip()]
    if not filled:
        return True
    if _NOTICE.match(filled[0]) and len(filled) <= max(1, width // 3):
        return True
    return bool(_TOTAL.match(filled[0])) and (len(filled) < width or width <= 2)


def footer_length(tail: list[list[str]], width: int) -> int:
    """How many of the last records are footers. A blank record ends a table only above a footer."""
    length = 0
    for i in range(len(tail) - 1, -1, -1):
        if not is_footer(tail[i], width):
            break
        length = len(tail) - i
    return length
