"""Files in a form of their own, and the questions they raise: what is taken until somebody answers, and after."""

from datetime import date

import pyarrow as pa
import pytest

from data.importing import inspect, prepare
from data.mapping import suggest
from data.mapping.questions import answered, merge
from data.problems import DataProblem


def look(text, name="export.csv"):
    upload = inspect(text.encode(), name)
    return upload, upload.suggestions[0]


def rows(upload, body):
    return [one.accepted.to_pylist() for one in prepare(upload, body)]


@pytest.mark.parametrize(
    "months",
    [
        ("Jan 2024", "Feb 2024", "Mar 2024"),
        ("jan/24", "fev/24", "mar/24"),
        ("ene-2024", "feb-2024", "mar-2024"),
        ("2024-01", "2024-02", "2024-03"),
        ("01/2024", "02/2024", "03/2024"),
        ("2024-01-31", "2024-02-29", "2024-03-31"),
        ("MRR jan/24", "MRR fev/24", "MRR mar/24"),
    ],
)
def test_one_column_for_each_month(months):
    text = "Cliente;" + ";".join(months) + ";Total\nAlfa;10;;30;40\nBeta;5;0;7;12\n"
    upload, mapping = look(text, "receita.csv")
    assert list(mapping.tables) == ["monthly"]
    found = [(row["account_id"], row["month"], row["mrr"]) for row in rows(upload, mapping.to_json())[0]]
    assert found == [  # a blank cell is no row, a nought is one
        ("Alfa", date(2024, 1, 1), 10.0),
        ("Alfa", date(2024, 3, 1), 30.0),
        ("Beta", date(2024, 1, 1), 5.0),
        ("Beta", date(2024, 2, 1), 0.0),
        ("Beta", date(2024, 3, 1), 7.0),
    ]
    (question,) = mapping.questions
    assert (question.id, question.default) == ("monthly_matrix", "mrr")
    assert (question.params["first"], question.params["last"]) == ("2024-01", "2024-03")


@pytest.mark.parametrize(
    "header",
    [
        "Jan 2024;Feb 2024",
        "2022;2023;2024",
        "Jan 2024;Jan 2024;Feb 2024;Mar 2024",
        "MRR 2024-01;MRR 2024-02;MRR 2024-03;Users 2024-01;Users 2024-02;Users 2024-03",
    ],
)
def test_few_months_years_or_a_month_twice_are_no_matrix(header):
    cells = ";".join("1" for _ in header.split(";"))
    assert "monthly" not in look(f"Cliente;{header}\nA;{cells}\n")[1].tables


LINES = (
    "Order ID,Customer ID,Order Date,SKU,Quantity,Line Total\n"
    "1,A,2024-01-05,x,1,10.50\n1,A,2024-01-05,y,2,20.00\n2,B,2024-01-06,x,1,10.50\n3,B,2024-01-07,z,1,5.00\n"
)


def test_lines_of_an_order_are_added_up_and_asked_about():
    upload, mapping = look(LINES, "order_lines.csv")
    (question,) = mapping.questions
    assert (question.id, question.default, question.params["count"]) == ("sum_lines", "sum", 1)
    amounts = {row["invoice_id"]: row["amount"] for row in rows(upload, mapping.to_json())[0]}
    assert amounts == {"1": 30.5, "2": 10.5, "3": 5.0}
    kept = answered(mapping.to_json(), question, "keep")
    assert "rows" not in kept["tables"]["invoices"]


def test_a_total_repeated_on_every_line_is_counted_once():
    text = (
        "Order ID,Customer ID,Order Date,SKU,Quantity,Order Total\n"
        "1,A,2024-01-05,x,1,30.50\n1,A,2024-01-05,y,2,30.50\n2,B,2024-01-06,x,1,10.50\n"
    )
    upload, mapping = look(text, "orders.csv")
    assert mapping.questions[0].default == "once"
    assert {row["invoice_id"]: row["amount"] for row in rows(upload, mapping.to_json())[0]} == {"1": 30.5, "2": 10.5}


def test_orders_of_several_customers_under_one_number_are_no_lines():
    text = LINES.replace("1,A,2024-01-05,y", "1,C,2024-02-05,y")
    assert [question.id for question in look(text, "orders.csv")[1].questions] == []


