"""What known exports do to rows: the traps of each product, worked by hand."""

from datetime import date, datetime
from pathlib import Path

import pytest

from data.importing import inspect, prepare
from data.mapping.exports import exports
from data.mapping.questions import answered
from data.mapping.refusals import REASONS


def fed(text, name="export.csv", answer=None):
    """Accepted rows by table as written in the mapping; `answer` is (question, option)."""
    upload = inspect(text.encode(), name)
    mapping = upload.suggestions[0]
    assert mapping.known
    body = mapping.to_json()
    if answer:
        body = answered(body, next(q for q in mapping.questions if q.id == answer[0]), answer[1])
    rows = prepare(upload, body)
    return {name: one.accepted.to_pylist() for name, one in zip(body["tables"], rows, strict=True)}


@pytest.mark.parametrize("export", exports().values(), ids=lambda export: export.id)
def test_declarations_are_whole(export):
    assert export.tables or export.refused in REASONS
    assert not export.notes or set(export.notes) == {"en", "pt_BR", "es"}
    assert all(note.strip() for note in export.notes.values())
    assert 0.5 < export.sure <= 1


ZENDESK = (
    "Id,Requester,Requester domain,Organization,Status,Created at,Solved at,Updated at,Satisfaction Score,"
    "Group stations,Assignee stations,First reply time in minutes,Full resolution time in minutes,Reopens,Replies\n"
    "1,Ana,a.example,Alfa,Solved,2024-03-01 09:00,2024-03-01 11:00,2024-03-05 11:00,5,1,1,30,120,0,1\n"
    "2,Bia,b.example,Beta,Closed,2024-03-01 09:00,2024-03-02 09:00,2024-03-06 09:00,Offered,1,1,15,1440,1,3\n"
    "3,Caio,c.example,Gama,Deleted,2024-03-01 09:00,,2024-03-01 10:00,Offered,1,1,,,0,0\n"
    "4,Davi,d.example,Alfa,Solved,2024-03-01 09:00,2024-03-01 10:00,2024-03-05 11:00,Bad,1,1,5,60,0,1\n"
)


def test_zendesk_offered_is_no_score_and_resolution_is_no_handle_time():
    tables = fed(ZENDESK)
    tickets = {row["contact_id"]: row for row in tables["contacts"]}
    assert set(tickets) == {"1", "2", "4"}
    assert tickets["1"]["first_response_at"] == datetime(2024, 3, 1, 9, 30)
    assert tickets["1"]["solved_at"] == datetime(2024, 3, 1, 11)
    assert tickets["1"]["account_id"] == "Alfa"
    assert (tickets["2"]["reopens"], tickets["2"]["agent_replies"]) == (1, 3)
    assert not {"handle_seconds", "talk_seconds"} & set(tickets["1"])
    answers = [(row["response_id"], row["score"], row["scale_max"]) for row in tables["surveys"]]
    assert answers == [("1", 5.0, 5.0), ("4", 2.0, 5.0)]


def test_intercom_zone_in_the_header_and_seconds():
    tables = fed(
        "Conversation ID,Conversation started at (America/Lima),Updated at (America/Lima),Conversation rating,"
        "Current conversation state,First response time (seconds),Company name\n"
        "7,2024-03-01 09:00:00,2024-03-02 09:00:00,4,Closed,90,Alfa\n"
        "8,2024-03-01 10:00:00,2024-03-02 09:00:00,,Open,,Beta\n"
    )
    first = tables["contacts"][0]
    assert (first["first_response_at"] - first["opened_at"]).total_seconds() == 90
    assert [row["status"] for row in tables["contacts"]] == ["solved", "open"]
    assert [row["score"] for row in tables["surveys"]] == [4.0]


STRIPE = (
    "id,Customer ID,Status,Amount,Interval,Interval Count,Quantity,Created (UTC),Ended At (UTC),Canceled At (UTC)\n"
)


