"""Real exports brought in the way a person does it: uploaded on the page, questions answered, one button.

The answers are those of the terminal's tests. Skipped where the files are absent.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.store import Store
from tests.acceptance.conftest import Terminal
from tests.pages.conftest import ROOT, words

Find = Callable[[str], Path]
pytestmark = pytest.mark.slow


class Page:
    """The import page in a home; files go to a new workspace that a terminal reads afterwards."""

    def __init__(self, home: Path, terminal: Terminal, start: str) -> None:
        self.store = Store(home, None)
        self.terminal = terminal
        self.at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
        self.at.query_params["lang"] = "en"
        self.at.query_params["workspace"] = start
        self.at.run()
        self.at.switch_page("pages/start/import_page.py")
        self.run()

    def run(self) -> None:
        """Run the page; it never ends with an error."""
        self.at.run()
        assert not self.at.exception

    def upload(self, *files: Path) -> None:
        """Choose files, and a new workspace with the name the terminal has."""
        self.at.file_uploader[0].set_value([(file.name, file.read_bytes(), "text/csv") for file in files])
        self.run()
        self.at.selectbox("import_where").set_value("")
        self.run()
        self.at.text_input("import_name").set_value(self.terminal.workspace)
        self.run()

    def box(self, part: str) -> Any:
        """The one select box whose key holds a text."""
        (found,) = [one for one in self.at.selectbox if one.key and part in one.key]
        return found

    def look_at(self, name: str) -> None:
        """Show one of several files."""
        self.box("import_piece").set_value(name)
        self.run()

    def feed(self, *tables: str) -> None:
        """Choose the tables that the file on screen feeds."""
        (box,) = [one for one in self.at.multiselect if one.key and one.key.startswith("import_tables_")]
        box.set_value(list(tables))
        self.run()

    def give_mapping(self, mapping: dict[str, Any]) -> None:
        """Use a mapping file for the file on screen."""
        (place,) = [one for one in self.at.file_uploader if one.key and one.key.startswith("import_mapping_given_")]
        place.set_value(("mapping.json", json.dumps(mapping).encode(), "application/json"))
        self.run()

    @property
    def promise(self) -> str:
        """What the button says it would do."""
        return self.at.button("import_bring_in").label

    def bring_in(self) -> str:
        """Press the button; what the page says then."""
        assert not self.at.button("import_bring_in").disabled, words(self.at)
        self.at.button("import_bring_in").click()
        self.run()
        return words(self.at)

    def rows(self) -> dict[str, int]:
        """Rows in the new workspace, by table."""
        made = self.store.find_workspace(self.terminal.workspace)
        assert made is not None
        return {table: rows for table, rows in self.store.rows(made.id).items() if rows}

    def problems(self) -> list[str]:
        """The rows of the page's own table of problems, as texts."""
        tables = [frame.value for frame in self.at.dataframe if "Line numbers" in frame.value]
        return [f"{row['What happens']}: {row['Problem']} ×{row['Rows']}" for t in tables for _, row in t.iterrows()]


@pytest.fixture(scope="module")
def start(home: Path) -> str:
    """An empty workspace to open the page in, so that no sample has to be made."""
    return Store(home, None).create_workspace("Through the page").id


@pytest.fixture
def page(home: Path, terminal: Terminal, start: str) -> Iterator[Page]:
    """The page, open."""
    old = os.getcwd()
    os.chdir(ROOT)
    yield Page(home, terminal, start)
    os.chdir(old)


def telco_mapping() -> dict[str, Any]:
    """Months with the company say when each began; the mark says who left on 15 January 2020."""
    january = pd.Period("2020-01", "M")
    starts = {str(tenure): str((january - (tenure + 1)).start_time.date()) for tenure in range(73)}
    subscriptions = {
        "columns": {
            "subscription_id": "customerID",
            "account_id": "customerID",
            "started_on": {"from": "tenure", "values": starts},
            "ended_on": {"from": "Churn", "values": {"Yes": "2020-01-15", "No": None}},
            "amount": "MonthlyCharges",
        },
        "constants": {"billing_months": 1},
    }
    accounts = {"columns": {"account_id": "customerID", "segment": "Contract"}}
    return {"tables": {"accounts": accounts, "subscriptions": subscriptions}}


