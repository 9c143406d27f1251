"""Tables as people keep them: titles, joined headers, units, totals, several tables, workbooks with a past."""

import gzip
import io
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from data.importing import inspect, prepare
from data.problems import DataProblem
from data.readers import Assumed, RawTable, read
from data.readers.dates import DateStyle, to_datetimes, zone_of
from data.readers.numbers import to_numbers, to_whole_numbers
from data.readers.typed import TEXT_NULLS, VALUE_NULLS, is_missing


def one(content: bytes | str, name: str = "a.csv", assumed: Assumed | None = None) -> RawTable:
    [table] = read(content.encode() if isinstance(content, str) else content, name, assumed)
    return table


def rows(table: RawTable) -> list[list[str]]:
    return [[cell or "" for cell in row.values()] for row in table.frame.to_pylist()]


def said(table: RawTable) -> dict[str, int]:
    return {note.problem: note.count for note in table.notes}


def workbook(
    lines: list[list[Any]], merges: tuple[str, ...] = (), formats: dict[str, str] | None = None, mac: bool = False
) -> bytes:
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    for line in lines:
        sheet.append(line)
    for merge in merges:
        sheet.merge_cells(merge)
    for cell, code in (formats or {}).items():
        sheet[cell].number_format = code
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# Headers


def test_groups_above_the_names_are_joined() -> None:
    table = one("Account,Q1,,Q2,\n,Revenue,Cost,Revenue,Cost\nA,1,2,3,4\nB,5,6,7,8\n")
    assert table.headers == ["Account", "Q1 – Revenue", "Q1 – Cost", "Q2 – Revenue", "Q2 – Cost"]
    assert rows(table) == [["A", "1", "2", "3", "4"], ["B", "5", "6", "7", "8"]]
    assert (table.header_row, table.assumed.header_rows, table.first_row_number) == (1, 2, 3)
    assert said(table) == {"joined_header": 2}
    content = "Account,Q1,,Q2,\n,Revenue,Cost,Revenue,Cost\nA,1,2,3,4\n"
    assert one(content, assumed=Assumed(header_row=1, header_rows=1)).frame.num_rows == 2


def test_merged_header_cells_of_a_workbook() -> None:
    lines = [["Account", "2024", None], [None, "Jan", "Feb"], ["A", 1, 2], ["B", 3, 4]]
    table = one(workbook(lines, ("A1:A2", "B1:C1")), "a.xlsx")
    assert table.headers == ["Account", "2024 – Jan", "2024 – Feb"]


def test_a_first_row_with_blanks_is_no_second_header() -> None:
    table = one("id,name,,score\nA,Ana,x,\nB,Bia,y,5\n")
    assert (table.header_row, table.frame.num_rows, said(table)) == (1, 2, {})


def test_a_title_over_all_columns_is_no_group() -> None:
    lines = [["Sales report", None, None], ["id", "region", "mrr"], ["A", "South", 1], ["B", "North", 2]]
    table = one(workbook(lines, ("A1:C1",)), "a.xlsx")
    assert table.headers == ["id", "region", "mrr"]
    assert table.left_out == [(1, "Sales report\t\t", "title")]


@pytest.mark.parametrize("units", ["(days),R$", "days,%", "[h],USD", "dias,(%)"])
def test_a_line_of_units_is_no_row(units: str) -> None:
    table = one(f"id,duration,amount\n,{units}\nA,1,2\nB,5,6\n")
    assert table.frame.num_rows == 2
    assert table.headers[1] == f"duration ({units.split(',')[0].strip('()[]')})"
    assert table.left_out == [(2, f",{units}", "units")]
    assert table.assumed.units
    assert one(f"id,duration,amount\n,{units}\nA,1,2\n", assumed=Assumed(units=False)).frame.num_rows == 2


def test_rows_of_units_stay_rows() -> None:
    assert one("currency,unit\nUSD,days\nBRL,hours\n").frame.num_rows == 2


