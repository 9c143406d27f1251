"""Where a table starts and ends: title lines, one or more header lines and units above it, totals and notices below."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from data.readers.shapes import is_unit, is_year, shape

JOINED = " – "
LOOK_AHEAD = 60
_UNDER = 20
_TOTAL = re.compile(
    r"^(?:grand |sub|gran |sum of )?(?:total|totals|totais|totales|soma|suma|somatorio|somatório|sum)"
    r"(?: geral| general| record\w*| rows?)?\s*:?(?:\s*[\d.,]+)?$",
    re.IGNORECASE,
)
_TOTAL_STARTS = frozenset("tTgGsS")
_NOTICE = re.compile(
    r"^(?:copyright|\(c\)|©|confidential|generated (?:on|by|at)|report generated|gerado (?:em|por)|generado (?:el|por)|"
    r"fonte:|source:|fuente:|exported (?:on|by)|exportado (?:em|por|el)|page \d|página \d|-+ ?end|fim do relat|"
    r"fin del (?:informe|reporte)|applied filters|filtros aplicados|notes?:|notas?:|obs(?:erva[cç][aã]o|\.)?:)",
    re.IGNORECASE,
)

_MADE = re.compile(
    r"^(?:report )?(?:generated|exported|created|printed|issued|updated|as|gerado|exportado|emitido|impresso|"
    r"atualizado|generado|impreso|actualizado)(?: on| at| of| em| el| a las)?\s*:?$|^(?:report )?(?:date|period)\s*:?$|"
    r"^(?:data|fecha|per[ií]odo)(?: d[oae]l? (?:relat[oó]rio|extra[cç][aã]o|informe|reporte))?\s*:?$",
    re.IGNORECASE,
)
_MADE_BY = re.compile(
    r"^(?:generated|exported|printed|gerado|exportado|impresso|generado|impreso) (?:by|por)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Layout:
    """Where things are among the records of one table, as positions from 0.

    Attributes:
        header_at: First header record, None when there is none.
        header_rows: How many records make up the header.
        units: Whether the record under the header holds units.
        names: Column names, unique.
    """

    header_at: int | None
    header_rows: int
    units: bool
    names: list[str]

    @property
    def first(self) -> int:
        """Position of the first row of data."""
        return 0 if self.header_at is None else self.header_at + self.header_rows + int(self.units)


def find_layout(
    head: Sequence[list[str]],
    header_at: int | None = None,
    header_rows: int | None = None,
    units: bool | None = None,
    merged: Sequence[int] = (),
    no_header: bool = False,
) -> Layout:
    """The header of a table from its first records; what is given is used instead of what would be found.

    `merged` are positions of records with cells merged over several columns.
    """
    given = header_at is not None
    if no_header:
        header_at = None
    elif header_at is None:
        header_at = find_header(head)
    if header_at is None:
        return Layout(None, 0, False, unique_names([], max((len(r) for r in head), default=1)))
    if header_rows is None:
        header_at, header_rows = _with_groups(head, header_at, merged, given)
    header_rows = max(1, min(header_rows, len(head) - header_at))
    below = head[header_at + header_rows :]
    if units is None:
        units = bool(below) and _is_units(below[0], below[1 : 1 + _UNDER])
    header = _joined(head[header_at : header_at + header_rows])
    if units and below:
        header = _with_units(header, below[0])
    return Layout(header_at, header_rows, bool(units and below), unique_names(header, _width(header, below)))


def find_header(records: Sequence[list[str]]) -> int | None:
    """Index of the header among the first records, or None when the rows start at once.

    The header is the first record as wide as the table whose cells are names: text, all different,
    and not of the kind of value that stands below them.
    """
    head = records[:LOOK_AHEAD]
    filled = [filled_cells(record) for record in head]
    if not any(filled):
        return None
    usual = Counter(count for count in filled if count).most_common(1)[0][0]
    widest = max(len(record) for record in head)
    wide = max(count for count in filled)
    need = 0.6 * (wide if wide <= 2 * usual else usual)
    for i, record in enumerate(head):
        if _says_when(record, filled[i], usual) and any(filled[i + 1 :]):
            continue
        if filled[i] >= need and (filled[i] >= 2 or widest == 1):
            better = _fuller(head, filled, i, usual)
            if better is not None:
                return better
            return i if _names(record, head[i + 1 : i + 1 + _UNDER]) else None
    return None


def filled_cells(record: list[str]) -> int:
    """How many cells of a record hold something."""
    return sum(1 for cell in record if cell.strip())


def _says_when(record: list[str], filled: int, usual: int) -> bool:
    """Whether a record is a title that says when or by whom: `Generated on | 2024-05-01`, or a label and its value."""
    cells = [cell.strip() for cell in record if cell.strip()]
    if len(cells) < 2 or shape(cells[0]) != "text":
        return False
    if _MADE.match(cells[0]) and shape(cells[1]) in ("date", "time"):
        return True
    return filled == 2 < usual and (cells[0].endswith(":") or _MADE_BY.match(cells[0]) is not None)


def _fuller(head: Sequence[list[str]], filled: list[int], start: int, usual: int) -> int | None:
    """A record soon after `start` that is wider and stands over other kinds of values: `start` is a title line."""
    for i in range(start + 1, min(start + 11, len(head))):
        if filled[i] <= filled[start] or filled[i] < usual:
            continue
        cells = [cell for cell in head[i] if cell.strip()]
        if all(shape(cell) == "text" for cell in cells) and contrasts(head[i], head[i + 1 : i + 1 + _UNDER]):
            return i
    return None


def kind_under(below: Sequence[list[str]], position: int) -> str | None:
    """The usual kind of value in a column, None where it is blank."""
    under = Counter(shape(row[position]) for row in below if position < len(row) and row[position].strip())
    return under.most_common(1)[0][0] if under else None


def contrasts(record: list[str], below: Sequence[list[str]]) -> bool:
    """Whether text of a record stands over a column of another kind."""
    return any(
        cell.strip() and shape(cell) == "text" and kind_under(below, position) not in (None, "text")
        for position, cell in enumerate(record)
    )


def _names(record: list[str], below: Sequence[list[str]]) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    if len(set(cells)) < 0.6 * len(cells):
        return False
    for position, cell in enumerate(record):
        kind = shape(cell)
        if kind in ("blank", "text") or is_year(cell):
            continue
        if kind_under(below, position) in (None, kind):
            return False
    return any(shape(cell) == "text" or is_year(cell) for cell in cells)


def _with_groups(head: Sequence[list[str]], at: int, merged: Sequence[int], given: bool) -> tuple[int, int]:
    """The header with a line of groups above its names, as (first record, how many)."""
    for top in (at,) if given else (at - 1, at):
        if 0 <= top < len(head) - 1 and _grouped(
            head[top], head[top + 1], head[top + 2 : top + 2 + _UNDER], top in merged
        ):
            return top, 2
    if not given and at + 2 < len(head) and _same_names(head[at], head[at + 1]):
        return at, 2
    return at, 1


def _same_names(top: list[str], sub: list[str]) -> bool:
    return [c.strip() for c in top] == [c.strip() for c in sub] and filled_cells(top) >= 2


def _grouped(top: list[str], sub: list[str], below: Sequence[list[str]], merged: bool) -> bool:
    """Whether `top` holds groups over the names of `sub`.

    A group spans two names or more. It counts when cells are merged, when the names repeat from
    group to group, or when columns outside groups are named in `top` alone.
    """
    width = max(len(top), len(sub))
    upper, lower = _wide(top, width), _wide(sub, width)
    cells = [cell for cell in upper + lower if cell]
    if not all(shape(cell) == "text" or is_year(cell) for cell in cells):
        return False
    if not contrasts(lower, below) and not contrasts(upper, below):
        return False
    groups = _spread(upper, lower)
    starts = [i for i in range(width) if upper[i]]
    spans = [sum(1 for j in range(i, _next(starts, i, width)) if lower[j]) for i in starts]
    if not any(span >= 2 for span in spans) or (len(starts) == 1 and spans[0] == filled_cells(lower)):
        return False  # one group over all names is a title
    pairs = [(groups[i], lower[i]) for i in range(width) if lower[i] or upper[i]]
    if len(set(pairs)) < len(pairs):
        return False
    if merged:
        return True
    names = [cell for cell in lower if cell]
    repeated = len(set(names)) < len(names) and sum(1 for span in spans if span >= 2) >= 2
    alone = any(upper[i] and not lower[i] for i in starts)
    tidy = all(span != 1 for span in spans) or repeated
    return repeated or (alone and tidy and len(starts) >= 2)


def _next(starts: list[int], start: int, width: int) -> int:
    return next((other for other in starts if other > start), width)


def _wide(record: list[str], width: int) -> list[str]:
    return [cell.strip() for cell in record] + [""] * (width - len(record))


def _spread(upper: list[str], lower: list[str]) -> list[str]:
    """Groups carried to the right over the names they span."""
    groups, last = [], ""
    for over, under in zip(upper, lower, strict=True):
        last = over or (last if under else "")
        groups.append(last)
    return groups


def _joined(lines: Sequence[list[str]]) -> list[str]:
    """One name for each column from one or more header lines: `Group – Name`, said once where they are the same."""
    width = max(len(line) for line in lines)
    rows = [_wide(line, width) for line in lines]
    for i in range(len(rows) - 2, -1, -1):
        rows[i] = _spread(rows[i], rows[i + 1])
    return [JOINED.join(dict.fromkeys(row[i] for row in rows if row[i])) for i in range(width)]


def _is_units(record: list[str], below: Sequence[list[str]]) -> bool:
    """Whether a record holds units such as (days), R$ or UTC over columns of numbers and dates."""
    positions = [i for i, cell in enumerate(record) if cell.strip()]
    if not positions or not below or not all(is_unit(record[i]) for i in positions):
        return False
    return all(kind_under(below, i) != "text" for i in positions) and any(kind_under(below, i) for i in positions)


def _with_units(header: list[str], units: list[str]) -> list[str]:
    names = []
    for name, unit in zip(_wide(header, len(header)), _wide(units, len(header)), strict=False):
        bare = unit.strip("()[] ")
        names.append(f"{name} ({bare})" if bare and name else name)
    return names


def _width(header: list[str], below: Sequence[list[str]]) -> int:
    """Columns of the header, less blank ones at its end that hold nothing."""
    width = len(header)
    while (
        width > 1 and not header[width - 1].strip() and not any(r[width - 1].strip() for r in below if len(r) >= width)
    ):
        width -= 1
    return max(width, 1)


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


def is_total(record: list[str], width: int) -> bool:
    """Whether a record is a total: its first cell says so, and nothing but numbers stands beside it."""
    filled = [cell.strip() for cell in record if cell.strip()]
    if not filled or not _TOTAL.match(filled[0]):
        return False
    return len(filled) < width or width <= 2 or all(shape(cell) in ("number", "time") for cell in filled[1:])


def is_subtotal(record: list[str], width: int) -> bool:
    """Whether a record between rows is a total: nothing but numbers beside the word, and some cells blank."""
    first = next((cell for cell in record if cell.strip()), "")
    if first.lstrip()[:1] not in _TOTAL_STARTS:
        return False
    filled = [cell.strip() for cell in record if cell.strip()]
    return (
        2 <= len(filled) < width
        and _TOTAL.match(filled[0]) is not None
        and all(shape(cell) in ("number", "time") for cell in filled[1:])
    )


def is_footer(record: list[str], width: int) -> bool:
    """Whether a record at the end of a file is a total or a notice rather than a row."""
    filled = [cell.strip() for cell in record if cell.strip("\x1a \t")]
    if not filled:
        return True
    if _NOTICE.match(filled[0]) and len(filled) <= max(1, width // 3):
        return True
    return is_total(record, width)


def footer_length(tail: Sequence[list[str]], width: int) -> int:
    """How many of the last records are footers.

    A blank record ends a table only above a footer, or above lines with a single cell of text
    where the table has three columns or more.
    """
    length = _notes_after_blank(tail, width)
    for i in range(len(tail) - length - 1, -1, -1):
        if not is_footer(tail[i], width):
            break
        length = len(tail) - i
    return length


def _notes_after_blank(tail: Sequence[list[str]], width: int) -> int:
    if width < 3:
        return 0
    for i in range(len(tail) - 1, 0, -1):
        if filled_cells(tail[i]) == 0:
            return len(tail) - i if any(filled_cells(record) for record in tail[i + 1 :]) else 0
        if not is_footer(tail[i], width) and not is_sentence(tail[i]):
            return 0
    return 0


def is_sentence(record: list[str]) -> bool:
    """One cell of words and nothing beside it."""
    filled = [cell.strip() for cell in record if cell.strip()]
    return len(filled) == 1 and shape(filled[0]) == "text" and (" " in filled[0] or len(filled[0]) >= 12)
