"""Files made to break the app end the process that reads them, or never get that far. Each is built here."""

import gzip
import io
import zipfile

import duckdb
import pytest
from openpyxl import Workbook

from data.apart import Limits
from data.problems import DataProblem
from tests.data.apart.asked import look, unharmed

_ZEROS = b"0" * (1 << 20)
_SHEET = (
    '<?xml version="1.0"?>{dtd}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)
_BOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="worksheets/sheet1.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>'
)
_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in ("ab", "bc", "cd")) + "]>"
)


def zipped(members: dict[str, bytes], level: int = 9) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def xlsx(rows: str, dtd: str = "") -> bytes:
    sheet = _SHEET.format(rows=rows, dtd=dtd).encode()
    return zipped(
        {"xl/workbook.xml": _BOOK, "xl/_rels/workbook.xml.rels": _RELATIONS, "xl/worksheets/sheet1.xml": sheet}
    )


def refused(content, name: str, folder, **how) -> DataProblem:
    with unharmed(), pytest.raises(DataProblem) as problem:
        look(content, name, folder, **how)
    return problem.value


@pytest.mark.slow
def test_a_small_parquet_file_of_two_hundred_million_rows(tmp_path):
    path = tmp_path / "usage.parquet"
    rows = "select 'A' as account_id, date '2024-01-01' as used_on from range(200000000)"
    duckdb.connect().execute(f"copy ({rows}) to '{path}' (format parquet, row_group_size 20000000)")
    assert path.stat().st_size < 5_000_000
    problem = refused(path, "usage.parquet", tmp_path)
    assert problem.id == "too_many_rows"
    assert problem.params["rows"] == 200_000_000


def test_a_parquet_file_of_more_rows_than_allowed(tmp_path):
    path = tmp_path / "usage.parquet"
    duckdb.connect().execute(f"copy (select 'A' as account_id from range(200000)) to '{path}' (format parquet)")
    problem = refused(path, "usage.parquet", tmp_path, limits=Limits(rows=100_000))
    assert (problem.id, problem.params["rows"]) == ("too_many_rows", 200_000)
    assert refused(path, "usage.parquet", tmp_path, limits=Limits(cells=100_000)).id == "too_large"


def test_a_parquet_file_whose_texts_are_long_and_the_same(tmp_path):
    """Few rows by their number, far too many bytes: memory ends it."""
    path = tmp_path / "usage.parquet"
    rows = "select repeat('x', 10000) as account_id, date '2024-01-01' as used_on from range(150000)"
    duckdb.connect().execute(f"copy ({rows}) to '{path}' (format parquet)")
    assert path.stat().st_size < 20_000_000
    assert refused(path, "usage.parquet", tmp_path, limits=Limits(memory_mb=600)).id == "reading_too_big"


def test_a_spreadsheet_that_unpacks_to_gigabytes(tmp_path):
    row = "<row>" + '<c t="inlineStr"><is><t>a</t></is></c>' * 20 + "</row>"
    content = xlsx(row * 200_000)
    assert len(content) < 2_000_000
    assert refused(content, "customers.xlsx", tmp_path).id == "archive_bomb"


def test_a_spreadsheet_with_one_cell_in_the_far_corner(tmp_path):
    """Small when unpacked, but its grid has seventeen thousand million cells."""
    book = Workbook()
    book.active["A1"], book.active["XFD1048576"] = "account_id", 1
    book.save(tmp_path / "customers.xlsx")
    problem = refused(tmp_path / "customers.xlsx", "customers.xlsx", tmp_path, limits=Limits(memory_mb=1000))
    assert problem.id == "reading_too_big"


def test_entities_in_spreadsheets(tmp_path):
    row = '<row><c t="inlineStr"><is><t>&d;</t></is></c></row>'
    assert refused(xlsx(row, _LAUGHS), "customers.xlsx", tmp_path).id == "xml_entities"
    content = f'<?xml version="1.0"?>{_LAUGHS}<office:document-content xmlns:office="o">&d;</office:document-content>'
    ods = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})
    assert refused(ods, "customers.ods", tmp_path).id == "xml_entities"


def test_archives_within_archives(tmp_path):
    inner = zipped({"usage.csv": b"account_id,used_on\nA,2024-01-01\n"})
    for depth in range(4):
        inner = zipped({f"{depth}.zip": inner})
    assert refused(inner, "usage.zip", tmp_path).id == "nested_archive"


def test_an_archive_that_holds_archives_that_are_bombs(tmp_path):
    bomb = zipped({"usage.csv": _ZEROS * 100})
    assert refused(zipped({f"{i}.zip": bomb for i in range(10)}), "usage.zip", tmp_path).id == "archive_bomb"


def test_many_members_that_are_too_much_together(tmp_path):
    content = zipped({f"{i}.csv": b"account_id,used_on\n" + b"A,2024-01-01\n" * 700_000 for i in range(12)})
    assert refused(content, "usage.zip", tmp_path, limits=Limits(unpacked_mb=100)).id == "archive_too_large"


def test_a_directory_that_lies_about_a_size(tmp_path):
    content = bytearray(xlsx("<row><c><v>1</v></c></row>" * 20_000))
    size = len(_SHEET.format(rows="<row><c><v>1</v></c></row>" * 20_000, dtd="")).to_bytes(4, "little")
    assert content.count(size) == 2
    assert refused(bytes(content.replace(size, (500).to_bytes(4, "little"))), "customers.xlsx", tmp_path).id in (
        "broken_archive",
        "broken_spreadsheet",
        "broken_sheet",
    )


def test_a_gzip_bomb(tmp_path):
    content = gzip.compress(_ZEROS * 300)
    assert len(content) < 400_000
    assert refused(content, "usage.csv.gz", tmp_path).id == "archive_bomb"


def test_five_thousand_columns(tmp_path):
    content = (",".join(f"c{i}" for i in range(5000)) + "\n" + ",".join("1" * 5000) + "\n").encode()
    problem = refused(content, "wide.csv", tmp_path)
    assert (problem.id, problem.params["width"]) == ("too_many_columns", 5000)


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes(tmp_path):
    path = tmp_path / "usage.csv"
    path.write_bytes(b"account_id,used_on\n" + b"x," * 50_000_000)
    assert refused(path, "usage.csv", tmp_path).id == "line_too_long"
