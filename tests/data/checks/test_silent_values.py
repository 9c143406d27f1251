"""Values that look right and are not: percentages as money, turned dates, rejected rows that lost their manner."""

import io

import pyarrow as pa
import pyarrow.csv
import pytest

from data.importing import inspect, prepare, write_rejected
from data.readers import dates

SUBSCRIPTIONS = "subscription_id,account_id,started_on,amount"


def checked(text, name="subscriptions.csv", mapping=None):
    return prepare(inspect(text.encode(), name), mapping)[0]


def problems(prepared):
    return {(p.problem, p.severity, p.count) for p in prepared.checked.problems}


@pytest.mark.parametrize(("header", "first", "second"), [("discount", "10%", "15%"), ("Discount %", "10", "15"),
                                                         ("Desconto (%)", "10", "15%")])  # fmt: skip
def test_a_discount_in_percent_is_a_share_of_the_amount(header, first, second):
    text = f"{SUBSCRIPTIONS},{header}\nS1,A,2024-01-01,100,{first}\nS2,B,2024-01-01,200,{second}\n"
    found = checked(text)
    assert found.accepted["discount"].to_pylist() == [10.0, 30.0]


def test_percentages_and_money_in_one_column():
    rows = "S1,A,2024-01-01,100,10%\nS2,B,2024-01-01,200,15\nS3,B,2024-01-01,200,20\n"
    found = checked(f"{SUBSCRIPTIONS},discount\n{rows}")
    assert found.accepted["discount"].to_pylist() == [15.0, 20.0]
    assert ("percent_as_money", "rejected", 1) in problems(found)


def test_a_mapping_cannot_make_money_of_a_percentage():
    columns = {name: name for name in SUBSCRIPTIONS.split(",")}
    mapping = {"tables": {"subscriptions": {"columns": columns | {"discount": "Off (%)"}}}}
    found = checked(f"{SUBSCRIPTIONS},Off (%)\nS1,A,2024-01-01,100,10\nS2,B,2024-01-01,100,\n", mapping=mapping)
    assert found.accepted["subscription_id"].to_pylist() == ["S2"]
    assert ("percent_as_money", "rejected", 1) in problems(found)


def test_a_price_for_each_seat_is_multiplied():
    found = checked("subscription_id,account_id,started_on,price per seat,seats\nS1,A,2024-01-01,10,5\n")
    assert found.accepted["amount"].to_pylist() == [50.0]


@pytest.mark.parametrize(
    ("ends", "asked"),
    [
        (["2024-03-31", "2024-06-30"], True),
        (["2024-03-31"], False),
        (["2024-03-31", "2024-06-30", "2024-07-01"], False),
    ],
)
def test_a_few_ends_of_months_are_asked_about(ends, asked):
    rows = "".join(f"S{i},A{i},2024-01-01,100,{end}\n" for i, end in enumerate(ends))
    found = checked(f"{SUBSCRIPTIONS},ended_on\n{rows}")
    assert (("to_confirm", "assumed", 1) in problems(found)) is asked


READ, TEXT = ["2024-05-03", "2024-11-03", "2024-12-03"], ["03/13/2024", "03/28/2024"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (READ + TEXT, True),
        ([*READ, "2024-05-13", *TEXT], False),  # a day above 12 was read too: nothing was turned
        ([*READ, *TEXT, "03/05/2024"], False),  # text that could have been read: typed by hand
        (READ[:2] + TEXT, False),  # too few to tell
        (READ, False),
        (TEXT, False),
    ],
)
def test_dates_a_spreadsheet_may_have_turned(texts, said):
    found = dates.to_dates(pa.array(texts, pa.string()))
    assert ("half_turned" in {name for name, _ in found.assumed}) is said
    assert not found.bad.any()


def again(prepared, old, new):
    """Rejected rows as a person corrects them and sends them again."""
    path = io.BytesIO()
    pa.csv.write_csv(prepared.rejected, path)
    return prepare(inspect(path.getvalue().decode().replace(old, new).encode(), "again.csv"))[0]


def test_rejected_rows_come_back_month_first_as_their_file_was():
    first = checked(f"{SUBSCRIPTIONS}\nS1,A,02/13/2024,10\nS2,B,03/04/2024,abc\n")
    assert first.rejected["farol_read"].to_pylist() == [". mdy"]
    found = again(first, "abc", "5")
    assert [day.isoformat() for day in found.accepted["started_on"].to_pylist()] == ["2024-03-04"]
    assert found.rejected.num_rows == 0


def test_rejected_rows_come_back_with_the_decimal_sign_of_their_file():
    first = checked(f"{SUBSCRIPTIONS.replace(',', ';')}\nS1;A;13/02/2024;10,5\nS2;B;99/04/2024;1.250\n")
    assert first.rejected["farol_read"].to_pylist() == [", dmy"]
    found = again(first, "99/", "14/")
    assert found.accepted["amount"].to_pylist() == [1250.0]


def test_a_file_read_as_any_other_needs_no_word_of_it():
    first = checked(f"{SUBSCRIPTIONS}\nS1,A,2024-02-13,10.5\nS2,B,2024-02-13,abc\n")
    assert "farol_read" not in first.rejected.column_names


def test_a_word_of_reading_that_is_none_is_passed_over(tmp_path):
    first = checked(f"{SUBSCRIPTIONS}\nS1,A,02/13/2024,10\nS2,B,03/04/2024,abc\n")
    write_rejected(first.rejected, tmp_path / "rejected.csv")
    text = (tmp_path / "rejected.csv").read_text().replace("abc", "5").replace(". mdy", "x")
    assert [day.isoformat() for day in checked(text).accepted["started_on"].to_pylist()] == ["2024-04-03"]


@pytest.mark.parametrize(("unit", "seconds"), [("h", 1800.0), ("min", 30.0), ("s", 0.5), ("ms", 0.0005), ("", 0.5)])
def test_a_time_in_the_unit_its_header_names(unit, seconds):
    header = f"handle time ({unit})" if unit else "handle time"
    found = checked(f"ticket_id,opened_at,{header}\n1,2024-01-01 10:00,0.5\n", "contacts.csv")
    assert found.accepted["handle_seconds"].to_pylist() == [pytest.approx(seconds)]