def test_two_scores_in_one_file_feed_two_kinds_of_answers():
    text = (
        "Response ID,Submitted At,Account ID,NPS,CSAT\n"
        "1,2024-01-05 10:00,A,9,4\n2,2024-01-06 10:00,B,,5\n3,2024-01-07 10:00,C,3,\n"
    )
    upload, mapping = look(text)
    assert set(mapping.tables) == {"surveys:nps", "surveys:csat"}
    fed = dict(zip(mapping.tables, rows(upload, mapping.to_json()), strict=True))
    assert [(row["score"], row["scale_max"], row["kind"]) for row in fed["surveys:nps"]] == [
        (9.0, 10.0, "nps"),
        (3.0, 10.0, "nps"),
    ]
    assert [row["score"] for row in fed["surveys:csat"]] == [4.0, 5.0]


SNAPSHOT = (
    "customerID,tenure,Contract,MonthlyCharges,Churn\nA,1,Month-to-month,29.85,No\nB,34,One year,56.95,Yes\n"
    "C,2,Month-to-month,53.85,No\n"
)


def test_a_snapshot_gives_accounts_and_the_revenue_of_a_month_if_somebody_names_it():
    upload, mapping = look(SNAPSHOT, "subscribers.csv")
    assert list(mapping.tables) == ["accounts"]  # no dates: no history is made up
    (question,) = mapping.questions
    assert (question.id, question.default, question.kind) == ("snapshot_month", "none", "month")
    fed = rows(upload, answered(mapping.to_json(), question, "2020-01"))
    assert [(row["account_id"], row["month"], row["mrr"]) for row in fed[1]] == [
        ("A", date(2020, 1, 1), 29.85),
        ("C", date(2020, 1, 1), 53.85),
    ]
    with pytest.raises(DataProblem, match="does not answer"):
        answered(mapping.to_json(), question, "January")


def test_ends_of_a_month_are_asked_about():
    ends = ("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-10")
    lines = "".join(f"s{i},a{i},2023-01-01,10,{end}\n" for i, end in enumerate(ends))
    upload, mapping = look(f"subscription_id,account_id,start_date,amount,end_date\n{lines}")
    (question,) = mapping.questions
    assert (question.id, question.params["count"], question.params["of"]) == ("last_day", 5, 6)
    before = rows(upload, mapping.to_json())[0][0]["ended_on"]
    after = rows(upload, answered(mapping.to_json(), question, "last_with"))[0][0]["ended_on"]
    assert (before, after) == (date(2024, 1, 31), date(2024, 2, 1))


def test_daily_totals_without_a_day_ask_for_the_first():
    upload, mapping = look("Incoming Calls,Answered Calls,Abandoned Calls\n217,204,13\n200,182,18\n", "call_totals.csv")
    (question,) = mapping.questions
    assert (question.id, question.default) == ("first_day", "")
    with pytest.raises(DataProblem, match="row_number_from"):
        prepare(upload)
    fed = rows(upload, answered(mapping.to_json(), question, "2024-02-28"))[0]
    assert [row["day"] for row in fed] == [date(2024, 2, 28), date(2024, 2, 29)]


def test_the_column_that_holds_known_accounts_is_the_account():
    text = "Reference,Day,Grand amount,Doc\nA-1,2024-01-05,10,F1\nA-2,2024-01-06,11,F2\n"
    raw = inspect(text.encode(), "invoices.csv").tables[0]
    mapping = suggest(raw, ["invoices"], pa.array(["A-1", "A-2", "A-3"]))
    match = next(match for match in mapping.matches if match.column == "account_id")
    assert (match.headers, match.how) == (("Reference",), "known_ids")


def test_a_column_without_a_telling_name_is_found_by_its_values_when_it_alone_can_be_it():
    text = (
        "Ref,Customer ID,When,Grand,Rate\nF1,A,05/01/2024,10.50,5%\nF2,B,16/01/2024,11.00,5%\nF3,A,17/01/2024,9.90,5%\n"
    )
    mapping = look(text, "invoices.csv")[1]
    found = {match.column: match.headers for match in mapping.matches if match.how == "by_values"}
    assert found == {"invoice_id": ("Ref",), "issued_on": ("When",), "amount": ("Grand",)}
    assert not mapping.missing
    two = text.replace("Ref,Customer ID,When,Grand,Rate", "Ref,Customer ID,When,Grand,Then").replace("5%", "01/02/2024")
    assert look(two, "invoices.csv")[1].tables == {}


def test_whose_customer_a_row_is_about_is_never_guessed():
    text = "Invoice Number,Issue Date,Total,Tag\nF1,2024-01-05,10.5,a1\nF2,2024-01-06,11.0,a2\nF3,2024-01-07,9.0,a3\n"
    assert look(text, "invoices.csv")[1].missing == {"invoices": ("account_id",)}


def test_merging_takes_away_and_replaces():
    assert merge({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "e": 3}, "d": [2]}) == {
        "a": {"c": 2, "e": 3},
        "d": [2],
    }
