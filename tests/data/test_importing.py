"""The way in: clean files need no mapping, messy ones say what was assumed, bad rows say why they stay out."""

import csv
import io
import json
import pickle
from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import schema
from data.importing import Known, inspect, prepare, write_rejected
from data.mapping import Mapping
from data.problems import DataProblem
from data.readers import Assumed

ALL = list(schema.tables().values())


def text_of(value) -> str:
    return "" if value is None else str(value)


def csv_of(rows: list[list], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def one(content, name="data.csv", **how):
    prepared = prepare(inspect(content, name, how.pop("read", None)), **how)
    assert len(prepared) == 1
    return prepared[0]


def problems(prepared) -> dict[str, int]:
    return {problem.problem: problem.count for problem in prepared.checked.problems}


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
@pytest.mark.parametrize("named", [True, False])
def test_canonical_headers_need_no_mapping(table, named):
    columns = list(table.columns.values())
    content = csv_of([[c.name for c in columns], [text_of(c.example) for c in columns]])
    upload = inspect(content, f"{table.name}.csv" if named else "export.csv")
    assert list(upload.suggestions[0].tables) == [table.name]
    assert {match.confidence for match in upload.suggestions[0].matches} == {1.0}
    prepared = prepare(upload)[0]
    assert prepared.rejected.num_rows == 0, prepared.checked.problems
    assert prepared.accepted.to_pylist() == [{c.name: c.example for c in columns}]


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_required_columns_alone_are_enough_in_a_file_named_like_the_table(table):
    columns = [table.columns[name] for name in table.required]
    extra = [table.columns["score"]] if table.name == "surveys" else []
    content = csv_of([[c.name for c in columns + extra], [text_of(c.example) for c in columns + extra]])
    prepared = prepare(inspect(content, f"{table.name}.csv"))
    assert [p.table for p in prepared] == [table.name]
    assert prepared[0].accepted.num_rows == 1


def test_snapshot_types():
    content = csv_of(
        [
            ["contact_id", "opened_at", "handle_seconds", "reopens", "abandoned", "account_id"],
            ["007", "2024-03-05 09:30", "12.5", "0", "false", "A"],
        ]
    )
    row = one(content, "contacts.csv")
    assert {f.name: str(f.type) for f in row.accepted.schema} == {
        "contact_id": "string",
        "opened_at": "timestamp[us]",
        "account_id": "string",
        "reopens": "int64",
        "handle_seconds": "double",
        "abandoned": "bool",
    }
    assert row.accepted.to_pylist()[0]["contact_id"] == "007"


def test_a_brazilian_export_with_title_lines_and_a_total():
    content = (
        "Relatório de assinaturas\r\n\r\n"
        "Código da assinatura;Cliente;Início;Fim;Mensalidade;Situação\r\n"
        "S1;C1;05/01/2024;;R$ 1.234,50;Ativa\r\n"
        "S2;C2;31/01/2024;15/02/2024;R$ 99,90;Cancelada\r\n"
        "S3;C3;01/02/2024;;R$ 10,00;Em teste\r\n"
        "Total;;;;R$ 1.344,40;\r\n"
    ).encode("cp1252")
    row = one(content, "assinaturas.csv")
    assert row.table == "subscriptions"
    columns = ["subscription_id", "started_on", "amount", "ended_on", "status", "billing_months"]
    assert [tuple(r[c] for c in columns) for r in row.accepted.to_pylist()] == [
        ("S1", date(2024, 1, 5), 1234.5, None, "active", 1.0),
        ("S2", date(2024, 1, 31), 99.9, date(2024, 2, 15), "active", 1.0),
        ("S3", date(2024, 2, 1), 10.0, None, "trial", 1.0),
    ]
    assumed = row.report()["assumed"]
    assert (
        assumed.items()
        >= {
            "encoding": "cp1252",
            "delimiter": ";",
            "decimal": ",",
            "thousands": ".",
            "date_order": "dmy",
            "header_row": 3,
            "sheet": None,
        }.items()
    )
    assert problems(row)["footer"] == 1
    assert row.report()["rows_read"] == 3


def test_rows_are_counted_as_a_person_counts_them():
    content = (
        b"A title\n\nsubscription_id,account_id,started_on,amount\n"
        b"S1,C1,2024-01-01,5\n\nS2,C2,nonsense,5\nS3,C3,2024-01-01,x\n"
    )
    row = one(content, "subscriptions.csv")
    examples = {p.problem: p.examples for p in row.checked.problems}
    assert examples["not_a_date"] == [{"row": 6, "value": "nonsense"}]
    assert examples["not_a_number"] == [{"row": 7, "value": "x"}]
    assert row.rejected["farol_row"].to_pylist() == [6, 7]
    assert row.accepted.num_rows == 1


def test_every_problem_at_once_and_good_rows_go_in():
    content = csv_of(
        [
            ["subscription_id", "account_id", "started_on", "ended_on", "amount", "discount"],
            ["S1", "C1", "2024-01-01", "", "100", "10"],
            ["S2", "C1", "2024-02-01", "2024-01-01", "100", ""],
            ["S3", "C1", "2024-01-01", "", "-5", ""],
            ["S4", "C1", "2024-01-01", "", "5", "6"],
            ["S5", "", "2024-01-01", "", "5", ""],
            ["S1", "C1", "2024-01-01", "", "100", "10"],
            ["S6", "C9", "2024-01-01", "", "5", ""],
            ["S7", "C1", "2024-01-01", "", "", ""],
        ]
    )
    row = one(content, "subscriptions.csv", known=Known(accounts=pa.array(["C1"])))
    found = {(p.problem, p.column): (p.count, p.examples[0]["row"]) for p in row.checked.problems}
    assert found == {
        ("ends_before_start", "ended_on"): (1, 3),
        ("negative", "amount"): (1, 4),
        ("discount_above_amount", "discount"): (1, 5),
        ("missing_required", "account_id"): (1, 6),
        ("missing_required", "amount"): (1, 9),
        ("duplicate_key", "subscription_id"): (1, 7),
        ("unknown_account", "account_id"): (1, 8),
    }
    assert row.accepted["subscription_id"].to_pylist() == ["S1", "S6"]
    assert row.report()["rows_rejected"] == 6
    assert all(reason for reason in row.rejected["farol_reason"].to_pylist())


def test_rejected_rows_can_be_corrected_and_sent_again(tmp_path):
    content = csv_of(
        [["account_id", "name", "created_on", "Cor"], ["A", "Á", "2024-01-01", "azul"], ["B", "B", "soon", "rosa"]]
    )
    row = one(content, "accounts.csv")
    assert row.rejected.column_names == ["farol_row", "farol_reason", "account_id", "name", "created_on", "Cor"]
    path = tmp_path / "rejected.csv"
    write_rejected(row.rejected, path)
    path.write_text(path.read_text(encoding="utf-8").replace("soon", "2024-02-01"), encoding="utf-8")
    again = prepare(inspect(path), tables=["accounts"])[0]
    assert again.accepted.to_pylist() == [
        {"account_id": "B", "name": "B", "created_on": date(2024, 2, 1), "x_cor": "rosa"}
    ]


def test_the_mapping_file_of_the_contract():
    content = (
        b"Call Id;DATE;Time;Answered (Y/N);AvgTalkDuration;Satisfaction rating\n"
        b"1;2021-01-01;09:12:58;Y;00:02:23;3\n"
        b"2;2021-01-01;09:47:31;N;;\n"
    )
    mapping = json.loads(
        """{"tables": {"contacts": {"columns": {"contact_id": "Call Id", "opened_at": ["Date", "Time"],
        "abandoned": {"from": "Answered", "values": {"N": true, "Y": false}},
        "handle_seconds": {"from": "AvgTalkDuration", "as": "duration"}}, "constants": {"channel": "phone"}},
        "surveys": {"columns": {"response_id": "Call Id", "responded_at": ["DATE", "Time"],
        "score": "Satisfaction rating"},
        "constants": {"kind": "csat"}}}}"""
    )
    contacts, surveys = prepare(inspect(content, "calls.csv"), mapping)
    assert contacts.accepted.to_pylist() == [
        {
            "contact_id": "1",
            "opened_at": datetime(2021, 1, 1, 9, 12, 58),
            "channel": "phone",
            "handle_seconds": 143.0,
            "abandoned": False,
        },
        {
            "contact_id": "2",
            "opened_at": datetime(2021, 1, 1, 9, 47, 31),
            "channel": "phone",
            "handle_seconds": None,
            "abandoned": True,
        },
    ]
    assert surveys.accepted.num_rows == 1
    assert surveys.report()["rows_left_out"] == 1
    assert surveys.report()["rows_rejected"] == 0
    assert contacts.report()["mapping"]["opened_at"] == ["DATE", "Time"]


def test_the_same_call_list_by_suggestion():
    content = (
        b"Call Id;Agent;DATE;Time;Topic;Answered (Y/N);Resolved;Speed of answer in seconds;"
        b"AvgTalkDuration;Satisfaction rating\n"
        b"1;Diane;2021-01-01;09:12:58;Bill;Y;Y;109;00:02:23;3\n"
        b"2;Becky;2021-01-01;09:47:31;Bill;N;N;;;\n"
    )
    contacts, surveys = prepare(inspect(content, "calls.csv"))
    first, second = contacts.accepted.to_pylist()
    assert (first["abandoned"], first["fixed"], first["queue_seconds"], first["handle_seconds"]) == (
        False,
        True,
        109.0,
        143.0,
    )
    assert second["abandoned"] is True
    assert surveys.accepted.to_pylist()[0]["score"] == 3.0
    assert surveys.unmapped == ("Agent",)


def test_days_numbered_by_row():
    content = b"Incoming Calls,Answered Calls,Abandoned Calls\n217,204,13\n200,182,18\n"
    with pytest.raises(DataProblem, match="row_number_from"):
        prepare(inspect(content, "daily.csv"))
    mapping = {
        "tables": {
            "contact_totals": {
                "columns": {
                    "day": {"row_number_from": "2020-01-01"},
                    "offered": "Incoming Calls",
                    "abandoned": "Abandoned Calls",
                }
            }
        }
    }
    rows = prepare(inspect(content, "daily.csv"), mapping)[0].accepted.to_pylist()
    assert [row["day"] for row in rows] == [date(2020, 1, 1), date(2020, 1, 2)]


def test_the_last_day_with_it_becomes_the_first_day_without():
    content = b"subscription_id,account_id,started_on,amount,Fim\nS,C,2024-01-01,5,2024-02-29\n"
    mapping = {
        "tables": {
            "subscriptions": {
                "columns": {c: c for c in ("subscription_id", "account_id", "started_on", "amount")}
                | {"ended_on": {"from": "Fim", "as": "last_day"}}
            }
        }
    }
    assert prepare(inspect(content, "x.csv"), mapping)[0].accepted["ended_on"].to_pylist() == [date(2024, 3, 1)]


def test_ends_of_months_are_asked_about():
    rows = [["subscription_id", "account_id", "started_on", "amount", "ended_on"]]
    rows += [
        [f"S{i}", "C", "2023-01-01", "5", f"2024-0{i}-{day}"] for i, day in enumerate([31, 29, 31, 30, 31, 30], start=1)
    ]
    assert problems(one(csv_of(rows), "subscriptions.csv"))["looks_like_last_day"] == 6


def test_words_in_three_languages_and_scales_from_values():
    content = csv_of(
        [
            ["response_id", "kind", "responded_at", "label"],
            ["1", "CSAT", "2024-01-01", "Muito satisfeito"],
            ["2", "satisfacción", "2024-01-01", "muy insatisfecho"],
            ["3", "csat", "2024-01-01", "Neutral"],
            ["4", "csat", "2024-01-01", "purple"],
            ["5", "csat", "2024-01-01", "Offered"],
        ]
    )
    row = one(content, "surveys.csv")
    assert [(r["score"], r["scale_min"], r["scale_max"]) for r in row.accepted.to_pylist()] == [
        (5, 1, 5),
        (1, 1, 5),
        (3, 1, 5),
    ]
    assert problems(row)["unknown_answer"] == 1
    assert problems(row)["no_answer"] == 1


def test_usage_by_subscription_needs_the_subscriptions():
    content = (
        b"usage_id,subscription_id,usage_date,feature_name,usage_count\nU1,S1,2023-07-27,f,9\nU2,S9,2023-07-28,f,1\n"
    )
    upload = inspect(content, "feature_usage.csv")
    with pytest.raises(DataProblem, match="Import subscriptions first"):
        prepare(upload)
    known = Known(subscriptions=pa.table({"subscription_id": ["S1"], "account_id": ["A1"]}))
    row = prepare(upload, known=known)[0]
    assert row.accepted.to_pylist() == [{"account_id": "A1", "used_on": date(2023, 7, 27), "feature": "f", "events": 9}]
    assert row.rejected["farol_row"].to_pylist() == [3]


def test_unknown_accounts_are_a_warning():
    content = b"account_id,event_on\nA,2024-01-01\nB,2024-01-02\n"
    row = one(content, "churn_events.csv", known=Known(accounts=pa.array(["A"])))
    assert row.accepted.num_rows == 2
    assert problems(row) == {"unknown_account": 1}


def test_constants_stand_above_what_was_mapped():
    content = b"invoice_id,account_id,issued_on,amount,currency\n1,A,2024-01-01,5,EUR\n"
    assert one(content, "invoices.csv", constants={"currency": "USD"}).accepted["currency"].to_pylist() == ["USD"]
    with pytest.raises(DataProblem, match="currency"):
        one(content, "invoices.csv", constants={"curency": "USD"})
    with pytest.raises(DataProblem, match="cannot be"):
        one(content, "invoices.csv", constants={"amount": "much"})


def test_what_was_assumed_can_be_changed():
    content = b"invoice_id,account_id,issued_on,amount\n1,A,01/02/2024,1.234\n"
    row = one(content, "invoices.csv")
    assert {"ambiguous_dates", "ambiguous_decimal"} <= set(problems(row))
    assert row.accepted.to_pylist()[0]["issued_on"] == date(2024, 2, 1)
    other = one(content, "invoices.csv", assumed=Assumed(date_order="mdy", decimal=","))
    assert other.accepted.to_pylist()[0] == {
        "invoice_id": "1",
        "account_id": "A",
        "issued_on": date(2024, 1, 2),
        "amount": 1234.0,
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tables": {}},
        {"tables": {"contact": {"columns": {}}}},
        {"tables": {"contacts": {"columns": {"opend_at": "x"}}}},
        {"tables": {"contacts": {"columns": {"opened_at": {"from": "x", "as": "minuts"}}}}},
        {"tables": {"contacts": {"columns": {"opened_at": 5}}}},
        {"tables": {"contacts": {"columns": {"opened_at": {"from": "x", "format": "y"}}}}},
        {"tables": {"contacts": {"columns": {"opened_at": {"from": "x", "after": "opened_at"}}}}},
        {"tables": {"contacts": {"columns": {"contact_id": "nowhere", "opened_at": "a"}}}},
    ],
)
def test_a_wrong_mapping_is_refused(given):
    with pytest.raises(DataProblem):
        prepare(inspect(b"a,b\n1,2\n", "contacts.csv"), given)