def test_stripe_subscriptions_intervals_states_and_quantity():
    text = STRIPE + (
        "s1,c1,active,1200.00,year,1,1,2024-01-05 10:00,,\n"
        "s2,c2,canceled,90.00,month,3,2,2024-01-05 10:00,2024-06-01 10:00,2024-05-20 10:00\n"
        "s3,c3,active,50.00,month,1,1,2024-01-05 10:00,,2024-05-20 10:00\n"
        "s4,c4,incomplete_expired,50.00,month,1,1,2024-01-05 10:00,,\n"
        "s5,c5,trialing,50.00,month,1,1,2024-01-05 10:00,,\n"
    )
    rows = {row["subscription_id"]: row for row in fed(text)["subscriptions"]}
    assert set(rows) == {"s1", "s2", "s3", "s5"}
    assert [rows[s]["billing_months"] for s in ("s1", "s2", "s3")] == [12.0, 3.0, 1.0]
    assert (rows["s2"]["amount"], rows["s2"]["ended_on"]) == (180.0, date(2024, 6, 1))
    assert rows["s3"]["ended_on"] is None  # decided, and still paying
    assert rows["s3"]["cancelled_on"] == date(2024, 5, 20)
    assert rows["s5"]["status"] == "trial"
    total = {row["subscription_id"]: row for row in fed(text, answer=("amount_per_unit", "total"))["subscriptions"]}
    assert total["s2"]["amount"] == 90.0


def test_stripe_quantity_is_asked_only_where_it_matters():
    text = STRIPE + "s1,c1,active,1200.00,year,1,1,2024-01-05 10:00,,\n"
    assert inspect(text.encode(), "x.csv").suggestions[0].questions == ()


def test_stripe_payments_take_off_refunds_and_leave_failures_out():
    rows = fed(
        "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Captured,Card ID,Mode,Customer ID\n"
        "p1,2024-01-05 10:00,100.00,0.00,usd,Paid,TRUE,x,Live,c1\n"
        "p2,2024-01-05 10:00,100.00,30.00,usd,Partial Refund,TRUE,x,Live,c1\n"
        "p3,2024-01-05 10:00,100.00,0.00,usd,Failed,FALSE,x,Live,c1\n"
        "p4,2024-01-05 10:00,100.00,0.00,usd,Paid,TRUE,x,Test,c1\n"
    )["invoices"]
    assert [(row["invoice_id"], row["amount"], row["status"]) for row in rows] == [
        ("p1", 100.0, "paid"),
        ("p2", 70.0, "paid"),
    ]


API = "id,customer_id,created,amount_due,amount_paid,subtotal,tax,total,currency,status,billing_reason,livemode\n"


def test_stripe_api_cents_but_not_for_currencies_without_them():
    tables = fed(
        API
        + "i1,c1,2024-01-05,1100,1100,1000,100,1100,usd,paid,x,true\n"
        + "i2,c2,2024-01-05,5000,5000,5000,0,5000,jpy,paid,x,true\n"
        + "i3,c2,2024-01-05,5000,5000,5000,,5000,usd,paid,x,true\n"
    )
    amounts = {row["invoice_id"]: row["amount"] for rows in tables.values() for row in rows}
    assert amounts == {"i1": 10.0, "i2": 5000.0, "i3": 50.0}


def test_a_blank_tax_is_no_tax_and_no_row_is_lost():
    tables = fed(
        "id,Customer,Number,Date (UTC),Due Date (UTC),Amount Due,Amount Paid,Total,Subtotal,Tax,Status\n"
        "i1,c1,F1,2024-01-05 00:00,,110,110,110.00,100.00,10.00,paid\n"
        "i2,c1,F2,2024-01-05 00:00,,80,80,80.00,80.00,,paid\n"
    )
    amounts = {row["invoice_id"]: row["amount"] for rows in tables.values() for row in rows}
    assert amounts == {"i1": 100.0, "i2": 80.0}


RECURLY = (
    "uuid,account_id,plan_id,state,activated_at,canceled_at,expires_at,current_period_started_at,"
    "current_period_ends_at,unit_amount,quantity,subtotal,currency,updated_at\n"
)


