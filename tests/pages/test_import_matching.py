"""Mapping chosen by hand, templates, and what is kept of a file, without a page."""

import csv
import io
import zipfile

import pytest

from data.importing import inspect, prepare
from data.problems import DataProblem
from data.schema import tables
from ui.importing.matching import could_feed, matched, options
from ui.importing.pieces import Edits, Piece, read
from ui.importing.trial import lines_aside, lines_ready
from workspace.templates import all_templates, column_facts, template, template_tables


class Sent:
    """An uploaded file."""

    def __init__(self, name: str, data: bytes) -> None:
        self.file_id, self.name, self.size, self._data = f"id-{name}-00000000", name, len(data), data

    def getvalue(self) -> bytes:
        return self._data


def piece(text: str, name: str = "subscriptions.csv") -> Piece:
    return read([Sent(name, text.encode())], {}, {}, 200)[0][0]


SUBS = "subscription_id,account_id,started_on,amount,ended_on\n" + "".join(
    f"S{i},C{i},2025-01-0{1 + i % 9},{i * 10},\n" for i in range(1, 30)
)


def test_a_header_moved_to_another_column_leaves_the_first() -> None:
    found = matched(piece(SUBS), Edits().with_pair("targets", "ended_on", "subscriptions.cancelled_on"))
    columns = found.mapping.tables["subscriptions"].columns
    assert columns["cancelled_on"].headers == ("ended_on",)
    assert "ended_on" not in columns
    assert found.changed
    assert next(row for row in found.rows if row.header == "ended_on").how == "chosen"


def test_a_required_column_taken_away_is_missing_until_a_constant_is_given() -> None:
    edits = Edits().with_pair("targets", "amount", "")
    found = matched(piece(SUBS), edits)
    assert found.missing == ("subscriptions.amount",)
    assert not found.ready
    given = matched(piece(SUBS), edits.with_pair("constants", "subscriptions.amount", "10"))
    assert given.ready
    rows = prepare(piece(SUBS).upload, given.mapping.to_json())[0].accepted
    assert set(rows["amount"].to_pylist()) == {10.0}


def test_the_last_day_with_it_is_a_unit() -> None:
    found = matched(piece(SUBS), Edits(last_day=True))
    assert found.mapping.tables["subscriptions"].columns["ended_on"].unit == "last_day"


def test_no_table_means_it_stays_out() -> None:
    found = matched(piece(SUBS), Edits(tables=()))
    assert not found.ready
    assert options(found.mapping.tables) == [""]


def test_a_remembered_mapping_is_taken_up() -> None:
    by_hand = matched(piece(SUBS), Edits().with_pair("targets", "ended_on", "subscriptions.cancelled_on"))
    again = matched(piece(SUBS), Edits(), by_hand.mapping.to_json())
    assert again.mapping.tables == by_hand.mapping.tables
    assert {row.how for row in again.rows} == {"remembered"}


def test_files_that_are_too_many_or_too_large_are_refused() -> None:
    many = [Sent(f"f{i}.csv", b"account_id\nC1\n") for i in range(21)]
    _, refused = read(many, {}, {}, 200)
    assert [one.problem.id for one in refused] == ["too_many_files"]
    _, refused = read([Sent("big.csv", b"x" * (1024 * 1024 + 1))], {}, {}, 1)
    assert [one.problem.id for one in refused] == ["upload_too_large"]


@pytest.mark.parametrize("table", template_tables())
def test_every_template_reads_back_as_its_table(table: str) -> None:
    upload = inspect(template(table), f"{table}.csv")
    assert list(upload.suggestions[0].tables) == [table]
    (row,) = prepare(upload, tables=[table])
    assert row.accepted.num_rows == 1, [p.to_json() for p in row.checked.problems]
    header = next(csv.reader(io.StringIO(template(table).decode("utf-8-sig"))))
    assert header == list(tables()[table].columns)
    assert all(fact["meaning"] for fact in column_facts(table))


def test_all_templates_and_none_that_is_not_there() -> None:
    with zipfile.ZipFile(io.BytesIO(all_templates())) as files:
        assert {name.removesuffix(".csv") for name in files.namelist()} == set(template_tables())
    with pytest.raises(DataProblem):
        template("nothing")


def test_daily_totals_without_a_day_are_numbered_from_a_first_one() -> None:
    rows = "".join(f"{200 + i},{190 + i},10\n" for i in range(20))
    daily = piece(f"Incoming Calls,Answered Calls,Abandoned Calls\n{rows}", "call center daily.csv")
    assert matched(daily, Edits()).missing == ("contact_totals.day",)
    found = matched(daily, Edits().with_pair("constants", "contact_totals.day", "2024-01-31"))
    assert found.ready
    days = prepare(daily.upload, found.mapping.to_json())[0].accepted["day"].to_pylist()
    assert [str(day) for day in days[:2]] == ["2024-01-31", "2024-02-01"]


def test_only_tables_that_would_be_whole_are_offered_beside() -> None:
    invoices = "invoice_id,customer_id,issue_date,amount,currency,created_at\n1,A,2024-01-01,5,BRL,2024-01-01\n"
    one = piece(invoices, "invoices.csv")
    assert could_feed(one, matched(one, Edits())) == ()


def test_a_row_that_feeds_two_tables_counts_once() -> None:
    header = "customer_id,customer,start_date,mrr\n"
    rows = [f"C{i},Company {i},2025-01-01,{'free' if i == 9 else 10 * i}" for i in range(1, 10)]
    prepared = prepare(piece(header + "\n".join(rows) + "\n", "customers.csv").upload)
    assert [one.table for one in prepared] == ["subscriptions", "accounts"]
    assert (lines_ready(prepared), lines_aside(prepared)) == (8, 1)


def test_rows_without_a_key_can_be_numbered() -> None:
    orders = "who,when,what\n" + "".join(f"A{i % 3},2025-01-0{1 + i % 9},{i}\n" for i in range(1, 20))
    one = piece(orders, "orders.csv")
    edits = Edits(tables=("invoices",)).with_pair("constants", "invoices.invoice_id", "#")
    for header, column in (("who", "account_id"), ("when", "issued_on"), ("what", "amount")):
        edits = edits.with_pair("targets", header, f"invoices.{column}")
    found = matched(one, edits)
    assert found.ready
    rows = prepare(one.upload, found.mapping.to_json())[0].accepted
    assert rows.num_rows == len(set(rows["invoice_id"].to_pylist())) == 19


def test_a_refused_file_is_not_held_by_its_refusal() -> None:
    _, refused = read([Sent("broken.xlsx", b"PK\x03\x04" + b"no sheet" * 50)], {}, {}, 200)
    assert refused[0].problem.__traceback__ is None
