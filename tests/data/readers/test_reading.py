"""Files of every kind become the same table of text."""

import csv
import gzip
import io
import zipfile
from datetime import date, datetime, timedelta

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.problems import DataProblem
from data.readers import Assumed, read
from data.readers import delimited as delimited_module

ROWS = [["id", "nome", "valor"], ["01", "São José", "1,5"], ["02", "Ana; Bia", "2,5"], ["03", "", "3"]]


def delimited(rows, delimiter=";", end="\r\n"):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(rows)
    return stream.getvalue()


def table(content, name="a.csv", assumed=None):
    tables = read(content, name, assumed)
    assert len(tables) == 1
    return tables[0]


def cells(raw):
    return [raw.headers] + [[cell or "" for cell in row.values()] for row in raw.frame.to_pylist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(encoding, delimiter, end):
    raw = table(delimited(ROWS, delimiter, end).encode(encoding))
    assert cells(raw) == ROWS
    assert raw.assumed.delimiter == delimiter
    assert (raw.header_row, raw.first_row_number) == (1, 2)


def test_decimal_commas_do_not_pass_for_delimiters():
    raw = table(b"a;b;c\n1,5;2,5;3,1\n1,5;2,5;3,1\n2,5;4,5;0,1\n")
    assert raw.headers == ["a", "b", "c"]


def test_the_separator_line_of_spreadsheets():
    raw = table(b"sep=;\na;b\n1;2\n")
    assert (raw.headers, raw.header_row, raw.first_row_number) == (["a", "b"], 2, 3)


def test_title_lines_footers_and_blank_lines():
    content = b"Sales report\nGenerated on 2024-01-01\n\nid,name,amount\nA,x,1\n\nB,y,2\nTotal,,3\n\nCopyright ACME\n"
    raw = table(content)
    assert cells(raw) == [["id", "name", "amount"], ["A", "x", "1"], ["B", "y", "2"]]
    assert (raw.header_row, raw.first_row_number) == (4, 5)
    assert raw.row_numbers.to_pylist() == [5, 7]
    assert [(note.problem, note.count) for note in raw.notes] == [("title_lines", 2), ("footer", 2)]
    assert raw.notes[1].examples[0] == {"row": 8, "value": "Total,,3"}
    assert raw.left_out == [
        (1, "Sales report", "title"),
        (2, "Generated on 2024-01-01", "title"),
        (8, "Total,,3", "footer"),
        (10, "Copyright ACME", "footer"),
    ]
    assert raw.tail_lines[-3:] == ((8, "Total,,3"), (9, ""), (10, "Copyright ACME"))


def test_an_account_called_total_is_a_row():
    raw = table(b"id,name,amount\nA,x,1\nTotal Energies,y,2\n")
    assert raw.frame.num_rows == 2


def test_lines_that_do_not_fit():
    raw = table(b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,\n")
    assert cells(raw)[1:] == [["1", "2", "3"], ["1", "2", ""], ["1", "2", "3"]]
    assert raw.broken == [(4, "1,2,3,4", "too_many_cells")]


def test_no_header():
    raw = table(b"1,2024-01-01,5.5\n2,2024-01-02,6.5\n")
    assert raw.headers == ["column_1", "column_2", "column_3"]
    assert (raw.header_row, raw.first_row_number) == (0, 1)


def test_repeated_and_blank_headers():
    assert table(b"a,a,,b\n1,2,3,4\n").headers == ["a", "a (2)", "column_3", "b"]


def test_quotes():
    raw = table(b'a,b\n"x, y","he said ""hi"""\n"two\nlines",z\n')
    assert cells(raw)[1:] == [["x, y", 'he said "hi"'], ["two\nlines", "z"]]


def test_an_unclosed_quote_swallows_only_its_line():
    raw = table(b'a,b\n1,"x\n2,y\n3,z\n')
    assert raw.frame.num_rows == 3


def test_spaces_between_columns():
    raw = table(b" 00004 0001 19970101  2   29.33\n" * 6)
    assert raw.frame.num_columns == 5
    assert raw.frame.column("column_1")[0].as_py() == "00004"


def test_what_is_asked_for_is_used():
    raw = table("x;y\né;1\n".encode("cp1252"), assumed=Assumed(encoding="latin-1", delimiter=";", header_row=0))
    assert cells(raw)[1:] == [["x", "y"], ["é", "1"]]
    with pytest.raises(DataProblem):
        table(b"a\n1\n", assumed=Assumed(encoding="klingon"))
    with pytest.raises(DataProblem):
        table("é".encode("cp1252"), assumed=Assumed(encoding="utf-8"))
    with pytest.raises(DataProblem):
        Assumed.from_json({"delimeter": ";"})


@pytest.mark.parametrize(
    "content", [b"", b"\n\n\n", b"%PDF-1.4 ...", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04garbage", b"\x00\x01\x02" * 50]
)
def test_what_is_no_table_is_refused(content):
    with pytest.raises(DataProblem):
        read(content, "a.csv")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataProblem):
        read(tmp_path / "nothing.csv")


def workbook():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Contas"
    for row in (
        ["Relatório"],
        [],
        ["id", "nome", "desde", "quando", "duração", "ativo", "nota"],
        [7, "Ana", date(2024, 3, 5), datetime(2024, 3, 5, 9, 30), timedelta(hours=26, minutes=1), True, 1.5],
    ):
        sheet.append(row)
    book.create_sheet("Empty")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_spreadsheets():
    raw = table(workbook(), "a.xlsx")
    assert raw.frame.to_pylist() == [
        {
            "id": "7",
            "nome": "Ana",
            "desde": "2024-03-05",
            "quando": "2024-03-05 09:30:00",
            "duração": "26:01:00",
            "ativo": "TRUE",
            "nota": "1.5",
        }
    ]
    assert (raw.header_row, raw.first_row_number, raw.assumed.sheet) == (3, 4, "Contas")
    with pytest.raises(DataProblem, match="Contas"):
        read(workbook(), "a.xlsx", Assumed(sheet="Conta"))


def test_parquet_json_and_archives():
    frame = pa.table({"id": ["01"], "day": [date(2024, 1, 1)], "n": [1.5], "ok": [True]})
    stream = io.BytesIO()
    pq.write_table(frame, stream)
    expected = [{"id": "01", "day": "2024-01-01", "n": "1.5", "ok": "true"}]
    assert table(stream.getvalue(), "a.parquet").frame.to_pylist() == expected
    assert table(b'{"id": "01", "n": 1.5}\n{"id": "02"}\n', "a.jsonl").frame.to_pylist() == [
        {"id": "01", "n": "1.5"},
        {"id": "02", "n": None},
    ]
    assert cells(table(gzip.compress(delimited(ROWS).encode()), "a.csv.gz")) == ROWS
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("one.csv", delimited(ROWS))
        file.writestr("two.csv", "a,b\n1,2\n")
    both = read(archive.getvalue(), "a.zip")
    assert [raw.name for raw in both] == ["a.zip · one.csv", "a.zip · two.csv"]
    assert [raw.headers for raw in read(archive.getvalue(), "a.zip", Assumed(sheet="two.csv"))] == [["a", "b"]]


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("spoiled", ["", "quotes", "blank", "short", "long", "footer", "title", "nul"])
def test_the_fast_way_reads_what_the_careful_way_reads(monkeypatch, spoiled, ends):
    lines = [b"id,name,amount"] + [f"{i:05d},n{i % 7},{i / 4}".encode() for i in range(4000)]
    if spoiled == "quotes":
        lines[100] = b'00099,"a ""b"", c",1'
    if spoiled == "blank":
        lines.insert(50, b"")
    if spoiled == "short":
        lines[100] = b"00099,x"
    if spoiled == "long":
        lines[100] = b"00099,x,1,2"
    if spoiled == "footer":
        lines += [b"Total,,4000.5", b"", b"Generated on 2024-01-01"]
    if spoiled == "title":
        lines = [b"A title", b"", *lines]
    if spoiled == "nul":
        lines[100] = b"00099,\x00x,1"
    content = ends.join(lines) + ends
    careful = table(content)
    monkeypatch.setattr(delimited_module, "FAST_FROM", 0)
    fast = table(content)
    assert cells(fast) == cells(careful)
    assert (fast.broken, fast.first_row_number) == (careful.broken, careful.first_row_number)
    assert [(n.problem, n.count, n.examples) for n in fast.notes] == [
        (n.problem, n.count, n.examples) for n in careful.notes
    ]
    lines_of = lambda raw: raw.row_numbers.to_pylist() if raw.row_numbers is not None else None  # noqa: E731
    assert lines_of(fast) == lines_of(careful)


word = st.text(
    alphabet=st.characters(codec="cp1252", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(100, 999), word, st.dates()), min_size=3, max_size=20),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_words_round_trip(rows, delimiter, encoding):
    wanted = [["number", "word", "day"]] + [[str(a), f"w{b}", str(c)] for a, b, c in rows]
    raw = table(delimited(wanted, delimiter).encode(encoding), assumed=Assumed(delimiter=delimiter, header_row=1))
    assert cells(raw) == wanted


def test_lines_that_repeat_the_header_are_left_out():
    raw = table(b"id,name\n1,a\nid,name\n2,b\n")
    assert cells(raw)[1:] == [["1", "a"], ["2", "b"]]
    assert raw.row_numbers.to_pylist() == [2, 4]
    assert [(note.problem, note.examples) for note in raw.notes] == [("repeated_header", [{"row": 3, "value": "id"}])]


def test_title_lines_with_several_cells():
    raw = table(b"Period:,2024-01,\nBy:,Ana,\nid,name,amount\nA,x,1\nB,y,2\n")
    assert (raw.header_row, raw.headers) == (3, ["id", "name", "amount"])