def test_recurly_canceled_still_pays_and_periods_come_from_their_days():
    rows = {
        row["subscription_id"]: row
        for row in fed(
            RECURLY
            + "u1,a1,monthly,canceled,2024-01-31,2024-03-01,2024-03-31,2024-02-29,2024-03-31,10,1,10,USD,2024-03-01\n"
            + "u1,a1,monthly,active,2024-01-31,,,2024-01-31,2024-02-29,9,1,9,USD,2024-02-01\n"
            + "u2,a2,yearly,active,2024-01-10,,,2024-01-10,2025-01-10,100,2,200,USD,2024-01-10\n"
            + "u3,a3,yearly,future,,,,2024-09-10,2025-09-10,100,2,200,USD,2024-01-10\n"
        )["subscriptions"]
    }
    assert set(rows) == {"u1", "u2"}
    assert (rows["u1"]["status"], rows["u1"]["amount"], rows["u1"]["ended_on"]) == ("active", 10.0, date(2024, 3, 31))
    assert (rows["u1"]["billing_months"], rows["u2"]["billing_months"]) == (1.0, 12.0)
    assert rows["u2"]["amount"] == 200.0


def test_chartmogul_adds_up_subscriptions_and_asks_for_the_month():
    text = (
        "CUSTOMER_UUID,CUSTOMER_EXTERNAL_IDS,CUSTOMER_NAME,PLAN_UUID,PLAN_NAME,BILLING_SYSTEM,MRR,CURRENCY\n"
        "c1,A-1|old-1,Alfa,p1,Pro,Stripe,1000,USD\n"
        "c1,A-1|old-1,Alfa,p2,Extra,Stripe,500,USD\n"
        "c2,B-2,Beta,p1,Pro,Stripe,2000,USD\n"
    )
    assert [row["account_id"] for row in fed(text)["accounts"]] == ["A-1", "B-2"]
    monthly = fed(text, answer=("snapshot_month", "2024-05"))["monthly"]
    assert [(row["account_id"], row["month"], row["mrr"]) for row in monthly] == [
        ("A-1", date(2024, 5, 1), 15.0),
        ("B-2", date(2024, 5, 1), 20.0),
    ]


def test_chargebee_panel_adds_up_the_subscriptions_of_a_customer():
    rows = fed(
        "id,customer_id,subscription_id,reporting_month,mrr_billing_currency,billing_currency_code\n"
        "1,c1,s1,2024-01-01,100.00,USD\n2,c1,s2,2024-01-01,50.00,USD\n3,c1,s1,2024-02-01,100.00,USD\n"
    )["monthly"]
    assert [(row["month"].month, row["mrr"]) for row in rows] == [(1, 150.0), (2, 100.0)]


def test_baremetrics_cents_times_quantity():
    rows = fed(
        "plan_oid,plan_name,plan_currency,plan_amount,plan_interval,plan_interval_count,customer_oid,customer_name,"
        "subscription_oid,subscription_started_at,subscription_canceled_at,subscription_quantity\n"
        "p,Pro,usd,2500,month,6,c1,Alfa,s1,2024-01-01,,3\n"
    )
    row = rows["subscriptions"][0]
    assert (row["amount"], row["billing_months"]) == (75.0, 6.0)
    assert rows["accounts"][0]["name"] == "Alfa"


def test_thanx_counts_on_the_day_of_the_rating_not_of_the_reply():
    rows = fed(
        "nps_feedback_uid,user_id,rating,review,rated_at,responded_at\n"
        "f1,u1,9,good,2024-03-01 10:00,2024-04-09 10:00\nf2,u2,,,,\n"
    )["surveys"]
    assert [(row["response_id"], row["responded_at"].date(), row["kind"]) for row in rows] == [
        ("f1", date(2024, 3, 1), "nps")
    ]


def test_freshdesk_hours_as_a_clock_or_as_a_number():
    header = "Ticket Id,Status,Requester Name,Created time,First Response Time (in Hrs),Resolution Time (in Hrs)\n"
    for first, whole in (("00:30:00", "26:00:00"), ("0.5", "26")):
        row = fed(f"{header}1,Closed,Ana,2024-03-01 09:00,{first},{whole}\n")["contacts"][0]
        assert row["first_response_at"] == datetime(2024, 3, 1, 9, 30)
        assert row["solved_at"] == datetime(2024, 3, 2, 11, 0)


