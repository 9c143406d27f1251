"""Awkward files against what they should parse to: right, asked, refused or wrong; none may be wrong.

*Right*: exactly the expected rows, and nothing unproven. *Asked*: what was read is the expected rows, or
the expected rows less lines set apart by number, and whatever is unproven is said in the notes.
*Refused*: a typed refusal. *Wrong*: everything else.

Expectations are independent of the readers: the JSON beside a file, or Python's `csv` with the parameters
stated for it (or for its clean twin).
"""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from data.problems import DataProblem
from data.readers import RawTable, read

Rows = list[list[str]]
SETS = ("csv_spectrum", "csvkit", "exports", "pollock_polluted")
CSVKIT_ENCODINGS = {
    "test_latin1.csv": "latin-1",
    "test_utf16_big.csv": "utf-16",
    "test_utf16_little.csv": "utf-16",
}
UNPROVEN = ("assumed", "warning")


def by_csv(text: str, delimiter: str = ",", quote: str = '"') -> Rows:
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote) if any(row)]


def expected(path: Path) -> Rows | None:
    """Header and rows a file should give; None where it holds none."""
    if path.parent.name == "csv_spectrum":
        records = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
        if b"\r\n" not in path.read_bytes():  # the line ends of one file were changed on its way here
            records = [{key: value.replace("\r\n", "\n") for key, value in record.items()} for record in records]
        return [list(records[0]), *[list(record.values()) for record in records]]
    if path.parent.name == "pollock_polluted":
        return _pollock(path)
    if path.suffix == ".xlsx":
        return _workbook(path)
    encoding = CSVKIT_ENCODINGS.get(path.name, "utf-8")
    text = path.read_bytes().decode(encoding).replace("\0", "")
    if path.name == "bad_skip_lines.csv":
        text = text.lstrip("\n")
    return by_csv(text)


def _pollock(path: Path) -> Rows | None:
    """The clean twin; where that keeps the polluted dialect, the twin of the same rows in the common one."""
    parameters = json.loads(path.with_name(path.name + ".parameters.json").read_text("utf-8"))
    if not parameters["n_columns"]:
        return None
    folder = path.parent.with_name("pollock_polluted_clean")
    rows = by_csv((folder / path.name).read_text("ascii"))
    header = [_once(name) for name in parameters["column_names"]]
    body = rows[1:] if parameters["header_lines"] else rows
    return [header or [f"column_{i + 1}" for i in range(parameters["n_columns"])], *body]


def _once(name: str) -> str:
    """`DATE DATE`, the two equal header lines of one file joined by the expectation, said once."""
    half = len(name) // 2
    return name[:half] if name[:half] == name[half + 1 :] else name


def _workbook(path: Path) -> Rows:
    """The text and number cells of the first sheet, straight from its XML."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        strings = [
            "".join(text.text or "" for text in item.iterfind(".//m:t", space))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iterfind(".//m:row", space):
        cells = []
        for cell in row.iterfind("m:c", space):
            value = cell.findtext("m:v", "", space)
            place = ord(cell.get("r", "A")[0]) - ord("A")  # no column beyond Z in this book
            cells += [""] * (place - len(cells))
            cells.append(strings[int(value)] if cell.get("t") == "s" else value)
        rows.append(cells)
    return rows


def read_rows(table: RawTable) -> Rows:
    return [table.headers, *[[cell or "" for cell in row.values()] for row in table.frame.to_pylist()]]


def judge(path: Path) -> tuple[str, str]:
    """(right, asked, refused or wrong; why) of one file."""
    wanted = expected(path)
    try:
        tables = read(path)
    except DataProblem as problem:
        return ("refused", problem.id) if wanted is None else ("wrong", f"refused: {problem}")
    if wanted is None:
        return "wrong", "rows where there are none"
    said = sorted({note.problem for table in tables for note in table.notes if note.severity in UNPROVEN})
    apart = {line for line, _, _ in tables[0].broken}
    got = read_rows(tables[0])
    if same(got, wanted, path) and not apart:
        return ("asked", ", ".join(said)) if said else ("right", "")
    kept = [row for place, row in enumerate(wanted) if place + tables[0].header_row not in apart]
    if apart and same(got, kept, path):
        return "asked", ", ".join([f"lines set apart: {sorted(apart)}", *said])
    return "wrong", f"{len(got)} rows for {len(wanted)}: {first_difference(got, wanted)}"


def same(got: Rows, wanted: Rows, path: Path) -> bool:
    if path.suffix == ".xlsx":
        return [len(row) for row in got] == [len(row) for row in wanted] and all(
            _equal(a, b) for left, right in zip(got, wanted, strict=True) for a, b in zip(left, right, strict=True)
        )
    width = len(wanted[0])
    filled = [(row + [""] * width)[: max(width, len(row))] for row in wanted]
    return [[c.strip() for c in row] for row in got] == [[c.strip() for c in row] for row in filled]


def _equal(got: str, wanted: str) -> bool:
    """Numbers as numbers; dates of a workbook are day counts from 1899-12-30."""
    if got == wanted:
        return True
    try:
        if len(got) >= 10 and got[4:5] == "-":
            return datetime.fromisoformat(got) == datetime(1899, 12, 30) + timedelta(days=float(wanted))
        return float(got) == float(wanted)
    except ValueError:
        return False


def first_difference(got: Rows, wanted: Rows) -> str:
    for place, (left, right) in enumerate(zip(got, wanted, strict=False)):
        if left != right:
            return f"row {place}: {left} for {right}"
    return "the number of rows"


@pytest.fixture
def messy(messy_data: Callable[[], Path]) -> list[Path]:
    folder = messy_data()
    return sorted(p for name in SETS for p in (folder / name).iterdir() if p.suffix in (".csv", ".xlsx"))


def test_no_messy_file_is_read_wrong(messy: list[Path]) -> None:
    verdicts = {path: judge(path) for path in messy}
    counts = Counter(verdict for verdict, _ in verdicts.values())
    for path, (verdict, why) in verdicts.items():
        if verdict != "right":
            print(f"{verdict:8}{path.parent.name}/{path.name}: {why}")
    print(f"{len(verdicts)} files: " + ", ".join(f"{counts[v]} {v}" for v in ("right", "asked", "refused", "wrong")))
    assert {str(path): why for path, (verdict, why) in verdicts.items() if verdict == "wrong"} == {}
    assert len(verdicts) >= 50


def test_lines_set_apart_are_named_as_they_stand(messy: list[Path]) -> None:
    path = next(path for path in messy if path.name == "row_less_sep_row10_col3.csv")
    [(line, text, reason)] = read(path)[0].broken
    assert (line, reason) == (11, "too_few_cells")
    assert text.startswith("18/02/2018,02:15,2BH-9827")


def test_the_second_table_of_a_file_is_a_table_of_its_own(messy: list[Path]) -> None:
    path = next(path for path in messy if path.name == "file_multitable_more.csv")
    first, second = read(path)
    assert (first.header_row, second.header_row) == (1, 85)
    assert second.headers == [*first.headers, "col1"]
    assert first.frame.num_rows == second.frame.num_rows + len(second.broken) + 1  # the file ends one row earlier