def test_time_zones_in_headers_move_times() -> None:
    assert [zone_of(header) for header in ("Created (UTC)", "Aberto em [GMT-3]", "x (America/Bogota)", "nut")] == [
        "UTC",
        "-03:00",
        "America/Bogota",
        None,
    ]
    content = b"contact_id,Opened at (UTC)\n1,2024-03-05 10:00\n2,2024-03-05 01:00\n"
    mapping = {"tables": {"contacts": {"columns": {"contact_id": "contact_id", "opened_at": "Opened at (UTC)"}}}}
    [prepared] = prepare(inspect(content, "contacts.csv"), mapping)
    assert prepared.accepted.column("opened_at").to_pylist() == [datetime(2024, 3, 5, 7), datetime(2024, 3, 4, 22)]
    assert "zone_from_header" in {problem.problem for problem in prepared.checked.problems}


# Ends


def test_totals_and_notices_are_left_out_with_their_lines() -> None:
    table = one(
        "Report,,,\n\nid,name,mrr,seats\nA,x,1,2\nSubtotal,,1,2\nB,y,3,4\nGrand Total,,4,6\n\n"
        "Applied filters:\nregion is South\nCopyright (c) 2024 ACME\n"
    )
    assert rows(table) == [["A", "x", "1", "2"], ["B", "y", "3", "4"]]
    assert [(line, why) for line, _, why in table.left_out] == [
        (1, "title"),
        (5, "total"),
        (7, "footer"),
        (9, "footer"),
        (10, "footer"),
        (11, "footer"),
    ]
    assert table.tail_lines[-1] == (11, "Copyright (c) 2024 ACME")
    kept = one("id,name,mrr\nA,x,1\nTotal,,1\n", assumed=Assumed(keep_totals=True))
    assert kept.frame.num_rows == 2


def test_a_total_with_every_cell_filled() -> None:
    table = one("account,mrr,seats\nA,1,2\nB,3,4\nTotal,4,6\n")
    assert rows(table) == [["A", "1", "2"], ["B", "3", "4"]]
    assert one("account,mrr,plan\nA,1,x\nTotal,4,Gold\n").frame.num_rows == 2


def test_the_end_of_a_large_file_is_shown_though_the_preview_is_its_head() -> None:
    body = "".join(f"A{i:06d},name {i},{i}.25\n" for i in range(60_000))
    table = one(f"id,name,mrr\n{body}Total,,1\n\nGenerated by ACME\n")
    assert table.frame.num_rows == 60_000
    assert table.tail_lines[-3:] == ((60_002, "Total,,1"), (60_003, ""), (60_004, "Generated by ACME"))
    assert table.left_out == [(60_002, "Total,,1", "footer"), (60_004, "Generated by ACME", "footer")]


# Several tables


def test_tables_below_one_another() -> None:
    content = "id,mrr\nA,1\nB,2\n\nTickets by day\nday,tickets,open\n2024-01-01,5,1\n2024-01-02,6,2\n"
    first, second = read(content.encode(), "a.csv")
    assert (first.headers, rows(first)) == (["id", "mrr"], [["A", "1"], ["B", "2"]])
    assert (second.headers, second.header_row, second.first_row_number) == (["day", "tickets", "open"], 6, 7)
    assert [table.assumed.table for table in (first, second)] == [1, 2]
    assert [table.headers for table in read(content.encode(), "a.csv", Assumed(table=2))] == [second.headers]
    with pytest.raises(DataProblem, match="no table 3"):
        read(content.encode(), "a.csv", Assumed(table=3))
    assert len(read(content.encode(), "a.csv", Assumed(table=0))) == 1


def test_rows_parted_by_blank_lines_stay_one_table() -> None:
    table = one("name,city,mrr\nAna,Rio,1\n\nBia,SP,2\nCaio,BH,3\n\nDora,POA,4\n")
    assert table.frame.num_rows == 4
    assert table.row_numbers is not None
    assert table.row_numbers.to_pylist() == [2, 4, 5, 7]


def test_tables_side_by_side_only_where_rows_do_not_belong_together() -> None:
    left, right = read(b"id,mrr,,day,n\nA,1,,2024-01-01,5\nB,2,,2024-01-02,6\n,,,2024-01-03,7\n", "a.csv")
    assert (rows(left), right.frame.num_rows) == ([["A", "1"], ["B", "2"]], 3)
    together = one("id,mrr,,day,n\nA,1,,2024-01-01,5\nB,2,,2024-01-02,6\n")
    assert (together.frame.num_rows, together.headers[3:]) == (2, ["day", "n"])