def test_consumidor_gov_br_both_variants():
    new = (
        "Região;UF;Data Finalização;Tempo Resposta;Nome Fantasia;Grupo Problema;Situação;Avaliação Reclamação;"
        "Nota do Consumidor\n"
        "SE;SP;15/01/2024;5;Banco;Cobrança;Finalizada avaliada;Resolvida;5\n"
        "SE;SP;16/01/2024;9;Banco;Cobrança;Finalizada não avaliada;Não Avaliada;\n"
    )
    tables = fed(new)
    assert [row["fixed"] for row in tables["contacts"]] == [True, None]
    assert [row["score"] for row in tables["surveys"]] == [5.0]
    assert [row["numerator"] for row in tables["observations"]] == [5.0, 9.0]
    assert "first_response_at" not in tables["contacts"][0]  # nothing says when it was opened
    old = (
        "Data Abertura;Hora Abertura;Data Resposta;Hora Resposta;Data Finalização;Tempo Resposta;Nome Fantasia;"
        "Situação;Avaliação Reclamação;Nota do Consumidor\n"
        "01/02/2015;10:00;03/02/2015;12:30;15/02/2015;2;Banco;Finalizada avaliada;Não Resolvida;1\n"
    )
    row = fed(old)["contacts"][0]
    assert row["opened_at"] == datetime(2015, 2, 1, 10)
    assert row["first_response_at"] == datetime(2015, 2, 3, 12, 30)
    assert row["fixed"] is False


def test_hubspot_tickets_take_the_first_of_several_companies():
    rows = fed(
        "Ticket ID,Ticket name,Ticket status,Create date,Associated Company IDs\n9,x,Closed,2024-03-01 10:00,12;15\n"
    )["contacts"]
    assert rows[0]["account_id"] == "12"


def test_renewals_among_opportunities_are_renewals_and_sales_are_not():
    header = "Opportunity ID,Opportunity Name,Account ID,Stage,Amount,Close Date,Type\n"
    renewals = inspect(f"{header}o1,x,a1,Closed Won,100,2024-03-01,Renewal\n".encode(), "r.csv").suggestions[0]
    assert list(renewals.tables) == ["renewals"]
    sales = inspect(f"{header}o1,x,a1,Closed Won,100,2024-03-01,New Business\n".encode(), "r.csv").suggestions[0]
    assert sales.foreign == "opportunities"


def test_a_record_id_of_zoho_is_told_from_one_of_hubspot_by_its_values():
    header = "Record Id,Account Owner,Account Name,Account Type,Website\n"
    assert inspect(f"{header}zcrm_1,Ana,Alfa,Customer,x\n".encode(), "a.csv").suggestions[0].known == "zoho_accounts"
    assert inspect(f"{header}15,Ana,Alfa,Customer,x\n".encode(), "a.csv").suggestions[0].known == ""


def test_columns_of_somebodys_own_are_used_beside_a_known_export():
    text = (
        "Record ID,Company name,Company owner,Lifecycle Stage,Number of Associated Deals,Segmento,My field\n"
        "1,Alfa,Ana,Customer,2,SMB,x\n"
    )
    mapping = inspect(text.encode(), "all-companies.csv").suggestions[0]
    assert mapping.known == "hubspot_companies"
    assert mapping.tables["accounts"].columns["segment"].headers == ("Segmento",)
    assert "My field" in mapping.unmapped
    assert fed(text)["accounts"][0]["segment"] == "SMB"


def test_recurly_a_plan_whose_periods_disagree_is_not_guessed():
    rows = (
        "u1,a1,odd,active,2024-01-10,,,2024-01-10,2024-02-10,10,1,10,USD,2024-03-01\n"
        "u2,a2,odd,active,2024-01-10,,,2024-01-10,2025-01-10,100,1,100,USD,2024-01-10\n"
        "u3,a3,yearly,active,2024-01-10,,,2024-01-10,2025-01-10,100,1,100,USD,2024-01-10\n"
        "u4,a4,half,active,2024-01-10,,,2024-01-10,2024-07-10,100,1,100,USD,2024-01-10\n"
    )
    found = prepare(inspect((RECURLY + rows).encode(), "x.csv"))[0]
    assert found.accepted["subscription_id"].to_pylist() == ["u3", "u4"]
    assert found.accepted["billing_months"].to_pylist() == [12.0, 6.0]
    assert found.rejected.num_rows == 2  # set aside with the reason, until somebody says how long a period is


def test_the_documentation_lists_every_known_export():
    page = (Path(__file__).parents[3] / "docs" / "known-exports.md").read_text(encoding="utf-8")
    assert [export.id for export in exports().values() if f"`{export.id}`" not in page] == []
