"""Suggestions: the table that fits, the headers that feed it, how sure, and how known."""

import pytest

from data.mapping import suggest
from data.readers import read


def suggestion(text, name="export.csv", tables=None):
    return suggest(read(text.encode(), name)[0], tables)


def columns(mapping, table):
    return {column: source.to_json() for column, source in mapping.tables[table].columns.items()}


def test_how_and_how_sure():
    mapping = suggestion("account_id,Nome do cliente,Created (UTC),Indutry sectr\nA,x,2024-01-01,y\n", "accounts.csv")
    found = {match.column: (match.how, match.confidence) for match in mapping.matches}
    assert found["account_id"] == ("same_name", 1.0)
    assert found["name"] == ("synonym", 0.95)
    assert found["created_on"] == ("synonym_without_note", 0.91)
    assert mapping.unmapped == ("Indutry sectr",)


def test_a_slip_of_the_pen():
    mapping = suggestion("account_id,Industri\nA,x\n", "accounts.csv")
    match = next(match for match in mapping.matches if match.column == "industry")
    assert match.how == "similar_name"
    assert match.confidence < 0.7


def test_values_speak_against_a_name():
    mapping = suggestion("account_id,created_on_,seats count\nA,red,many\nB,blue,few\n", "accounts.csv")
    assert "seats" not in mapping.tables["accounts"].columns


@pytest.mark.parametrize(
    ("text", "name", "table"),
    [
        ("cliente_id,data,valor,tipo\n1,2024-01-01,5,compra\n1,2024-01-02,6,compra\n", "transacoes.csv", "invoices"),
        ("Cliente;Data;Quem avaliou;Nota\nA;01/02/2024;gestor;4\n", "sentimento.csv", "sentiment"),
        ("currency,date,rate\nUSD,2024-01-01,5.1\n", "x.csv", "fx_rates"),
        (
            "Protocolo;Status;Cliente;Data de abertura;Data de fechamento\n1;Aberto;A;01/07/2026, 16:30;\n",
            "x.csv",
            "contacts",
        ),
        ("customer_id,churn_date,reason_code\nA,2024-01-01,x\n", "x.csv", "churn_events"),
        (
            "id,Customer ID,Amount,Interval,Start (UTC),Ended At (UTC)\n1,A,5,month,2024-01-01 00:00,\n",
            "subscriptions.csv",
            "subscriptions",
        ),
        ("cliente,mes,mrr\nA,2024-01,5\n", "x.csv", "monthly"),
    ],
)
def test_the_table_that_fits(text, name, table):
    assert list(suggestion(text, name).tables) == [table]


def test_what_fits_nothing_is_not_guessed():
    assert suggestion("cliente_id,campanha_id\n1,a\n1,b\n2,a\n", "campanhas.csv").tables == {}
    assert suggestion("x,y\n1,2\n").tables == {}


def test_a_table_named_by_its_file_says_what_it_lacks():
    mapping = suggestion("subscription_id,account_id,status\nS,A,active\n", "subscriptions.csv")
    assert mapping.missing == {"subscriptions": ("started_on", "amount")}


def test_money_per_month_or_year_sets_the_period():
    text = "subscription_id,account_id,start_date,mrr_amount,billing_frequency\nS,A,2024-01-01,5,annual\n"
    mapping = suggestion(text)
    assert mapping.tables["subscriptions"].constants == {"billing_months": 1}
    assert "billing_months" not in columns(mapping, "subscriptions")
    mapping = suggestion(text.replace("mrr_amount", "arr_amount"))
    assert mapping.tables["subscriptions"].constants == {"billing_months": 12}
    mapping = suggestion(text.replace("mrr_amount", "amount"))
    assert columns(mapping, "subscriptions")["billing_months"] == "billing_frequency"


def test_a_price_per_unit_is_multiplied():
    text = "subscription_id,account_id,start_date,unit_amount,quantity\nS,A,2024-01-01,5,3\n"
    assert columns(suggestion(text), "subscriptions")["amount"] == {"from": "unit_amount", "times": "quantity"}


def test_trial_flags_become_a_status():
    text = "subscription_id,account_id,start_date,amount,is_trial\nS,A,2024-01-01,5,FALSE\nT,A,2024-01-01,0,TRUE\n"
    assert columns(suggestion(text), "subscriptions")["status"] == {
        "from": "is_trial",
        "values": {"FALSE": "active", "TRUE": "trial"},
    }


def test_a_response_time_becomes_a_point_in_time():
    text = "ticket_id,created_at,first_response_time_minutes\nT,2024-01-01 09:00,74\n"
    assert columns(suggestion(text), "contacts")["first_response_at"] == {
        "from": "first_response_time_minutes",
        "as": "minutes",
        "after": "opened_at",
    }


def test_averages_are_multiplied_by_the_contacts_handled():
    text = "Day,Incoming Calls,Answered Calls,Talk Duration (AVG)\n2024-01-01,10,9,00:02:00\n"
    assert columns(suggestion(text), "contact_totals")["handle_seconds"] == {
        "from": "Talk Duration (AVG)",
        "as": "duration",
        "times": "handled",
    }


def test_the_kind_of_survey_by_its_headers_or_name():
    assert suggestion("Response ID,Date,NPS Score\n1,2024-01-01,9\n").tables["surveys"].constants == {"kind": "nps"}
    assert suggestion("response_id,date,score\n1,2024-01-01,4\n", "csat-2024.csv").tables["surveys"].constants == {
        "kind": "csat"
    }
    assert suggestion("response_id,date,score\n1,2024-01-01,4\n", "surveys.csv").missing == {"surveys": ("kind",)}


def test_tables_asked_for_are_suggested_whatever_fits():
    text = "customer_id,created,amount\nA,2024-01-01,5\n"
    assert list(suggestion(text, tables=["costs"]).tables) == ["costs"]
