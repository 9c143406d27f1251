"""Files about something that happened to an account are not lists of accounts, and what each row is decides."""

import pytest

from data.importing import inspect, prepare
from data.mapping import suggest
from data.problems import DataProblem
from data.readers import read


def suggestion(text, name="export.csv"):
    return suggest(read(text.encode(), name)[0])


def rows(text, name="export.csv", **how):
    return prepare(inspect(text.encode(), name), **how)


def test_renewals_with_an_amount_and_a_renewed_amount():
    (one,) = rows(
        "renewal_id,account_id,due date,amount,outcome,renewed amount\n"
        "R1,A1,2024-03-01,100,renewed,110\nR2,A2,2024-04-01,200,churned,\n",
        "renew.csv",
    )
    assert one.table == "renewals"
    assert one.accepted["due_amount"].to_pylist() == [100, 200]
    assert one.accepted["renewed_amount"].to_pylist() == [110, None]
    assert one.unmapped == ()


def test_an_invoice_with_a_due_date_is_no_renewal():
    assert "renewals" not in suggestion("Invoice,Customer,Due date,Amount\nI1,A1,2024-03-01,5\n").tables


@pytest.mark.parametrize("name", ["churn.csv", "dados.csv"])
def test_departures_with_their_kind(name):
    (one,) = rows(
        "Cliente;Data do cancelamento;Motivo;Tipo\n"
        "A1;01/03/2024;preço;voluntário\nA2;15/04/2024;inadimplência;Involuntário\n",
        name,
    )
    assert one.table == "churn_events"
    assert one.accepted["voluntary"].to_pylist() == [True, False]
    assert [day.isoformat() for day in one.accepted["event_on"].to_pylist()] == ["2024-03-01", "2024-04-15"]


def test_a_kind_that_says_nothing_of_the_will_is_not_taken_for_it():
    found = suggestion("Cliente;Data do cancelamento;Tipo\nA1;01/03/2024;Downgrade\nA2;15/04/2024;Total\n", "churn.csv")
    assert "voluntary" not in found.tables["churn_events"].columns


def test_ratings_beside_the_name_of_the_manager_are_feelings():
    (one,) = rows("account_id,date,health,csm\nA1,2024-03-01,4,Ana\nA2,2024-03-01,2,Bo\n")
    assert one.table == "sentiment"
    assert one.accepted["rater"].to_pylist() == ["csm", "csm"]


@pytest.mark.parametrize("values", [("80", "20"), ("green", "red")])
def test_a_health_that_is_no_rating_is_asked_for(values):
    text = "account_id,date,health,csm\n" + "".join(f"A{i},2024-03-01,{value},Ana\n" for i, value in enumerate(values))
    assert not suggestion(text).tables
    with pytest.raises(DataProblem) as refused:
        rows(text)
    assert refused.value.id == "not_recognised"


def test_a_list_of_customers_with_a_day_of_its_own_stays_one():
    assert list(suggestion("Account ID,Last login\nA1,2024-03-01\nA2,2024-03-02\n", "customers.csv").tables) == [
        "accounts"
    ]
    assert list(suggestion("Account ID,Created at,CSM\nA1,2024-03-01,Ana\n").tables) == ["accounts"]


def test_days_of_accounts_alone_are_use():
    assert list(suggestion("account_id,date\nA1,2024-03-01\nA1,2024-03-02\n").tables) == ["usage"]


def test_the_day_of_payment():
    found = suggestion("Fatura;Cliente;Emissão;Vencimento;Pagamento;Valor\nF1;A1;01/03/2024;10/03/2024;09/03/2024;5\n")
    assert found.tables["invoices"].columns["paid_on"].headers == ("Pagamento",)


def test_lines_of_invoices_are_added_up_whatever_the_file_is_called():
    (one,) = rows(
        "Invoice,Customer,Date,Item,Amount\n"
        "I1,A1,2024-03-01,Seat,10\nI1,A1,2024-03-01,Setup,20\nI2,A2,2024-03-02,Seat,30\nI2,A2,2024-03-02,Other,5\n",
        "lines.csv",
    )
    assert one.table == "invoices"
    assert dict(zip(one.accepted["invoice_id"].to_pylist(), one.accepted["amount"].to_pylist(), strict=True)) == {
        "I1": 30,
        "I2": 35,
    }


@pytest.mark.parametrize(
    ("kind", "table"),
    [("invoice", "invoices"), ("charge", "invoices"), ("customer", "accounts"), ("subscription", "subscriptions")],
)
def test_rows_that_say_what_they_are_decide_the_table(kind, table):
    text = "id,object,customer,created,currency,amount,status,name\n" + "".join(
        f"x_{i},{kind},cus_{i},17092512{i:02d},usd,{1000 + i},paid,Firm {i}\n" for i in range(5)
    )
    assert list(suggestion(text).tables)[:1] == [table]


def test_amounts_of_such_rows_are_cents_and_asked_about():
    found = suggestion("id,object,customer,created,currency,amount\nch_1,charge,cus_1,1709251200,usd,1000\n")
    assert found.tables["invoices"].columns["amount"].unit == "cents"
    assert [question.id for question in found.questions] == ["in_cents"]


def test_rows_of_several_kinds_decide_nothing():
    found = suggestion("id,object,customer,created,amount\nx1,charge,c1,1709251200,5\nx2,refund,c2,1709251200,6\n")
    assert found.tables.get("invoices") is None or found.tables["invoices"].columns["amount"].unit is None


def test_the_scale_a_header_names():
    (one,) = rows("conta;data;nota NPS (1-10)\nA1;01/03/2024;9\nA2;02/03/2024;7\n")
    assert set(one.accepted["scale_min"].to_pylist()) == {1.0}
    assert set(one.accepted["scale_max"].to_pylist()) == {10.0}
    assert "scale_from_header" in {problem.problem for problem in one.checked.problems}
    assert "assumed_scale" not in {problem.problem for problem in one.checked.problems}


def test_a_score_outside_the_scale_its_header_names_stays_out():
    (one,) = rows("conta;data;CSAT (1 a 5)\nA1;01/03/2024;5\nA2;02/03/2024;7\n")
    assert one.accepted["scale_max"].to_pylist() == [5.0]
    assert {problem.problem for problem in one.checked.problems if problem.severity == "rejected"} == {"outside_scale"}


def test_no_scale_without_a_header_that_names_one():
    (one,) = rows("conta;data;nota NPS (2024)\nA1;01/03/2024;9\nA2;02/03/2024;7\n")
    assert set(one.accepted["scale_min"].to_pylist()) == {0.0}
