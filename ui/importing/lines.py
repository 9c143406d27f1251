"""The start and the end of a file as they are, line by line, and what the lines that are no rows stand for."""

from collections.abc import Iterable

from data.readers.raw import RawTable
from ui.telling import Teller

HEAD, TAIL, WIDTH, MOST_RANGES = 9, 3, 160, 4
HEADER, OUT, ROW = "›", "×", " "  # signs beside the line numbers
GAP, CELL = "…", " │ "
REASONS = ("title", "header", "units", "total", "footer")


def shown(raw: RawTable) -> str:
    """Head and tail with line numbers; `…` stands for the lines between them."""
    first, last = head(raw), [one for one in raw.tail_lines if one[1].strip()][-TAIL:]
    reached = first[-1][0] if first else 0
    last = [one for one in last if one[0] > reached]
    marks = signs(raw)
    if raw.assumed.delimiter is None:  # cells of a spreadsheet
        first, last = ([(number, text.replace("\t", CELL)) for number, text in some] for some in (first, last))
    width = len(str(max([reached, *(number for number, _ in last)], default=0)))
    said = [_line(number, text, marks, width) for number, text in first]
    if last and last[0][0] > reached + 1:
        said.append(f"{GAP:>{width}}")
    return "\n".join([*said, *(_line(number, text, marks, width) for number, text in last)])


def head(raw: RawTable) -> list[tuple[int, str]]:
    """The first lines; of a table that starts further down, its header and first rows as they were read."""
    lines = list(enumerate(raw.preview_lines, 1))
    if raw.header_row <= len(lines):
        start = max(0, raw.header_row - HEAD + 3)
        return lines[start : start + HEAD]
    rows = raw.frame.slice(0, HEAD - 1).to_pylist()
    sign = raw.assumed.delimiter if raw.assumed.delimiter in (",", ";", "|") else "\t"
    texts = [sign.join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    numbers = range(raw.first_row_number, raw.first_row_number + len(rows))
    return [(raw.header_row, sign.join(raw.headers)), *zip(numbers, texts, strict=True)]


def signs(raw: RawTable) -> dict[int, str]:
    """The sign of each line that is no row."""
    found = {line: HEADER if reason == "header" else OUT for line, _, reason in raw.left_out}
    return found | ({raw.header_row: HEADER} if raw.header_row else {}) | {line: OUT for line, _, _ in raw.broken}


def _line(number: int, text: str, marks: dict[int, str], width: int) -> str:
    plain = "".join(c for c in text if c.isprintable() or c == "\t")[:WIDTH]
    return f"{number:>{width}} {marks.get(number, ROW)} {plain}".rstrip()


def said(raw: RawTable, tell: Teller) -> list[str]:
    """A sentence for each kind of line that is no row (plain text)."""
    by_reason: dict[str, list[int]] = {reason: [] for reason in REASONS}
    for line, _, reason in raw.left_out:
        by_reason.setdefault(reason, []).append(line)
    if raw.header_row:
        by_reason["header"] = sorted({*by_reason["header"], raw.header_row})
    found = [
        tell.t(f"import.lines_{reason}", n=len(lines), lines=ranges(lines))
        for reason, lines in by_reason.items()
        if lines
    ]
    return found if raw.header_row else [tell.t("import.header_none"), *found]


def ranges(lines: Iterable[int]) -> str:
    """Line numbers in order, those that follow one another as a range: 1–3, 7."""
    found: list[list[int]] = []
    for line in sorted(set(lines)):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    texts = [str(first) if first == last else f"{first}–{last}" for first, last in found]
    return ", ".join(texts[:MOST_RANGES]) + (f", {GAP}" if len(texts) > MOST_RANGES else "")
