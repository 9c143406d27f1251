"""Row steps of a mapping: what they do, what they say, and that no row is lost unsaid."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.checks import Known
from data.importing import inspect, prepare
from data.mapping import Mapping
from data.problems import DataProblem

INVOICES = {"invoice_id": "Order", "account_id": "Customer", "issued_on": "Day", "amount": "Total"}


def run(text, body, table="invoices", **how):
    given_mapping = body if "tables" in body else {"tables": {table: body}}
    return prepare(inspect(text.encode(), "file.csv"), given_mapping, **how)


def one(text, body, table="invoices", **how):
    return run(text, body, table, **how)[0]


def said(prepared):
    return {(p.problem, p.severity): p.count for p in prepared.checked.problems}


def adds_up(prepared):
    c = prepared.checked
    known = prepared.accepted.num_rows + prepared.rejected.num_rows + c.rows_left_out + c.rows_merged
    return c.rows_read + c.rows_made == known


def lines(prepared):
    return prepared.rejected["farol_row"].to_pylist()


FULL = {
    "tables": {
        "surveys:nps": {
            "rows": [
                {"only": {"Kind": ["a", "b"]}},
                {"without": {"Status": [""]}},
                {"latest_by": ["Id"], "order": "Updated"},
                {"split": "Customers", "by": "|"},
            ],
            "columns": {
                "response_id": "Id",
                "account_id": {"from": "Customers", "as": "pseudonym"},
                "responded_at": "Updated",
                "score": {"from": "Score", "minus": "Base", "divide": 2.0},
            },
            "constants": {"kind": "nps"},
        },
        "monthly": {
            "rows": [
                {"unpivot": ["Jan 2024", "Feb 2024"], "name": "month", "value": "worth"},
                {"sum_by": ["Id", "month"], "sum": ["worth"]},
            ],
            "columns": {"account_id": "Id", "month": {"from": "month", "as": "first_day"}, "mrr": "worth"},
        },
    },
    "drop": ["Email"],
}


def test_a_mapping_file_comes_back_as_it_was():
    assert Mapping.from_json(FULL).to_json() == FULL


def test_headers_are_bound_to_the_spelling_of_the_file():
    headers = ["ID", "KIND", "status", "updated", "customers", "score", "base", "jan 2024", "feb 2024", "E-mail", "x"]
    mapping = {**FULL, "drop": ["e-mail"]}
    bound = Mapping.from_json(mapping).bound(headers, "file")
    assert bound.unmapped == ("x",)
    assert bound.drop == ("E-mail",)
    assert bound.tables["monthly"].rows[0].columns == ("jan 2024", "feb 2024")
    assert bound.tables["monthly"].columns["mrr"].headers == ("worth",)
    assert bound.bound(headers, "file") == bound


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"rows": {"only": {"a": ["b"]}}}, "must be a list of steps"),
        ({"rows": [{"onli": {"a": ["b"]}}]}, "Did you mean 'only'"),
        ({"rows": [{"sum_by": ["a"]}]}, "sum_by needs 'sum'"),
        ({"rows": [{"sum_by": ["a"], "sun": ["b"], "sum": ["c"]}]}, "or 'sum'"),
        ({"rows": [{"sum_by": ["a"], "sum": ["a"]}]}, "cannot sum a column of its key"),
        ({"rows": [{"only": {}}]}, "must pair headers with lists of values"),
        ({"rows": [{"unpivot": ["a"], "name": "n", "value": "n"}]}, "must differ"),
        ({"rows": [{"unpivot": ["a"], "name": "n", "value": "v"}] * 2}, "can unpivot once only"),
        ({"rows": [{"split": "a", "by": ""}]}, "'by' must be a text"),
        ({"rows": [{"only": {"a": ["b"]}, "split": "a", "by": "|"}]}, "must be one step"),
        ({"columns": {"amount": {"from": "a", "as": "pseudonym"}}}, "is no text"),
        ({"columns": {"account_id": {"from": "a", "minus": "b"}}}, "is no number"),
        ({"columns": {"amount": {"from": "a", "divide": 0}}}, "must be a number above 0"),
        ({"columns": {"issued_on": {"from": "a", "as": "first_dya"}}}, "Did you mean 'first_day'"),
        ({"row": []}, "Did you mean 'rows'"),
    ],
)
def test_what_a_mapping_file_cannot_say(body, why):
    with pytest.raises(DataProblem, match=why):
        Mapping.from_json({"tables": {"invoices": {"columns": {}, **body}}})


def test_a_table_may_carry_a_label_and_nothing_else():
    assert list(Mapping.from_json({"tables": {"invoices:a": {}, "invoices:b": {}}}).tables) == [
        "invoices:a",
        "invoices:b",
    ]
    with pytest.raises(DataProblem, match="the label"):
        Mapping.from_json({"tables": {"invoices:": {}}})
    with pytest.raises(DataProblem, match="Did you mean 'invoices'"):
        Mapping.from_json({"tables": {"invoice:a": {}}})


def test_only_and_without_leave_rows_out_and_say_so():
    text = (
        "Order,Customer,Day,Total,Type\n1,A,2024-01-01,5,Charge\n2,A,2024-01-02,6,refund\n3,A,2024-01-03,7, CHARGE \n"
    )
    kept = one(text, {"rows": [{"only": {"type": ["charge"]}}], "columns": INVOICES})
    assert kept.accepted["invoice_id"].to_pylist() == ["1", "3"]
    (problem,) = [p for p in kept.checked.problems if p.severity == "left_out"]
    assert (problem.problem, problem.count, problem.examples) == ("rows_only", 1, [{"row": 3, "value": "refund"}])
    assert kept.checked.rows_left_out == 1
    assert adds_up(kept)
    others = one(text, {"rows": [{"without": {"Type": ["charge"]}}], "columns": INVOICES})
    assert others.accepted["invoice_id"].to_pylist() == ["2"]
    assert said(others)[("rows_without", "left_out")] == 2


def test_lines_are_summed_by_order_without_dust():
    text = "Order,Customer,Day,Total\n1,A,2024-01-01,0.1\n2,B,2024-01-02,5\n1,A,2024-01-01,0.2\n"
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    assert found.accepted["amount"].to_pylist() == [0.3, 5.0]
    assert said(found) == {("summed", "assumed"): 1}
    assert found.checked.rows_merged == 1
    assert adds_up(found)


def test_sums_read_the_decimal_sign_of_the_file():
    text = "Order;Customer;Day;Total\n1;A;2024-01-01;1.234,50\n1;A;2024-01-01;0,50\n2;A;2024-01-01;1.000\n"
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    assert found.accepted["amount"].to_pylist() == [1235.0, 1000.0]
    assert found.checked.assumed.decimal == ","


def test_a_group_of_blanks_stays_blank_and_half_a_group_is_said():
    text = (
        "Order,Customer,Day,Total,Paid\n1,A,2024-01-01,5,\n1,A,2024-01-01,5,\n"
        "2,A,2024-01-01,1,2024-02-01\n2,A,2024-01-01,,\n"
    )
    body = {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": {**INVOICES, "paid_on": "Paid"}}
    found = one(text, body)
    assert found.accepted["amount"].to_pylist() == [10, 1]
    assert found.accepted["paid_on"].to_pylist() == [None, date(2024, 2, 1)]
    assert said(found)[("summed_with_blanks", "warning")] == 1
    blank = one(
        "Order,Customer,Day,Total\n1,A,2024-01-01,\n1,A,2024-01-01,\n2,A,2024-01-01,3\n", body | {"columns": INVOICES}
    )
    assert blank.accepted["amount"].to_pylist() == [3]
    assert lines(blank) == [2, 3]
    assert adds_up(blank)


def test_an_unreadable_number_or_two_currencies_keep_the_whole_group_out():
    text = (
        "Order,Customer,Day,Total,Currency\n1,A,2024-01-01,x,USD\n2,A,2024-01-01,4,USD\n1,A,2024-01-01,1,USD\n"
        "3,A,2024-01-01,1,USD\n3,A,2024-01-01,1,EUR\n4,A,2024-01-01,1,usd\n4,A,2024-01-01,1,USD\n"
    )
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    assert found.accepted["invoice_id"].to_pylist() == ["2", "4"]
    assert lines(found) == [2, 4, 5, 6]
    assert found.rejected["Total"].to_pylist() == ["x", "1", "1", "1"]
    assert {("not_a_number", "rejected"), ("mixed_currencies", "rejected")} <= set(said(found))
    assert adds_up(found)


def test_what_differs_within_a_key_is_said_where_it_matters():
    text = "Order,Customer,Day,Total,Item\n1,A,2024-01-01,1,pen\n1,B,2024-01-01,2,ink\n"
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    (problem,) = [p for p in found.checked.problems if p.problem == "differs_within_key"]
    assert (problem.column, problem.count, problem.examples[0]["row"]) == ("Customer", 1, 2)
    assert found.accepted["account_id"].to_pylist() == ["A"]


def test_rows_without_a_key_are_not_summed():
    text = "Order,Customer,Day,Total\n,A,2024-01-01,1\n,A,2024-01-01,2\n7,A,2024-01-01,2\n"
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    assert lines(found) == [2, 3]
    assert adds_up(found)


@pytest.mark.parametrize("step", [{"sum_by": ["Batch"], "sum": ["Total"]}, {"latest_by": ["Batch"], "order": "Day"}])
def test_a_blank_key_groups_nothing(step):
    text = "Order,Customer,Day,Total,Batch\n1,A,2024-01-01,1,\n2,A,2024-01-02,2,-\n"
    text += "3,A,2024-01-01,2,x\n4,B,2024-01-02,2,x\n"
    found = one(text, {"rows": [step], "columns": INVOICES})
    assert found.accepted["invoice_id"].to_pylist()[:2] == ["1", "2"]
    assert found.accepted.num_rows == 3
    assert adds_up(found)


def test_the_newest_row_of_each_key_stays():
    text = (
        "Order,Customer,Day,Total,Updated\n1,A,2024-01-01,1,31/01/2024\n"
        "1,A,2024-01-01,2,02/02/2024\n2,A,2024-01-01,3,01/01/2024\n"
    )
    found = one(text, {"rows": [{"latest_by": ["Order"], "order": "Updated"}], "columns": INVOICES})
    assert found.accepted["amount"].to_pylist() == [2, 3]
    assert said(found)[("older_version", "left_out")] == 1
    assert adds_up(found)


def test_a_newest_row_that_cannot_be_told_keeps_its_key_out():
    text = (
        "Order,Customer,Day,Total,Updated\n1,A,2024-01-01,1,soon\n1,A,2024-01-01,2,2024-02-02\n"
        "2,A,2024-01-01,3,2024-02-02\n2,A,2024-01-01,4,2024-02-02\n3,A,2024-01-01,5,2024-02-02\n3,A,2024-01-01,5,2024-02-02\n"
    )
    found = one(text, {"rows": [{"latest_by": ["Order"], "order": "Updated"}], "columns": INVOICES})
    assert found.accepted["amount"].to_pylist() == [5]
    assert lines(found) == [2, 3, 4, 5]
    assert adds_up(found)
    assert {("no_newest", "rejected"), ("tied_newest", "rejected")} <= set(said(found))


def test_a_matrix_of_months_becomes_rows():
    text = "Customer,Plan,Jan/24,2024-02,Mar 2024\nA,Pro,10,,-\nB,Pro,,,\nC,Pro,5,x,6\n"
    body = {
        "rows": [{"unpivot": ["Jan/24", "2024-02", "Mar 2024"], "name": "month", "value": "worth"}],
        "columns": {"account_id": "Customer", "month": "month", "mrr": "worth"},
    }
    found = one(text, body, "monthly")
    assert found.accepted.select(["account_id", "month", "mrr"]).to_pylist() == [
        {"account_id": "A", "month": date(2024, 1, 1), "mrr": 10.0},
        {"account_id": "C", "month": date(2024, 1, 1), "mrr": 5.0},
        {"account_id": "C", "month": date(2024, 3, 1), "mrr": 6.0},
    ]
    assert found.rejected.to_pylist() == [
        {"farol_row": 4, "farol_reason": "mrr: a number [not_a_number]", "Customer": "C", "Plan": "Pro", "Jan/24": None,
         "2024-02": "x", "Mar 2024": None}
    ]  # fmt: skip
    assert found.checked.rows_left_out == 1
    assert adds_up(found)
    again = one("farol_row,farol_reason," + text.splitlines()[0] + "\n4,mrr,C,Pro,,7,\n", body, "monthly")
    assert again.accepted["mrr"].to_pylist() == [7.0]
    assert "x_farol_row" not in again.accepted.column_names


def test_the_first_of_a_list_is_taken_and_said():
    text = "Order,Customer,Day,Total\n1, A | B,2024-01-01,1\n2,C,2024-01-01,1\n3,D|,2024-01-01,1\n"
    found = one(text, {"rows": [{"split": "Customer", "by": "|"}], "columns": INVOICES})
    assert found.accepted["account_id"].to_pylist() == ["A", "C", "D"]
    assert said(found)[("first_of_list", "assumed")] == 1


def test_one_row_with_two_answers_is_two_responses():
    text = "Ticket,When,NPS,CSAT\n1,2024-01-01,9,4\n2,2024-01-02,,5\n"
    columns = {"response_id": "Ticket", "responded_at": "When"}
    found = run(
        text,
        {
            "tables": {
                "surveys:nps": {"columns": columns | {"score": "NPS"}, "constants": {"kind": "nps"}},
                "surveys:csat": {"columns": columns | {"score": "CSAT"}, "constants": {"kind": "csat"}},
            }
        },
    )
    assert [p.table for p in found] == ["surveys", "surveys"]
    assert [p.accepted["response_id"].to_pylist() for p in found] == [["1:nps"], ["1:csat", "2:csat"]]
    assert all(adds_up(p) for p in found)


@pytest.mark.parametrize(
    ("interval", "count", "months"),
    [("month", "3", 3), ("year", "1", 12), ("Quarter", "", 3), ("anos", "2", 24), ("mes", "6", 6), ("week", "52", 12),
     ("day", "365", 12), ("months", "1", 1), ("trimestre", "1", 3), ("week", "2", None), ("day", "30", None),
     ("month", "0", None), ("fortnight", "1", None)],
)  # fmt: skip
def test_intervals_in_months(interval, count, months):
    text = f"Id,Account,Start,Amount,Interval,Count\n1,A,2024-01-01,10,{interval},{count}\n"
    columns = {"subscription_id": "Id", "account_id": "Account", "started_on": "Start", "amount": "Amount"}
    source = {"from": ["Interval", "Count"], "as": "interval_months"}
    found = one(text, {"columns": columns | {"billing_months": source}}, "subscriptions")
    assert found.accepted["billing_months"].to_pylist() == ([] if months is None else [months])
    assert ("not_whole_months", "rejected") in said(found) or months is not None


def test_a_number_less_another_and_divided():
    text = "Order,Customer,Day,Total,Tax\n1,A,2024-01-01,100.10,0.20\n2,A,2024-01-01,5,\n3,A,2024-01-01,5,x\n"
    columns = INVOICES | {"amount": {"from": "Total", "minus": "Tax"}}
    found = one(text, {"columns": columns})
    assert found.accepted["amount"].to_pylist() == [99.9]
    assert lines(found) == [3, 4]
    assert said(found)[("nothing_to_take_off", "warning")] == 1
    cents = one(text, {"columns": INVOICES | {"amount": {"from": "Total", "divide": 10}}})
    assert cents.accepted["amount"].to_pylist() == [10.01, 0.5, 0.5]


money = st.decimals(min_value=-10_000, max_value=10_000, places=2, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), money), min_size=1, max_size=30))
def test_the_sum_over_groups_is_the_sum_over_rows(rows):
    text = "Order,Customer,Day,Total\n" + "".join(f"{key},A,2024-01-01,{value}\n" for key, value in rows)
    found = one(text, {"rows": [{"sum_by": ["Order"], "sum": ["Total"]}], "columns": INVOICES})
    assert sum(Decimal(repr(value)) for value in found.accepted["amount"].to_pylist()) == sum(v for _, v in rows)
    assert found.accepted["invoice_id"].to_pylist() == list(dict.fromkeys(key for key, _ in rows))
    assert adds_up(found)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.none() | st.integers(0, 999), min_size=3, max_size=3), min_size=1, max_size=8))
def test_taking_apart_and_putting_together_gives_the_matrix_back(matrix):
    months = ["2024-01", "2024-02", "2024-03"]
    text = "Customer," + ",".join(months) + "\n"
    text += "".join(
        f"C{i}," + ",".join("" if v is None else str(v) for v in row) + "\n" for i, row in enumerate(matrix)
    )
    body = {
        "rows": [{"unpivot": months, "name": "month", "value": "worth"}],
        "columns": {"account_id": "Customer", "month": "month", "mrr": "worth"},
    }
    found = one(text, body, "monthly")
    back = {(r["account_id"], r["month"].isoformat()[:7]): r["mrr"] for r in found.accepted.to_pylist()}
    there = {(f"C{i}", m): v for i, row in enumerate(matrix) for m, v in zip(months, row, strict=True) if v is not None}
    assert back == there
    assert adds_up(found)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_newest_row_does_not_depend_on_the_order_of_the_file(data):
    rows = data.draw(
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=10)
    )
    shuffled = data.draw(st.permutations(rows))

    def outcome(listed):
        text = "Order,Customer,Day,Total,Updated\n"
        text += "".join(f"{key},A,2024-01-01,{value},2024-01-0{day}\n" for key, day, value in listed)
        found = one(text, {"rows": [{"latest_by": ["Order"], "order": "Updated"}], "columns": INVOICES})
        assert adds_up(found)
        kept = sorted((r["invoice_id"], r["amount"]) for r in found.accepted.to_pylist())
        return kept, sorted(found.rejected["Order"].to_pylist()), found.checked.rows_left_out

    assert outcome(rows) == outcome(shuffled)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_step_loses_a_row_unsaid(data):
    cell = st.sampled_from(["", "1", "2.5", "x", "-"])
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["u", "v"]), cell, cell), min_size=1, max_size=12
        )
    )
    steps = data.draw(
        st.lists(
            st.sampled_from(
                [
                    {"only": {"Kind": ["u"]}},
                    {"without": {"Kind": ["v"]}},
                    {"sum_by": ["Key"], "sum": ["P"]},
                    {"latest_by": ["Key"], "order": "Q"},
                    {"split": "Kind", "by": "|"},
                ]
            ),
            max_size=3,
        )
    )
    apart = data.draw(st.booleans())
    unpivot = {"unpivot": ["P", "Q"], "name": "which", "value": "worth"}
    where = data.draw(st.integers(0, len(steps))) if apart else 0
    if apart:  # what comes after cannot name the columns taken apart
        after = [step for step in steps[where:] if "sum_by" not in step and "latest_by" not in step]
        steps = [*steps[:where], unpivot, *after, {"sum_by": ["Key"], "sum": ["worth"]}]
    text = "Key,Kind,P,Q\n" + "".join(",".join(row) + "\n" for row in rows)
    columns = {"metric": "Key", "numerator": "worth" if apart else "P"}
    body = {"rows": steps, "columns": columns, "constants": {"observed_on": "2024-01-01"}}
    found = one(text + "z,u,1,1\n", body, "observations", known=Known())
    assert adds_up(found)


def test_sums_keep_the_currency_written_beside_their_parts():
    body = {"columns": INVOICES, "rows": [{"sum_by": ["Order"], "sum": ["Total"]}]}
    text = (
        "Order;Customer;Day;Total\n1;A;2024-03-01;US$ 1.000,50\n1;A;2024-03-01;US$ -0,25\n"
        "2;B;2024-03-01;R$ 7,00\n2;B;2024-03-01;3,00\n3;C;2024-03-01;€ 1,00\n3;C;2024-03-01;US$ 1,00\n"
        "4;D;2024-03-01;9,00\n"
    )
    prepared = one(text, body, known=Known(currencies=("BRL", "USD")))
    amounts = dict(
        zip(prepared.accepted["invoice_id"].to_pylist(), prepared.accepted["amount"].to_pylist(), strict=True)
    )
    assert amounts == {"1": 1000.25, "2": 10.0, "4": 9.0}
    assert prepared.accepted["currency"].to_pylist() == ["USD", "BRL", None]
    assert said(prepared)["mixed_currencies", "rejected"] == 1
    assert lines(prepared) == [6, 7]
    assert adds_up(prepared)


def test_sums_of_negative_amounts_keep_their_currency_too():
    body = {"columns": INVOICES, "rows": [{"sum_by": ["Order"], "sum": ["Total"]}]}
    text = "Order;Customer;Day;Total\n1;A;2024-03-01;US$ -10,00\n1;A;2024-03-01;(US$ 5,00)\n"
    prepared = one(text, body)
    assert prepared.accepted["amount"].to_pylist() == [-15.0]
    assert prepared.accepted["currency"].to_pylist() == ["USD"]