# Workbooks


def test_merged_cells_count_for_every_row() -> None:
    lines = [["id", "region", "mrr"], ["A", "South", 1], ["B", None, 2], ["C", "North", 3]]
    table = one(workbook(lines, ("B2:B3",)), "a.xlsx")
    assert [row[1] for row in rows(table)] == ["South", "South", "North"]
    assert said(table) == {"merged_cells": 1}


@pytest.mark.parametrize("mac", [False, True])
def test_dates_times_and_durations_of_workbooks(mac: bool) -> None:
    lines = [["id", "day", "at", "clock", "long"], ["A", date(2024, 3, 5), datetime(2024, 3, 5, 10, 30), time(1, 2, 3), timedelta(hours=30, minutes=5)]]  # fmt: skip # noqa: E501
    table = one(workbook(lines, formats={"E2": "[h]:mm"}, mac=mac), "a.xlsx")
    assert rows(table) == [["A", "2024-03-05", "2024-03-05 10:30:00", "01:02:03", "30:05:00"]]


def test_numbers_are_read_as_a_workbook_shows_them() -> None:
    lines = [
        ["id", "zip", "rate", "text", "long"],
        ["007", 42, 0.07, "1,5", 10300000000000],
        ["1.03E+13", 7, 1, "2", 1],
    ]
    formats = {"B2": "00000", "B3": "00000", "C2": "0%", "C3": "0.0%"}
    table = one(workbook(lines, formats=formats), "a.xlsx")
    assert rows(table) == [["007", "00042", "7%", "1,5", "10300000000000"], ["1.03E+13", "00007", "100%", "2", "1"]]


def test_errors_of_workbooks_are_blank_and_said() -> None:
    table = one(workbook([["id", "mrr"], ["A", "#N/A"], ["B", "#DIV/0!"], ["C", 1]]), "a.xlsx")
    assert rows(table) == [["A", ""], ["B", ""], ["C", "1"]]
    [note] = table.notes
    assert (note.problem, note.count, [e["row"] for e in note.examples]) == ("error_cells", 2, [2, 3])


# Ids and words


def test_ids_shortened_to_powers_of_ten_are_kept_and_said() -> None:
    content = b"account_id;name\n1,03E+13;Ana\n00012;Bia\n9007199254740993123;Caio\n"
    [prepared] = prepare(inspect(content, "accounts.csv"))
    assert prepared.accepted.column("account_id").to_pylist() == ["1,03E+13", "00012", "9007199254740993123"]
    assert "shortened_id" in {problem.problem for problem in prepared.checked.problems}


def test_words_for_missing_and_names_that_look_like_them() -> None:
    words = "n/a|N/D|s/d|-|–|nulo|vazio|sin dato|sin datos|NULL|null|None|não informado|no disponible|#N/A"
    assert is_missing(pa.array(words.split("|")), VALUE_NULLS).all()
    assert is_missing(pa.array(["NULL", "null", "None", "NaN", "nan", "-", "n/a"]), TEXT_NULLS).all()
    names = ["Null", "Nil", "Nan", "NA", "N.A.", "Nenhum", "ND", "Ninguno"]
    assert not is_missing(pa.array(names), TEXT_NULLS).any()
    content = b"account_id,name,country\nNA,Null,NA\nA,NULL,n/a\n"
    [prepared] = prepare(inspect(content, "accounts.csv"))
    assert prepared.accepted.select(["account_id", "name", "country"]).to_pylist() == [
        {"account_id": "NA", "name": "Null", "country": "NA"},
        {"account_id": "A", "name": None, "country": None},
    ]


