"""Real exports through the terminal with no mapping at all. Skipped where the files are absent."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Terminal

Find = Callable[[str], Path]
pytestmark = pytest.mark.slow


def test_call_centre_without_a_mapping(terminal: Terminal, real_data: Find) -> None:
    """Blank scores of calls nobody answered stay missing: the mean is 3.4036 on 4,054, never 3.33 on 5,000."""
    reports = terminal.run("import", str(real_data("callcenter_pwc/call_center_pwc.csv")))
    assert {r["table"]: r["rows_accepted"] for r in reports} == {"contacts": 5000, "surveys": 4054}
    row = terminal.row("abandonment", "2021", "year")
    assert (row["numerator"], row["denominator"]) == (946, 5000)
    assert terminal.value("aht", "2021", "year") == pytest.approx(224.9228, abs=5e-5)
    assert terminal.value("wait_time", "2021", "year") == pytest.approx(67.5207, abs=5e-5)
    row = terminal.row("csat", "2021", "year")
    assert (row["n"], row["value"]) == (4054, pytest.approx(0.499013, abs=5e-7))


def test_ravenstack_movements_from_the_five_files(terminal: Terminal, real_data: Find) -> None:
    names = ["accounts", "subscriptions", "feature_usage", "support_tickets", "churn_events"]
    terminal.run("import", *(str(real_data(f"ravenstack/ravenstack_{name}.csv")) for name in names))
    figures = {"mrr": 10_159_608, "new_mrr": 496_667, "contraction_mrr": 162_984, "churned_mrr": 0}
    for kpi, expected in figures.items():
        assert terminal.value(kpi, "2024-12") == pytest.approx(expected), kpi
    assert terminal.value("mrr", "2024-11") == pytest.approx(8_460_824)
    expansion = sum(terminal.value(kpi, "2024-12") or 0 for kpi in ("upsell", "cross_sell", "price_uplift"))
    assert expansion == pytest.approx(1_365_101)


def test_loyalty_accounts(terminal: Terminal, real_data: Find) -> None:
    (report,) = terminal.run("import", str(real_data("teomewhy/clientes.csv")))
    assert (report["table"], report["rows_read"], report["rows_accepted"], report["rows_rejected"]) == (
        *("accounts", 4593, 4593, 0),
    )


def test_portuguese_purchases_add_up(terminal: Terminal, real_data: Find) -> None:
    """Refunds are negative: what was billed is the sum of the file, on as many invoices as are no refund."""
    file = real_data("ptbr_crm/transacoes.csv")
    (report,) = terminal.run("import", str(file))
    raw = pd.read_csv(file)
    assert report["rows_accepted"] == len(raw)
    rows = terminal.run("kpis", "--kpi", "average_ticket", "--grain", "year")
    assert sum(one["numerator"] for one in rows) == pytest.approx(raw["valor"].sum())
    assert sum(one["denominator"] for one in rows) == (raw["tipo"] != "reembolso").sum()


@pytest.mark.parametrize("name", ["ptbr_crm/campanhas.csv", "teomewhy/produtos.csv"])
def test_lists_of_something_else_are_refused_in_words(terminal: Terminal, real_data: Find, name: str) -> None:
    import cli

    file = real_data(name)
    result = CliRunner().invoke(cli.app, ["import", str(file), "--workspace", terminal.workspace])
    assert result.exit_code != 0
    said = result.output
    assert file.name in said
    assert "Traceback" not in said