def test_close_names_are_offered():
    with pytest.raises(DataProblem, match="'contacts'"):
        Mapping.from_json({"tables": {"contact": {"columns": {}}}})


def test_a_mapping_survives_json():
    upload = inspect(b"Call Id;Date;Time;Answered;Talk time\n1;2021-01-01;09:12:58;Y;00:02:23\n", "calls.csv")
    given = upload.suggestions[0].to_json()
    assert Mapping.from_json(json.loads(json.dumps(given))).to_json() == given


def test_the_report_has_the_contract_fields_and_is_plain_json():
    report = one(b"account_id,Colour\nA,red\n", "accounts.csv").report()
    assert set(report) >= {
        "file",
        "table",
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "assumed",
        "mapping",
        "unmapped",
        "problems",
    }
    assert report["unmapped"] == ["Colour"]
    json.dumps(report)


def test_what_is_read_can_travel_between_processes():
    upload = inspect(b"account_id\nA\n", "accounts.csv")
    assert pickle.loads(pickle.dumps(upload)).tables[0].frame == upload.tables[0].frame


def refused_or_fine(content: bytes, name: str) -> bool:
    """True when the content is either prepared or refused with a sentence."""
    try:
        prepare(inspect(content, name))
    except DataProblem as problem:
        return bool(str(problem))
    return True


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["a.csv", "a.xlsx", "a.parquet", "a.json", "a.zip", "a.gz", "accounts.csv"]),
)
def test_random_bytes_raise_nothing_but_data_problems(content, name):
    assert refused_or_fine(content, name)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='abc,;\t"\n\r1.2/-é|', max_size=200))
def test_odd_text_raises_nothing_but_data_problems(text):
    assert refused_or_fine(("account_id,created_on\n" + text).encode(), "accounts.csv")


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 200))
def test_damaged_archives_raise_nothing_but_data_problems(noise, at):
    import gzip
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("accounts.csv", "account_id\nA\n")
    for content, name in ((stream.getvalue(), "a.zip"), (gzip.compress(b"account_id\nA\n"), "a.csv.gz")):
        damaged = content[: at % len(content)] + noise + content[at % len(content) + len(noise) :]
        assert refused_or_fine(damaged, name)
