"""Lists as companies keep them: customers with what they pay, and files that list something else."""

import pytest

from data.checks import Known
from data.importing import inspect, prepare
from data.mapping import suggest
from data.problems import DataProblem
from data.readers import read

HEADER = "Cód. Cliente;Cliente;Plano;Vl. Mensal;Início;Fim;Situação;Responsável;Obs."


def suggestion(text, name="export.csv"):
    return suggest(read(text.encode(), name)[0])


def columns(mapping, table):
    return {column: source.to_json() for column, source in mapping.tables[table].columns.items()}


@pytest.fixture
def spreadsheet():
    rows = [
        f"{184 + i:06d};Empresa {i};Pro;R$ {1 + i}.914,00;01/03/2024;{'31/10/2026' if i % 2 else ''};"
        f"{'Cancelado' if i % 2 else 'Ativo'};Ana;ligar jan"
        for i in range(12)
    ]
    rows.append("000731;Lume Têxtil;Básico;grátis;03/11/2026;;Teste;Bruno;—")
    rows.append("000184;Empresa 0;Enterprise;R$ 9.000,50;01/11/2026;;Ativo;Ana;")
    titles = ["Relatório de Assinaturas;;;;;;;;", "Gerado em 12/11/2026 08:14;;;;;;;;", ""]
    return "\r\n".join([*titles, HEADER, *rows, "Total geral;;;R$ 99.327,50;;;;;", ""]).encode("cp1252")


def test_a_list_of_customers_with_their_terms(spreadsheet):
    upload = inspect(spreadsheet, "clientes_out_2026.csv")
    mapping = upload.suggestions[0]
    assert list(mapping.tables) == ["subscriptions", "accounts"]
    assert columns(mapping, "subscriptions") == {
        "subscription_id": "Cód. Cliente",
        "started_on": "Início",
        "account_id": "Cód. Cliente",
        "amount": "Vl. Mensal",
        "ended_on": "Fim",
        "plan": "Plano",
        "status": "Situação",
    }
    assert mapping.tables["subscriptions"].constants == {"billing_months": 1}
    assert columns(mapping, "accounts") == {
        "account_id": "Cód. Cliente",
        "name": "Cliente",
        "plan": "Plano",
        "csm": "Responsável",
    }
    assert mapping.unmapped == ("Obs.",)


def test_its_rows(spreadsheet):
    terms, accounts = prepare(inspect(spreadsheet, "clientes_out_2026.csv"))
    assert terms.accepted["amount"].to_pylist()[-1] == 9000.5
    assert terms.accepted["account_id"].to_pylist()[0] == "000184"
    assert (terms.accepted.num_rows, terms.rejected.num_rows) == (13, 1)
    assert terms.checked.assumed.encoding == "cp1252"
    assert accounts.accepted.num_rows == 13
    assert accounts.rejected.num_rows == 0
    again = next(p for p in accounts.checked.problems if p.problem == "account_again")
    assert (again.count, again.severity) == (1, "left_out")


def test_the_name_stands_beside_the_id_in_either_order():
    mapping = suggestion("Cliente,Código do cliente,Segmento\nPorto,1,PME\nVale,2,PME\n", "clientes.csv")
    assert columns(mapping, "accounts") == {"account_id": "Código do cliente", "name": "Cliente", "segment": "Segmento"}


@pytest.mark.parametrize("code", ["Código", "ID"])
def test_a_code_without_a_word_more_is_the_customers_in_both_tables(code):
    rows = "".join(f"X{i};Empresa {i};0{1 + i}/02/2025;;R$ 1.{i}00,50;PME\n" for i in range(8))
    mapping = suggestion(f"{code};Razão Social;Início do contrato;Fim;Mensalidade (R$);Porte\n{rows}", "crm.csv")
    assert columns(mapping, "subscriptions") == {
        "subscription_id": code,
        "started_on": "Início do contrato",
        "account_id": code,
        "amount": "Mensalidade (R$)",
        "ended_on": "Fim",
    }
    assert columns(mapping, "accounts") == {"account_id": code, "name": "Razão Social", "segment": "Porte"}