# Numbers and dates


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["R$\u00a01.234,56", "-R$ 7,50"], [1234.56, -7.5]),
        (["(5.25)", "5.5-", "US$ 1,234.50", "1,234.50 MXN"][:2], [-5.25, -5.5]),
        (["1'234.50", "1\u2009234.5", "1\u202f000"], [1234.5, 1234.5, 1000.0]),
        (["1e5", "1E+3", "2.5e-1"], [1e5, 1000.0, 0.25]),
        (["12,5%", "100%"], [0.125, 1.0]),
        (["\u0661\u0662\u0663", "1.5k", "1 2 3"], [None, None, None]),
    ],
)
def test_numbers_as_people_write_them(texts: list[str], values: list[float | None]) -> None:
    typed = to_numbers(pa.array(texts))
    assert typed.values.to_pylist() == values
    assert typed.bad.tolist() == [value is None for value in values]
    assert not typed.assumed


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        (["1.250", "2.500"], "ambiguous_decimal"),
        (["1.250", "1200"], "ambiguous_decimal"),
        (["1.234,56", "1,234.56", "9,5"], "mixed_decimal"),
        (["R$ 1,50", "US$ 2,50"], "several_currencies"),
    ],
)
def test_what_numbers_do_not_prove_is_asked(texts: list[str], question: str) -> None:
    assert question in dict(to_numbers(pa.array(texts)).assumed)


def test_thousands_of_whole_numbers_are_taken_as_such() -> None:
    typed = to_whole_numbers(pa.array(["1.234", "2.500"]))
    assert (typed.values.to_pylist(), dict(typed.assumed)) == ([1234, 2500], {"ambiguous_decimal": ","})


def test_dates_in_several_forms_in_one_column() -> None:
    typed = to_datetimes(pa.array(["01/07/2026, 16:30", "26/06/2026", "2026-06-27 08:00", "3 de julho de 2026"]))
    assert typed.values.to_pylist() == [
        datetime(2026, 7, 1, 16, 30),
        datetime(2026, 6, 26),
        datetime(2026, 6, 27, 8),
        datetime(2026, 7, 3),
    ]
    assert not typed.bad.any()
    assert not typed.assumed


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        (["13/02/2024", "02/13/2024", "14/02/2024"], "mixed_dates"),
        (["01/02/2024", "03/04/2024"], "ambiguous_dates"),
        (["24/03/05", "24/12/31"], "short_years"),
    ],
)
def test_what_dates_do_not_prove_is_asked(texts: list[str], question: str) -> None:
    assert question in dict(to_datetimes(pa.array(texts)).assumed)


def test_short_years_first_when_asked_for() -> None:
    typed = to_datetimes(pa.array(["24/03/05", "24/12/31"]), DateStyle(order="ymd"))
    assert typed.values.to_pylist() == [datetime(2024, 3, 5), datetime(2024, 12, 31)]


# Texts


def test_old_encodings_are_guessed_and_said() -> None:
    for encoding in ("cp1252", "cp850", "mac_roman"):
        table = one("id,cidade\n1,São João\n2,Brasília\n3,Vitória\n4,Paraná\n5,Goiás\n".encode(encoding))
        assert rows(table)[0] == ["1", "São João"]
        [note] = table.notes
        assert (note.problem, note.params["encoding"]) == ("guessed_encoding", encoding)


def test_letters_damaged_before_are_said() -> None:
    table = one("id,name\n1,SÃ£o Paulo\n")
    assert said(table) == {"spoiled_letters": 1}