def test_telco_as_a_snapshot_is_a_list_of_accounts(page: Page, real_data: Find) -> None:
    """No column has a date: accounts come in, and the page says what a file without dates cannot tell."""
    page.upload(real_data("telco/Telco-Customer-Churn.csv"))
    assert page.promise == "Bring in 7,043 rows"
    assert "7,043 rows are in" in page.bring_in()
    assert page.rows() == {"accounts": 7043}


def test_telco_as_a_snapshot_of_the_month_that_is_given(page: Page, real_data: Find) -> None:
    """The month is answered on the page; those who left pay nothing that month."""
    page.upload(real_data("telco/Telco-Customer-Churn.csv"))
    (question,) = [one for one in page.at.radio if one.key and "_monthly_snapshot_month_" in one.key]
    question.set_value("$answer")
    page.run()
    page.box("_monthly_snapshot_month_").set_value("2020-01")
    page.run()
    page.bring_in()
    assert page.rows() == {"accounts": 7043, "monthly": 7043 - 1869}
    assert page.terminal.value("mrr", "2020-01", "month", "--as-of", "2020-01-31") == pytest.approx(316_985.75)


def test_telco_with_dates_by_a_mapping_file(page: Page, real_data: Find) -> None:
    page.upload(real_data("telco/Telco-Customer-Churn.csv"))
    page.give_mapping(telco_mapping())
    page.bring_in()
    assert page.rows() == {"accounts": 7043, "subscriptions": 7043}
    terminal, day = page.terminal, ("month", "--as-of", "2020-01-31")
    row = terminal.row("logo_churn", "2020-01", *day)
    assert (row["numerator"], row["denominator"]) == (1869, 7043)
    assert row["value"] == pytest.approx(0.265370, abs=5e-7)
    assert terminal.value("revenue_churn", "2020-01", *day) == pytest.approx(0.305034, abs=5e-7)
    assert terminal.value("mrr", "2020-01", *day) == pytest.approx(316_985.75)
    by = terminal.run(
        *("kpis", "--kpi", "logo_churn", "--from", "2020-01", "--to", "2020-01", "--as-of", "2020-01-31"),
        *("--by", "segment"),
    )
    expected = {"Month-to-month": 0.427097, "One year": 0.112695, "Two year": 0.028319}
    found = {one["by"]["segment"]: one["value"] for one in by if one["by"]["segment"]}
    assert found == {name: pytest.approx(value, abs=5e-7) for name, value in expected.items()}


def test_call_centre_needs_no_hand(page: Page, real_data: Find) -> None:
    """5,000 calls and the 4,054 scores that were given; a call nobody answered has no score and no time."""
    page.upload(real_data("callcenter_pwc/call_center_pwc.csv"))
    page.bring_in()
    assert page.rows() == {"contacts": 5000, "surveys": 4054}
    terminal = page.terminal
    row = terminal.row("abandonment", "2021", "year")
    assert (row["numerator"], row["denominator"]) == (946, 5000)
    assert terminal.value("aht", "2021", "year") == pytest.approx(224.9228, abs=5e-5)
    assert terminal.value("wait_time", "2021", "year") == pytest.approx(67.5207, abs=5e-5)
    row = terminal.row("csat", "2021", "year")
    assert (row["n"], row["value"]) == (4054, pytest.approx(0.499013, abs=5e-7))


def test_daily_totals_are_numbered_from_the_day_that_is_given(page: Page, real_data: Find) -> None:
    page.upload(real_data("callcenter_daily/call_center_daily.csv"))
    assert page.at.button("import_bring_in").disabled, "nothing is brought in before the first day is known"
    page.at.date_input[0].set_value(date(2020, 1, 1))
    page.run()
    page.bring_in()
    assert page.rows() == {"contact_totals": 1251}
    rows = page.terminal.run("kpis", "--kpi", "abandonment", "--grain", "year")
    offered, abandoned = sum(r["denominator"] for r in rows), sum(r["numerator"] for r in rows)
    assert (offered, abandoned) == (248_373, 27_139)
    assert abandoned / offered == pytest.approx(0.109267, abs=5e-7)


def cdnow_answers(page: Page) -> None:
    assert page.rows() == {"invoices": 6919}
    rows = page.terminal.run("kpis", "--kpi", "average_ticket", "--grain", "year")
    invoiced, count = sum(r["numerator"] for r in rows), sum(r["denominator"] for r in rows)
    assert (invoiced, count) == (pytest.approx(244_091.94), 6919)
    assert invoiced / count == pytest.approx(35.2785, abs=5e-5)


