"""Several tables in one sheet or file: one below the other, or side by side."""

from collections.abc import Sequence

from data.readers.layout import (
    LOOK_AHEAD,
    Layout,
    contrasts,
    filled_cells,
    find_layout,
    is_sentence,
    is_total,
    kind_under,
)
from data.readers.shapes import is_year, shape


def find_stacked(records: Sequence[list[str]], layout: Layout) -> list[int]:
    """Positions where further tables start below the first: their headers, or the titles above these."""
    starts: list[int] = []
    if layout.header_at is None:
        return starts
    names = {cell.strip() for cell in records[layout.header_at] if cell.strip()}
    floor = layout.first + 1
    for i in range(floor, len(records)):
        if i < floor or filled_cells(records[i]) < 2:
            continue
        block = records[i : i + LOOK_AHEAD]
        above = i - 1
        while above > 0 and is_sentence(records[above]):
            above -= 1
        after_blank = filled_cells(records[above]) == 0
        if not _other_header(records[i], names, records[layout.header_at]) and not (
            after_blank and _opens_table(block, names)
        ):
            continue
        start = i
        while start - 1 >= floor and (filled_cells(records[start - 1]) == 0 or is_sentence(records[start - 1])):
            start -= 1
        starts.append(start)
        names = {cell.strip() for cell in records[i] if cell.strip()}
        floor = i + 2
    return starts


def find_above(records: Sequence[list[str]], layout: Layout) -> int | None:
    """Where a smaller table starts above the one found, parted from it by a blank line; None without one."""
    for i in range(layout.header_at or 0):
        if filled_cells(records[i]) >= 2 and (
            i == 0 or not filled_cells(records[i - 1]) or is_sentence(records[i - 1])
        ):
            block = records[i : layout.header_at]
            end = next((k for k, record in enumerate(block) if not filled_cells(record)), None)
            if end is not None and end >= 3 and _opens_table(block, set()):
                return i
    return None


def _other_header(record: list[str], names: set[str], header: list[str]) -> bool:
    """Most names of the header again, in a line that is not the header itself."""
    cells = [cell.strip() for cell in record if cell.strip()]
    same = sum(1 for cell in cells if cell in names)
    return same >= 3 and same >= 0.6 * max(len(cells), len(names)) and cells != [c.strip() for c in header if c.strip()]


def _opens_table(block: Sequence[list[str]], names: set[str]) -> bool:
    """Whether a block after a blank line starts with a header of its own."""
    end = next((k for k, record in enumerate(block) if not filled_cells(record)), len(block))
    head, below = block[0], block[1:end]
    cells = [cell.strip() for cell in head if cell.strip()]
    return (
        len(below) >= 1
        and len(set(cells)) == len(cells)
        and not set(cells) <= names
        and all(shape(cell) == "text" or is_year(cell) for cell in cells)
        and all(filled_cells(record) <= len(cells) or is_total(record, len(cells)) for record in below)
        and contrasts(head, below)
        and not any(kind_under(below, i) is not None and not cell.strip() for i, cell in enumerate(head))
    )


def find_beside(records: Sequence[list[str]]) -> list[tuple[int, int]]:
    """Column ranges of tables that stand side by side, parted by a blank column; one range when there is one table.

    A blank column parts two tables only when each side is dense, has its own header, and the sides
    end in different lines or share names.
    """
    width = max((len(record) for record in records), default=0)
    used = [any(i < len(record) and record[i].strip() for record in records) for i in range(width)]
    ranges, start = [], None
    for i in range(width + 1):
        if i < width and used[i]:
            start = i if start is None else start
        elif start is not None:
            ranges.append((start, i))
            start = None
    if len(ranges) < 2 or any(stop - begin < 2 for begin, stop in ranges):
        return [(0, width)]
    parts = [[record[begin:stop] for record in records] for begin, stop in ranges]
    layouts = [find_layout(part[:LOOK_AHEAD]) for part in parts]
    if any(layout.header_at is None for layout in layouts):
        return [(0, width)]
    extents = [_dense(part, layout) for part, layout in zip(parts, layouts, strict=True)]
    if any(extent is None for extent in extents):
        return [(0, width)]
    names = [name for layout in layouts for name in layout.names]
    apart = len(set(extents)) > 1 or len(set(names)) < len(names) or len({x.header_at for x in layouts}) > 1
    return ranges if apart else [(0, width)]


def _dense(part: Sequence[list[str]], layout: Layout) -> int | None:
    """Last filled record of a part whose rows leave no gaps, else None."""
    filled = [filled_cells(record) for record in part]
    last = max((i for i, count in enumerate(filled) if count), default=0)
    body = filled[layout.first : last + 1]
    return last if body and all(count >= 2 for count in body) else None