@pytest.mark.parametrize("start", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_separator_lines(start: str) -> None:
    assert one(f"{start}id;v\nA;1\n").headers == ["id", "v"]


def test_quotes_that_break_the_rules() -> None:
    table = one('id,name\n1,"Acme "Best" Ltd"\n2,"x"\n')
    assert rows(table) == [["1", 'Acme "Best" Ltd'], ["2", "x"]]
    assert said(table) == {"odd_quotes": 1}
    escaped = one('id,name\n1,"he said \\"hi\\", ok"\n')
    assert (rows(escaped), said(escaped)) == ([["1", 'he said "hi", ok']], {"escaped_quotes": 1})
    open_ended = one('id,name,n\n1,"x,1\n2,"y",2\n3,z,3\n')
    assert rows(open_ended)[1:] == [["2", "y", "2"], ["3", "z", "3"]]


def test_lines_with_a_cell_too_few_or_too_many_are_set_apart_when_they_do_not_fit() -> None:
    body = "".join(f"A{i},name,{i},2024-01-0{i}\n" for i in range(1, 8))
    table = one(f"id,name,mrr,day\n{body}A8,8,2024-01-08\nA9,x,y,9,2024-01-09\nB1,x\nB2,,x,2,\n")
    assert [(line, why) for line, _, why in table.broken] == [
        (9, "too_few_cells"),
        (10, "too_many_cells"),
        (12, "too_many_cells"),
    ]
    assert said(table) == {"short_rows": 1}


def test_fixed_width_with_blanks_in_texts_and_blank_cells() -> None:
    line = "{:04d}  {:<15} {:<12} {:>8.2f}\n".format
    body = [line(1, "Ana Maria", "São Paulo", 10), line(2, "Bia", "Rio", 2000.5), line(3, "Caio de Souza", "", 3)]
    table = one("ID    NAME            CITY              MRR\n" + "".join(body * 4))
    assert rows(table)[:3] == [
        ["0001", "Ana Maria", "São Paulo", "10.00"],
        ["0002", "Bia", "Rio", "2000.50"],
        ["0003", "Caio de Souza", "", "3.00"],
    ]
    assert (table.assumed.delimiter, said(table)) == ("fixed", {"columns_by_place": 1})


# Other containers


def test_json_keeps_numbers_as_written_and_flattens_once() -> None:
    content = (
        b'{"id": 12345678901234567890, "who": {"name": "Ana", "tags": ["a"]}, "v": 12.50}\n\n{"id": 2, "v": 1e5}\n'
    )
    table = one(content, "a.jsonl")
    assert table.headers == ["id", "who.name", "who.tags", "v"]
    assert rows(table) == [["12345678901234567890", "Ana", '["a"]', "12.50"], ["2", "", "", "1e5"]]
    assert table.row_numbers is not None
    assert table.row_numbers.to_pylist() == [1, 3]
    assert rows(one(b'[{"id": "01"}]', "a.txt")) == [["01"]]
    within = one(b'{"tickets": [{"id": 1}, {"id": 2}], "count": 2, "meta": {"more": false}}', "a.json")
    assert (rows(within), said(within)) == ([["1"], ["2"]], {"rows_within": 1})
    with pytest.raises(DataProblem, match="Line 2"):
        read(b'{"id": 1}\n{"id":\n', "a.jsonl")


def test_parquet_types() -> None:
    frame = pa.table(
        {
            "id": pa.array([1.0, 20240001.0]),
            "amount": pa.array([Decimal("12.50"), None], pa.decimal128(10, 2)),
            "at": pa.array([datetime(2024, 1, 1, 12, 0, 0, 500_000), None], pa.timestamp("us", tz="America/Sao_Paulo")),
            "plan": pa.array(["a", "b"]).dictionary_encode(),
            "who": pa.array([{"name": "Ana"}, None]),
            "took": pa.array([timedelta(minutes=2), None]),
            "blob": pa.array([b"\xff\xfe", None]),
        }
    )
    stream = io.BytesIO()
    pq.write_table(frame, stream)
    table = one(stream.getvalue(), "a.parquet")
    assert table.frame.to_pylist()[0] == {
        "id": "1",
        "amount": "12.50",
        "at": "2024-01-01 12:00:00.500000Z",
        "plan": "a",
        "who.name": "Ana",
        "took": "120",
    }
    assert said(table) == {"unreadable_columns": 1}


def test_archives_with_several_files() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", "id,v\n1,2\n")
        archive.writestr("__MACOSX/._a.csv", "x")
        archive.writestr("manual.pdf", "%PDF-1.4")
        archive.writestr("folder/b.csv.gz", gzip.compress(b"id,w\n1,3\n"))
    first, second = read(stream.getvalue(), "all.zip")
    assert [first.assumed.sheet, second.assumed.sheet] == ["a.csv", "folder/b.csv.gz"]
    assert said(first) == {"member_left_out": 1}


def test_what_was_assumed_can_be_given_back() -> None:
    table = one("Report\n\nid,duration\n,(days)\nA,1\nTotal,1\n")
    again = one("Report\n\nid,duration\n,(days)\nA,1\nTotal,1\n", assumed=Assumed.from_json(table.assumed.to_json()))
    assert (again.headers, rows(again), again.assumed) == (table.headers, rows(table), table.assumed)
    with pytest.raises(DataProblem):
        Assumed.from_json({"header_row": "3"})