def test_a_customer_alone_is_the_id():
    assert columns(suggestion("cliente,segmento\nA,x\nB,y\n", "clientes.csv"), "accounts")["account_id"] == "cliente"


@pytest.mark.parametrize(
    ("text", "name", "foreign"),
    [
        (
            "id,account_id,amount,created_date,close_date,stage_name,is_won,type\n1,A,5,2024-01-01,2024-02-01,x,true,n\n",
            "sf_data.csv",
            "opportunities",
        ),
        (
            "id,account_id,created_date,close_date,status\n1,A,2024-01-01,2024-02-01,open\n",
            "Opportunities 2024.csv",
            "opportunities",
        ),
        (
            "id,active,amount,created,currency,interval,interval_count,tiers_mode,livemode\n"
            "p,true,150000,2017-05-10,usd,month,1,,true\n",
            "plans.csv",
            "prices",
        ),
    ],
)
def test_files_of_something_else_are_not_taken_for_a_table(text, name, foreign):
    upload = inspect(text.encode(), name)
    assert upload.suggestions[0].tables == {}
    assert upload.suggestions[0].foreign == foreign
    with pytest.raises(DataProblem, match="looks like") as refused:
        prepare(upload)
    assert refused.value.id == f"foreign_{foreign}"


def test_named_renewals_are_no_opportunities():
    text = "renewal_opportunity_id,account_id,due_on,due_amount,stage_name\n1,A,2024-01-01,5,won\n"
    assert list(suggestion(text, "renewals.csv").tables) == ["renewals"]


def test_whole_amounts_of_a_payment_service_are_cents():
    text = "id,customer_id,amount,created,livemode\nin_1,c,1050,2024-01-01,true\nin_2,c,900,2024-01-02,true\n"
    prepared = prepare(inspect(text.encode(), "invoices.csv"))[0]
    assert prepared.accepted["amount"].to_pylist() == [10.5, 9.0]
    match = next(m for m in prepared.mapping.matches if m.column == "amount")
    assert (match.how, match.confidence) == ("in_cents", 0.75)


def test_the_state_of_an_account_is_no_region():
    mapping = suggestion("account_id,state\nA,active\nB,closed\n", "accounts.csv")
    assert "region" not in mapping.tables["accounts"].columns
    assert "region" in suggestion("account_id,state\nA,SP\nB,RJ\n", "accounts.csv").tables["accounts"].columns


def test_amounts_without_a_period_are_said_to_be_monthly():
    text = "subscription_id,customer_id,start_date,price\n1,A,2024-01-01,5\n"
    found = {p.problem: p.severity for p in prepare(inspect(text.encode(), "subs.csv"))[0].checked.problems}
    assert found["assumed_monthly"] == "assumed"
    own = text.replace("price", "amount")
    assert "assumed_monthly" not in {p.problem for p in prepare(inspect(own.encode(), "subs.csv"))[0].checked.problems}


@pytest.mark.parametrize(
    ("currencies", "warned"),
    [(("BRL",), "EUR, USD"), (("BRL", "USD"), "EUR"), (("USD", "EUR", "BRL"), None), (None, None)],
)
def test_currencies_without_a_rate_are_named(currencies, warned):
    text = "subscription_id,account_id,started_on,amount,currency\n"
    text += "1,A,2024-01-01,5,usd\n2,A,2024-01-01,5,BRL\n3,B,2024-01-01,5,EUR\n4,C,2024-01-01,5,\n"
    one = prepare(inspect(text.encode(), "subscriptions.csv"), known=Known(currencies=currencies))[0]
    found = [p for p in one.checked.problems if p.problem == "no_rate"]
    assert [p.params["currencies"] for p in found] == ([warned] if warned else [])
    assert one.accepted.num_rows == 4
    assert all("Settings" in p.expected and p.severity == "warning" for p in found)
    if currencies:
        assert one.accepted["currency"].to_pylist() == ["USD", "BRL", "EUR", None]