def test_fixed_width_purchases_by_a_mapping_file(page: Page, real_data: Find) -> None:
    columns = {
        "invoice_id": {"row_number_from": "order-"},
        "account_id": "column_2",
        "issued_on": "column_3",
        "amount": "column_5",
    }
    page.upload(real_data("cdnow/CDNOW_sample.txt"))
    page.feed("invoices")
    page.give_mapping({"tables": {"invoices": {"columns": columns}}})
    page.bring_in()
    cdnow_answers(page)


def test_fixed_width_purchases_by_hand(page: Page, real_data: Find) -> None:
    """A file without headers says nothing about itself: the table is chosen, then the columns are asked for."""
    page.upload(real_data("cdnow/CDNOW_sample.txt"))
    assert page.at.button("import_bring_in").disabled
    page.feed("invoices")
    for column, header in (("account_id", "column_2"), ("issued_on", "column_3"), ("amount", "column_5")):
        if any(one.key and one.key.endswith(f"invoices.{column}") for one in page.at.selectbox):
            page.box(f"invoices.{column}").set_value(header)
            page.run()
    page.box("invoices.invoice_id").set_value("column_1")
    page.run()
    assert page.promise == "Bring in 2,357 rows", "a customer's number is no invoice's: the same one twice is set aside"
    assert page.problems()[0] == "set aside; fix it: Same key twice ×4562"


def test_ravenstack_five_files_at_once(page: Page, real_data: Find) -> None:
    """Usage finds its accounts through the subscriptions, and three ideas of churn are put side by side."""
    names = ["accounts", "subscriptions", "feature_usage", "support_tickets", "churn_events"]
    page.upload(*(real_data(f"ravenstack/ravenstack_{name}.csv") for name in names))
    before = words(page.at)
    assert page.promise == "Bring in 33,100 rows"
    for number in ("352", "110"):
        assert number in before, "the churn events, marks and ends that disagree are said before the commit"
    page.bring_in()
    assert page.rows() == {
        "accounts": 500,
        "subscriptions": 5000,
        "usage": 25_000,
        "contacts": 2000,
        "surveys": 1175,
        "churn_events": 600,
    }
    terminal = page.terminal
    figures = {"mrr": 10_159_608, "new_mrr": 496_667, "contraction_mrr": 162_984, "churned_mrr": 0}
    for kpi, expected in figures.items():
        assert terminal.value(kpi, "2024-12") == pytest.approx(expected), kpi
    assert terminal.value("mrr", "2024-11") == pytest.approx(8_460_824)
    expansion = sum(terminal.value(k, "2024-12") or 0 for k in ("upsell", "cross_sell", "price_uplift"))
    assert expansion == pytest.approx(1_365_101)
    assert terminal.row("csat", "2023", "year")["n"] + terminal.row("csat", "2024", "year")["n"] == 1175


def test_portuguese_customers_and_purchases(page: Page, real_data: Find) -> None:
    """Two files come in; the list of campaigns stays out and the page says so."""
    names = ["clientes", "transacoes", "campanhas"]
    page.upload(*(real_data(f"ptbr_crm/{name}.csv") for name in names))
    said = words(page.at)
    assert "1 table stays out" in said
    assert page.promise == "Bring in 23,188 rows"
    page.bring_in()
    assert page.rows() == {"accounts": 500, "invoices": 22_688}
    raw = pd.read_csv(real_data("ptbr_crm/transacoes.csv"))
    rows = page.terminal.run("kpis", "--kpi", "average_ticket", "--grain", "year")
    assert sum(one["numerator"] for one in rows) == pytest.approx(raw["valor"].sum()), "refunds are taken off"
    assert sum(one["denominator"] for one in rows) == (raw["tipo"] != "reembolso").sum()


def test_loyalty_accounts(page: Page, real_data: Find) -> None:
    """4,593 people come in; a list of products is no table of a company's customers."""
    page.upload(real_data("teomewhy/clientes.csv"), real_data("teomewhy/produtos.csv"))
    said = words(page.at)
    assert "1 table stays out" in said
    page.bring_in()
    assert page.rows() == {"accounts": 4593}
