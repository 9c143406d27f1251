"""Exports of well-known products as their connectors deliver them: each goes in unmapped, or is refused and says why.

Figures are reckoned again with pandas, from the files. Skipped where the files are absent.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest

from data.importing import Prepared, inspect, prepare
from data.problems import DataProblem
from tests.acceptance.conftest import TRY_DATA, Terminal

# file: known export, then by table (rows in, rejected, left out)
IN = {
    "fivetran_hubspot_company_data": ("hubspot_companies_api", {"accounts": (24, 0, 0)}),
    "fivetran_hubspot_ticket_data": ("hubspot_tickets_api", {"contacts": (24, 1, 0)}),
    "fivetran_intercom_company_history_data": ("intercom_company_history", {"accounts": (9, 0, 0)}),
    "fivetran_intercom_conversation_history_data": ("intercom_conversation_history", {"contacts": (2, 0, 7)}),
    "fivetran_recurly_account_history_data": ("recurly_accounts", {"accounts": (4, 0, 1)}),
    "fivetran_recurly_invoice_history_data": ("recurly_invoices", {"invoices": (5, 0, 0)}),
    "fivetran_recurly_subscription_history_data": ("recurly_subscriptions", {"subscriptions": (4, 0, 1)}),
    "fivetran_salesforce_sf_account_data": ("salesforce_accounts_api", {"accounts": (1, 0, 9)}),
    "fivetran_stripe_customer_data": ("stripe_customers_api", {"accounts": (12, 0, 0)}),
    "fivetran_stripe_invoice_data": ("stripe_invoices_api", {"invoices": (1, 0, 1)}),
    "fivetran_zendesk_organization_data": ("zendesk_organizations_api", {"accounts": (10, 0, 0)}),
    "fivetran_zendesk_ticket_data": ("zendesk_tickets_api", {"contacts": (8, 0, 2)}),
    "zendesk_tickets_AnaMaria779": ("", {"contacts": (50, 0, 0)}),
    # every 28 days is no whole number of months: both rows stay out, with that reason
    "fivetran_recharge_subscription_data": ("recharge_subscriptions", {"subscriptions": (0, 2, 0)}),
}
REFUSED = {
    "fivetran_hubspot_deal_data": ("hubspot_deals", "foreign_opportunities"),
    "fivetran_salesforce_sf_opportunity_data": ("salesforce_opportunities", "foreign_opportunities"),
    "fivetran_qualtrics_question_response": ("qualtrics_question_response_api", "foreign_answers_undated"),
    "fivetran_qualtrics_survey_response": ("qualtrics_survey_response_api", "foreign_answers_apart"),
    "fivetran_recurly_plan_history_data": ("recurly_plans", "foreign_prices"),
    "fivetran_stripe_plan_data": ("stripe_prices_api", "foreign_prices"),
    "fivetran_stripe_subscription_history_data": ("stripe_subscription_history_api", "foreign_no_amounts"),
    "fivetran_stripe_subscription_item_data": ("stripe_subscription_items_api", "foreign_items"),
}
Export = Callable[[str], Path]


@pytest.fixture
def export() -> Export:
    """One of the files; the test is skipped where they are absent."""

    def find(name: str) -> Path:
        path = TRY_DATA / "messy" / "exports" / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"{path.name} is not here: put the exports beside the project or set FAROL_TRY_DATA")
        return path

    return find


def fed(path: Path) -> dict[str, Prepared]:
    return {one.table: one for one in prepare(inspect(path))}


def test_every_file_is_accounted_for(export: Export) -> None:
    there = {path.stem for path in export(next(iter(IN))).parent.glob("*.csv")}
    assert there == {*IN, *REFUSED}


@pytest.mark.parametrize("name", IN)
def test_goes_in_with_no_mapping_of_ours(export: Export, name: str) -> None:
    path, (known, tables) = export(name), IN[name]
    upload = inspect(path)
    assert upload.suggestions[0].known == known
    got = {
        one.table: (one.accepted.num_rows, one.rejected.num_rows, one.checked.rows_left_out) for one in prepare(upload)
    }
    assert got == tables
    rows = len(pd.read_csv(path, dtype=str))
    assert all(sum(counts) == rows for counts in got.values())  # none is lost


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_reason(export: Export, name: str) -> None:
    path, (known, reason) = export(name), REFUSED[name]
    assert inspect(path).suggestions[0].known == known
    with pytest.raises(DataProblem) as refusal:
        prepare(inspect(path))
    assert refusal.value.id == reason


def test_recurly_subscriptions(export: Export) -> None:
    path = export("fivetran_recurly_subscription_history_data")
    raw = pd.read_csv(path, parse_dates=["updated_at", "activated_at", "expires_at"])
    newest = raw.sort_values("updated_at").groupby("uuid").tail(1)
    got = fed(path)["subscriptions"].accepted.to_pandas().set_index("subscription_id")
    assert got["amount"].sum() == newest["subtotal"].sum() == 99 + 99 + 99 + 5596
    assert set(got["billing_months"]) == {1.0}  # from the 11th to the 11th of the next month
    ends = newest.set_index("uuid")["expires_at"].dt.date
    assert got["ended_on"].notna().sum() == ends.notna().sum() == 2
    assert set(got["status"]) == {"active"}


def test_recurly_invoices(export: Export) -> None:
    path = export("fivetran_recurly_invoice_history_data")
    raw = pd.read_csv(path)
    got = fed(path)["invoices"].accepted.to_pandas()
    assert got["amount"].sum() == pytest.approx((raw["total"] - raw["tax"]).sum()) == pytest.approx(302.0)
    assert set(got["status"]) == {"paid"}
    assert got["kind"].isna().all()  # "legacy" says nothing


def test_stripe_invoices_are_in_cents_and_test_ones_stay_out(export: Export) -> None:
    path = export("fivetran_stripe_invoice_data")
    raw = pd.read_csv(path)
    live = raw[raw["livemode"]]
    got = fed(path)["invoices"].accepted.to_pandas()
    assert got["amount"].tolist() == [(live["total"] - live["tax"]).iloc[0] / 100] == [10.0]
    assert got["invoice_id"].tolist() == live["invoice_id"].tolist()


def test_salesforce_and_zendesk_leave_deleted_rows_out(export: Export) -> None:
    accounts = pd.read_csv(export("fivetran_salesforce_sf_account_data"))
    kept = accounts[~accounts["is_deleted"]]
    got = fed(export("fivetran_salesforce_sf_account_data"))["accounts"].accepted.to_pandas()
    assert got["account_id"].tolist() == kept["id"].tolist()
    tickets = pd.read_csv(export("fivetran_zendesk_ticket_data"), dtype=str)
    got = fed(export("fivetran_zendesk_ticket_data"))["contacts"].accepted.to_pandas()
    assert sorted(got["contact_id"]) == sorted(tickets.loc[tickets["status"] != "deleted", "id"])
    assert got["account_id"].notna().sum() == 7  # one ticket names no organisation
    assert set(got["status"]) == {"solved"}


def test_intercom_conversations_newest_row_and_no_invented_reply(export: Export) -> None:
    path = export("fivetran_intercom_conversation_history_data")
    raw = pd.read_csv(path, parse_dates=["updated_at"])
    newest = raw.sort_values("updated_at").groupby("id").tail(1)
    got = fed(path)["contacts"].accepted.to_pandas()
    assert sorted(got["contact_id"]) == sorted(newest["id"].astype(str))
    assert set(newest["state"]) == {"closed"}
    assert set(got["status"]) == {"solved"}
    assert "first_response_at" not in got  # the file holds the customer's first message, not the team's


def test_hubspot_ticket_closed_before_it_was_created_is_set_aside(export: Export) -> None:
    raw = pd.read_csv(
        export("fivetran_hubspot_ticket_data"), parse_dates=["property_createdate", "property_closed_date"]
    )
    wrong = raw[raw["property_closed_date"] < raw["property_createdate"]]
    tickets = fed(export("fivetran_hubspot_ticket_data"))["contacts"]
    assert tickets.rejected.column("id").to_pylist() == wrong["id"].astype(str).tolist()


def test_recharge_says_why_its_rows_stay_out(export: Export) -> None:
    rows = fed(export("fivetran_recharge_subscription_data"))["subscriptions"]
    problems = {problem.problem for problem in rows.checked.problems if problem.severity == "rejected"}
    assert problems == {"not_whole_months"}


def test_zendesk_tickets_of_a_real_desk(export: Export) -> None:
    path = export("zendesk_tickets_AnaMaria779")
    raw = pd.read_csv(path, parse_dates=["Created Date", "Resolved Date"])
    got = fed(path)["contacts"].accepted.to_pandas()
    assert got["solved_at"].notna().sum() == raw["Resolved Date"].notna().sum()
    hours = (got["solved_at"] - got["opened_at"]).dt.total_seconds() / 3600
    assert hours.sum() == pytest.approx(raw["Resolution Time (hours)"].sum())
    replied = (got["first_response_at"] - got["opened_at"]).dt.total_seconds() / 3600
    assert replied.sum() == pytest.approx(raw["Response Time (hours)"].sum())


def test_through_the_terminal(terminal: Terminal, export: Export) -> None:
    names = ("fivetran_recurly_account_history_data", "fivetran_recurly_subscription_history_data")
    reports = terminal.run("import", *(str(export(name)) for name in names))
    assert {report["table"]: report["rows_accepted"] for report in reports} == {"accounts": 4, "subscriptions": 4}
    assert terminal.value("mrr", "2019-02") == pytest.approx(99 + 5596)


def test_files_never_seen(real_data: Callable[[str], Path]) -> None:
    """Loyalty accounts and memberships with Portuguese headers; what no table holds is refused."""
    clients = pd.read_csv(real_data("ptbr_crm/clientes.csv"))
    accounts = fed(real_data("ptbr_crm/clientes.csv"))["accounts"].accepted
    assert accounts.num_rows == len(clients)
    moves = pd.read_csv(real_data("ptbr_crm/transacoes.csv"))
    invoices = fed(real_data("ptbr_crm/transacoes.csv"))["invoices"].accepted
    assert invoices.num_rows == len(moves)
    assert pc.sum(invoices["amount"]).as_py() == pytest.approx(moves["valor"].sum())
    assert fed(real_data("teomewhy/clientes.csv"))["accounts"].accepted.num_rows == 4593
    for name in ("ptbr_crm/campanhas.csv", "teomewhy/produtos.csv"):
        with pytest.raises(DataProblem) as refusal:
            prepare(inspect(real_data(name)))
        assert refusal.value.id == "not_recognised"
