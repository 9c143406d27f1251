"""Any bytes to any reader: a table or a typed refusal, never another exception."""

import gzip
import io
import json
import zipfile
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data.problems import DataProblem
from data.readers import Assumed, RawTable, read

KINDS = ("csv", "tsv", "txt", "xlsx", "xls", "ods", "parquet", "jsonl", "json", "zip", "gz")
HEADS = {
    "xlsx": b"PK\x03\x04",
    "ods": b"PK\x03\x04",
    "zip": b"PK\x03\x04",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "parquet": b"PAR1",
    "gz": b"\x1f\x8b\x08\x00",
    "json": b'[{"a": ',
    "jsonl": b'{"a": ',
}
CSV = (
    'id,nome,valor\n1,"São ""José"", SP",1.5\n2,"two\nlines",2\n\n3,,3\nTotal,,6.5\n\nGerado em 01/02/2024\n'
).encode()


@cache
def valid(kind: str) -> bytes:
    stream = io.BytesIO()
    if kind in ("csv", "tsv", "txt"):
        return CSV.replace(b",", b"\t") if kind == "tsv" else CSV
    if kind == "jsonl":
        return b'{"id": 1, "who": {"name": "Ana"}, "v": 1.50}\n{"id": 2, "tags": [1, 2]}\n'
    if kind == "json":
        return json.dumps([{"id": 1, "v": 1.5}, {"id": 2, "v": None}]).encode()
    if kind == "gz":
        return gzip.compress(CSV, mtime=0)
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("one.csv", CSV)
            archive.writestr("two.jsonl", valid("jsonl"))
    if kind == "parquet":
        frame = pa.table({"id": [1, 2], "day": [date(2024, 1, 1), None], "who": [{"name": "Ana"}, {"name": "Bia"}]})
        pq.write_table(frame, stream)
    if kind == "xlsx":
        book = openpyxl.Workbook()
        rows = [
            ["Relatório"],
            ["id", "dia", "quando", "t", "d"],
            [1, date(2024, 1, 2), datetime(2024, 1, 2, 3), time(4), timedelta(hours=30)],
        ]
        for row in rows:
            book.active.append(row)
        book.active.merge_cells("A1:E1")
        book.create_sheet("Outra").append(["a", "b"])
        book.save(stream)
    if kind == "ods":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", MANIFEST)
            archive.writestr("content.xml", ODS)
    if kind == "xls":
        return HEADS["xls"] + bytes(2048)
    return stream.getvalue()


MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    "</manifest:manifest>"
)
ODS = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Folha"><table:table-row>'
    + "".join(
        f'<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>' for t in ("id", "v")
    )
    + '</table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>A</text:p>'
    '</table:table-cell><table:table-cell office:value-type="float" office:value="1.5"><text:p>1,5</text:p>'
    "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


def attempt(content: bytes, kind: str, assumed: Assumed | None = None) -> list[RawTable] | str:
    """The tables, checked for what every table keeps to, or the refusal."""
    try:
        tables = read(content, f"a.{kind}", assumed)
    except DataProblem as problem:
        return f"{problem.id}: {problem}"
    for table in tables:
        assert all(
            pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in table.frame.schema
        )
        assert len(set(table.headers)) == len(table.headers) > 0
        assert table.row_numbers is None or len(table.row_numbers) == table.frame.num_rows
        assert all(note.problem and note.expected for note in table.notes)
        assert Assumed.from_json(json.loads(json.dumps(table.assumed.to_json()))) == table.assumed
    return tables


@st.composite
def bytes_of_a_kind(draw: st.DrawFn) -> tuple[bytes, str]:
    kind = draw(st.sampled_from(KINDS))
    body = draw(st.binary(max_size=400))
    return (HEADS.get(kind, b"") if draw(st.booleans()) else b"") + body, kind


@st.composite
def spoiled_files(draw: st.DrawFn) -> tuple[bytes, str]:
    """A valid file with bytes changed, cut out, put in or cut off."""
    kind = draw(st.sampled_from(KINDS))
    content = bytearray(valid(kind))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        what = draw(st.sampled_from(["change", "cut", "put", "end", "repeat"]))
        if what == "change" and content:
            content[at] = draw(st.integers(0, 255))
        elif what == "cut":
            del content[at : at + draw(st.integers(1, 20))]
        elif what == "put":
            content[at:at] = draw(st.binary(max_size=8))
        elif what == "end":
            del content[at:]
        else:
            content[at:at] = content[at : at + 40]
    return bytes(content), kind


texts = st.text(alphabet=st.sampled_from(list("ab1 .,;|\t\n\r\"'\\-/:()%$éÃ\0{}[]=#")), max_size=200)
ways = st.builds(
    Assumed,
    encoding=st.sampled_from([None, "utf-8", "utf-16", "latin-1", "ascii", "zip", "nonsense"]),
    delimiter=st.sampled_from([None, ",", ";", "spaces", "fixed", "\n", '"', ""]),
    header_row=st.sampled_from([None, 0, 1, 2, 5, -1, 10**9]),
    header_rows=st.sampled_from([None, 0, 1, 2, 9]),
    units=st.sampled_from([None, True, False]),
    table=st.sampled_from([None, 0, 1, 2, 9]),
    quote=st.sampled_from([None, '"', "'", "", "\n", ","]),
    keep_totals=st.sampled_from([None, True, False]),
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
many = settings(max_examples=2500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(bytes_of_a_kind())
@example((b"\x1f\x8b\x08\x00", "gz"))
@example((b"PK\x03\x04", "xlsx"))
def test_random_bytes(file: tuple[bytes, str]) -> None:
    attempt(*file)


@quick
@given(spoiled_files())
def test_spoiled_files(file: tuple[bytes, str]) -> None:
    attempt(*file)


@quick
@given(texts, ways)
@example("\r\r|1\r1", Assumed(header_row=2, header_rows=2))
def test_odd_texts_in_odd_ways(text: str, way: Assumed) -> None:
    attempt(text.encode(), "csv", way)


@pytest.mark.slow
@many
@given(bytes_of_a_kind())
def test_thousands_of_random_bytes(file: tuple[bytes, str]) -> None:
    attempt(*file)


@pytest.mark.slow
@many
@given(spoiled_files())
def test_thousands_of_spoiled_files(file: tuple[bytes, str]) -> None:
    attempt(*file)


@pytest.mark.slow
@many
@given(texts, ways)
def test_thousands_of_odd_texts(text: str, way: Assumed) -> None:
    attempt(text.encode(), "csv", way)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "xls"])
def test_the_files_before_they_are_spoiled(kind: str) -> None:
    assert not isinstance(attempt(valid(kind), kind), str)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataProblem):
        read(tmp_path)
