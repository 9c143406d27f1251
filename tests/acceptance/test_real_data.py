"""Published answers on real exports, from the file to the number. Skipped where the files are absent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.importing import inspect, prepare
from data.problems import DataProblem
from kpis.survival import kaplan_meier
from tests.acceptance.conftest import Terminal

Find = Callable[[str], Path]


@pytest.fixture
def telco(real_data: Find) -> pd.DataFrame:
    """7,043 subscribers with dates: started (tenure + 1) months before January 2020, ended on the 15th."""
    raw = pd.read_csv(real_data("telco/Telco-Customer-Churn.csv"))
    january = pd.Period("2020-01", "M")
    return pd.DataFrame(
        {
            "subscription_id": raw["customerID"],
            "account_id": raw["customerID"],
            "started_on": [str((january - (tenure + 1)).start_time.date()) for tenure in raw["tenure"]],
            "ended_on": raw["Churn"].map({"Yes": "2020-01-15", "No": ""}),
            "amount": raw["MonthlyCharges"],
            "contract": raw["Contract"],
        }
    )


def test_telco_churn(terminal: Terminal, telco: pd.DataFrame) -> None:
    accounts = telco[["account_id", "contract"]].rename(columns={"contract": "segment"})
    end = [
        {
            "invoice_id": "X",
            "account_id": telco["account_id"][0],
            "issued_on": "2020-01-31",
            "amount": 1,
            "status": "void",
        }
    ]
    terminal.bring_in(subscriptions=telco.drop(columns="contract"), accounts=accounts, invoices=pd.DataFrame(end))
    row = terminal.row("logo_churn", "2020-01")
    assert (row["numerator"], row["denominator"]) == (1869, 7043)
    assert row["value"] == pytest.approx(0.265370, abs=5e-7)
    assert terminal.value("revenue_churn", "2020-01") == pytest.approx(0.305034, abs=5e-7)
    assert terminal.value("mrr", "2020-01") == pytest.approx(316_985.75)
    rows = terminal.run("kpis", "--kpi", "logo_churn", "--from", "2020-01", "--to", "2020-01", "--by", "segment")
    by = {r["by"]["segment"]: r["value"] for r in rows if r["by"]["segment"]}
    expected = {"Month-to-month": 0.427097, "One year": 0.112695, "Two year": 0.028319}
    assert by == {name: pytest.approx(value, abs=5e-7) for name, value in expected.items()}


def test_telco_survival_on_its_tenure_column(real_data: Find) -> None:
    raw = pd.read_csv(real_data("telco/Telco-Customer-Churn.csv"))
    curve = kaplan_meier(0 * raw["tenure"], raw["tenure"], raw["Churn"] == "Yes")
    assert [round(curve.at(months), 6) for months in (12, 24, 72)] == [0.843200, 0.788736, 0.592790]
    monthly = raw[raw["Contract"] == "Month-to-month"]
    assert kaplan_meier(0 * monthly["tenure"], monthly["tenure"], monthly["Churn"] == "Yes").median == 35


def test_call_centre(terminal: Terminal, real_data: Find, tmp_path: Path) -> None:
    file = real_data("callcenter_pwc/call_center_pwc.csv")
    mapping = {
        "tables": {
            "contacts": {
                "columns": {
                    "contact_id": "Call Id",
                    "opened_at": ["DATE", "Time"],
                    "category": "Topic",
                    "abandoned": {"from": "Answered (Y/N)", "values": {"N": True, "Y": False}},
                    "fixed": {"from": "Resolved", "values": {"Y": True, "N": False}},
                    "queue_seconds": "Speed of answer in seconds",
                    "handle_seconds": {"from": "AvgTalkDuration", "as": "duration"},
                },
                "constants": {"channel": "phone"},
            },
            "surveys": {
                "columns": {"response_id": "Call Id", "responded_at": ["DATE", "Time"], "score": "Satisfaction rating"},
                "constants": {"kind": "csat", "scale_min": 1, "scale_max": 5, "higher_is_better": True},
            },
        }
    }
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(mapping))
    reports = terminal.run("import", str(file), "--mapping", str(path))
    assert {r["table"]: r["rows_accepted"] for r in reports} == {"contacts": 5000, "surveys": 4054}
    row = terminal.row("abandonment", "2021", "year")
    assert (row["numerator"], row["denominator"]) == (946, 5000)
    assert terminal.value("aht", "2021", "year") == pytest.approx(224.9228, abs=5e-5)
    assert terminal.value("wait_time", "2021", "year") == pytest.approx(67.5207, abs=5e-5)
    row = terminal.row("csat", "2021", "year")
    assert row["n"] == 4054
    assert row["value"] == pytest.approx(0.499013, abs=5e-7)


def test_daily_call_totals(terminal: Terminal, real_data: Find, tmp_path: Path) -> None:
    mapping = {
        "tables": {
            "contact_totals": {
                "columns": {
                    "day": {"row_number_from": "2020-01-01"},
                    "offered": "Incoming Calls",
                    "handled": "Answered Calls",
                    "abandoned": "Abandoned Calls",
                }
            }
        }
    }
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(mapping))
    terminal.run("import", str(real_data("callcenter_daily/call_center_daily.csv")), "--mapping", str(path))
    rows = terminal.run("kpis", "--kpi", "abandonment", "--grain", "year")
    offered, abandoned = sum(r["denominator"] for r in rows), sum(r["numerator"] for r in rows)
    assert (offered, abandoned) == (248_373, 27_139)
    assert abandoned / offered == pytest.approx(0.109267, abs=5e-7)


def test_ravenstack(terminal: Terminal, real_data: Find) -> None:
    raw = pd.read_csv(real_data("ravenstack/ravenstack_subscriptions.csv"))
    subscriptions = pd.DataFrame(
        {
            "subscription_id": raw["subscription_id"],
            "account_id": raw["account_id"],
            "started_on": raw["start_date"],
            "ended_on": raw["end_date"],
            "amount": raw["mrr_amount"],
            "status": raw["is_trial"].map({True: "trial", False: "active"}),
        }
    )
    terminal.bring_in(subscriptions=subscriptions)
    figures = {
        "mrr": 10_159_608,
        "new_mrr": 496_667,
        "contraction_mrr": 162_984,
        "churned_mrr": 0,
    }
    for kpi, expected in figures.items():
        assert terminal.value(kpi, "2024-12") == pytest.approx(expected), kpi
    assert terminal.value("mrr", "2024-11") == pytest.approx(8_460_824)
    expansion = sum(terminal.value(k, "2024-12") or 0 for k in ("upsell", "cross_sell", "price_uplift"))
    assert expansion == pytest.approx(1_365_101)


def test_cdnow_average_ticket(terminal: Terminal, real_data: Find) -> None:
    names = ["id", "sample", "day", "quantity", "amount"]
    raw = pd.read_csv(real_data("cdnow/CDNOW_sample.txt"), sep=r"\s+", names=names, dtype={"id": str, "day": str})
    orders = pd.DataFrame(
        {
            "invoice_id": [f"O{i}" for i in range(len(raw))],
            "account_id": raw["id"],
            "issued_on": pd.to_datetime(raw["day"]).dt.date,
            "amount": raw["amount"],
        }
    )
    terminal.bring_in(invoices=orders)
    rows = terminal.run("kpis", "--kpi", "average_ticket", "--grain", "year")
    invoiced, count = sum(r["numerator"] for r in rows), sum(r["denominator"] for r in rows)
    assert (invoiced, count) == (pytest.approx(244_091.94), 6919)
    assert invoiced / count == pytest.approx(35.2785, abs=5e-5)


def bring(terminal: Terminal, file: Path, mapping: dict[str, Any], *options: str) -> list[dict[str, Any]]:
    """Import one file with a mapping."""
    path = terminal.folder / "mapping.json"
    path.write_text(json.dumps(mapping), encoding="utf-8")
    found: list[dict[str, Any]] = terminal.run("import", str(file), "--mapping", str(path), *options)
    return found


@pytest.mark.slow
def test_telco_as_it_is_by_a_mapping_file(terminal: Terminal, real_data: Find) -> None:
    """The file itself: months with the company say when each began, the mark says who left on 15 January 2020."""
    file = real_data("telco/Telco-Customer-Churn.csv")
    january = pd.Period("2020-01", "M")
    starts = {str(tenure): str((january - (tenure + 1)).start_time.date()) for tenure in range(73)}
    mapping = {
        "tables": {
            "accounts": {"columns": {"account_id": "customerID", "segment": "Contract"}},
            "subscriptions": {
                "columns": {
                    "subscription_id": "customerID",
                    "account_id": "customerID",
                    "started_on": {"from": "tenure", "values": starts},
                    "ended_on": {"from": "Churn", "values": {"Yes": "2020-01-15", "No": None}},
                    "amount": "MonthlyCharges",
                },
                "constants": {"billing_months": 1},
            },
        }
    }
    reports = bring(terminal, file, mapping)
    assert {r["table"]: (r["rows_accepted"], r["rows_rejected"]) for r in reports} == {
        "accounts": (7043, 0),
        "subscriptions": (7043, 0),
    }
    assert [p for r in reports for p in r["problems"] if p["severity"] in ("rejected", "warning")] == []
    row = terminal.row("logo_churn", "2020-01", "month", "--as-of", "2020-01-31")
    assert (row["numerator"], row["denominator"]) == (1869, 7043)
    assert terminal.value("revenue_churn", "2020-01", "month", "--as-of", "2020-01-31") == pytest.approx(
        0.305034, abs=5e-7
    )
    assert terminal.value("mrr", "2020-01", "month", "--as-of", "2020-01-31") == pytest.approx(316_985.75)


def test_telco_totals_with_blanks_stay_out_by_line(real_data: Find) -> None:
    """Eleven blank totals are missing, not 0; the others add up."""
    columns = {"metric": "Contract", "account_id": "customerID", "numerator": "TotalCharges"}
    body = {"columns": columns, "constants": {"observed_on": "2020-01-31"}}
    upload = inspect(real_data("telco/Telco-Customer-Churn.csv"))
    found = prepare(upload, {"tables": {"observations": body}})[0]
    assert sum(found.accepted["numerator"].to_pylist()) == pytest.approx(16_056_168.70)
    assert (found.accepted.num_rows, found.rejected.num_rows) == (7032, 11)
    raw = pd.read_csv(real_data("telco/Telco-Customer-Churn.csv"), dtype=str)
    blank = raw.index[raw["TotalCharges"].str.strip() == ""] + 2
    assert found.rejected["farol_row"].to_pylist() == list(blank)
    summed = {"tables": {"observations": {**body, "rows": [{"sum_by": ["Contract"], "sum": ["TotalCharges"]}]}}}
    groups = prepare(upload, summed)[0]
    assert groups.accepted.num_rows == 3
    assert sum(groups.accepted["numerator"].to_pylist()) == pytest.approx(16_056_168.70, abs=1e-6)
    gaps = [p for p in groups.checked.problems if p.problem == "summed_with_blanks"]
    assert [p.count for p in gaps] == [2]


def test_cdnow_as_it_is_fixed_width(terminal: Terminal, real_data: Find) -> None:
    mapping = {
        "tables": {
            "invoices": {
                "columns": {
                    "invoice_id": {"row_number_from": "order-"},
                    "account_id": "column_2",
                    "issued_on": "column_3",
                    "amount": "column_5",
                }
            }
        }
    }
    (report,) = bring(terminal, real_data("cdnow/CDNOW_sample.txt"), mapping)
    assert (report["rows_read"], report["rows_accepted"], report["rows_rejected"]) == (6919, 6919, 0)
    rows = terminal.run("kpis", "--kpi", "average_ticket", "--grain", "year")
    invoiced, count = sum(r["numerator"] for r in rows), sum(r["denominator"] for r in rows)
    assert (invoiced, count) == (pytest.approx(244_091.94), 6919)
    assert invoiced / count == pytest.approx(35.2785, abs=5e-5)


def test_cdnow_one_row_for_each_customer(real_data: Find) -> None:
    """Purchases summed by customer: 2,357 rows that hold the same money."""
    columns = {"account_id": "column_2", "metric": "column_2", "numerator": "column_5", "observed_on": "column_3"}
    body = {"rows": [{"sum_by": ["column_2"], "sum": ["column_5"]}], "columns": columns}
    found = prepare(inspect(real_data("cdnow/CDNOW_sample.txt")), {"tables": {"observations": body}})[0]
    assert found.accepted.num_rows == 2357
    assert found.checked.rows_merged == 6919 - 2357
    assert sum(found.accepted["numerator"].to_pylist()) == pytest.approx(244_091.94, abs=1e-6)


def test_ravenstack_all_files_in_one_go_without_a_mapping(terminal: Terminal, real_data: Find) -> None:
    """Usage finds its accounts through the subscriptions of the same import, and the ideas of churn are compared."""
    names = ["feature_usage", "support_tickets", "churn_events", "subscriptions", "accounts"]
    files = [str(real_data(f"ravenstack/ravenstack_{name}.csv")) for name in names]
    reports = terminal.run("import", *files)
    found = {r["table"]: (r["rows_read"], r["rows_accepted"], r["rows_rejected"]) for r in reports}
    assert found == {
        "usage": (25_000, 25_000, 0),
        "contacts": (2000, 2000, 0),
        "surveys": (2000, 1175, 0),
        "churn_events": (600, 600, 0),
        "subscriptions": (5000, 5000, 0),
        "accounts": (500, 500, 0),
    }
    warnings = [p for r in reports for p in r["problems"] if p["severity"] in ("rejected", "warning")]
    assert [p["problem"] for p in warnings] == ["churn_disagrees"]
    assert warnings[0]["params"] == {"subscriptions": 0, "events": 352, "marks": 110, "agree": 0}
    row = terminal.row("csat", "2024", "year")
    before = terminal.row("csat", "2023", "year")
    assert row["n"] + before["n"] == 1175
    assert terminal.value("mrr", "2024-12") == pytest.approx(10_159_608)
    assert terminal.value("mrr", "2024-11") == pytest.approx(8_460_824)


def test_portuguese_exports(terminal: Terminal, real_data: Find) -> None:
    """Semicolons, decimals and Portuguese headers; a list of products or campaigns is refused with a reason."""
    reports = terminal.run("import", str(real_data("ptbr_crm/clientes.csv")), str(real_data("ptbr_crm/transacoes.csv")))
    assert {r["table"]: (r["rows_read"], r["rows_accepted"]) for r in reports} == {
        "accounts": (500, 500),
        "invoices": (22_688, 22_688),
    }
    raw = pd.read_csv(real_data("ptbr_crm/transacoes.csv"))
    upload = inspect(real_data("ptbr_crm/transacoes.csv"))
    assert sum(prepare(upload)[0].accepted["amount"].to_pylist()) == pytest.approx(raw["valor"].sum(), abs=1e-6)
    people = prepare(inspect(real_data("teomewhy/clientes.csv")))[0]
    assert (people.table, people.accepted.num_rows, people.rejected.num_rows) == ("accounts", 4593, 0)
    for name in ("ptbr_crm/campanhas.csv", "teomewhy/produtos.csv"):
        with pytest.raises(DataProblem):
            prepare(inspect(real_data(name)))
