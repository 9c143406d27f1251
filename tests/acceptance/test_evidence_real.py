"""What the evidence says on real exports, through the terminal. Skipped where the files are absent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import cli
from tests.acceptance.conftest import Terminal

Find = Callable[[str], Path]
FIELDS = {
    *("leading", "lagging", "level", "grade", "tag", "lead_months", "visible_from", "low", "high", "p", "q"),
    *("detectable", "sentence", "warnings"),
}
RAVENSTACK = ("accounts", "churn_events", "feature_usage", "subscriptions", "support_tickets")


def graded(terminal: Terminal, *words: str) -> list[dict[str, Any]]:
    """The records of `evidence --json`, their fields checked against the contract."""
    found: list[dict[str, Any]] = terminal.run("evidence", *words)
    for one in found:
        account = one["level"] == "account"
        assert set(one) == FIELDS | ({"auc", "n_events"} if account else {"r", "n_months"})
        assert one["grade"] in ("strong", "likely", "weak", "no_sign", "not_enough_data")
        assert one["sentence"]
    return found


@pytest.mark.slow
def test_ravenstack_shows_nothing_above_weak(terminal: Terminal, real_data: Find) -> None:
    files = [str(real_data(f"ravenstack/ravenstack_{name}.csv")) for name in RAVENSTACK]
    terminal.run("import", *files)
    found = graded(terminal, "--all")
    assert any(one["lagging"] == "logo_churn" and one["level"] == "account" for one in found)
    assert {one["grade"] for one in found} <= {"weak", "no_sign", "not_enough_data"}


def test_a_snapshot_of_subscribers_is_refused_with_the_reason(terminal: Terminal, real_data: Find) -> None:
    raw = pd.read_csv(real_data("telco/Telco-Customer-Churn.csv")).head(800)
    january = pd.Period("2020-01", "M")
    subscriptions = pd.DataFrame(
        {
            "subscription_id": raw["customerID"],
            "account_id": raw["customerID"],
            "started_on": [str((january - (tenure + 1)).start_time.date()) for tenure in raw["tenure"]],
            "ended_on": raw["Churn"].map({"Yes": "2020-01-15", "No": ""}),
            "amount": raw["MonthlyCharges"],
        }
    )
    surveys = pd.DataFrame(
        {
            "response_id": raw["customerID"],
            "account_id": raw["customerID"],
            "responded_at": "2020-01-31",
            "kind": "csat",
            "score": np.where(raw["TechSupport"] == "Yes", 5, 3),
            "scale_min": 1,
            "scale_max": 5,
        }
    )
    terminal.bring_in(
        subscriptions=subscriptions, accounts=raw[["customerID"]].rename(columns={"customerID": "account_id"})
    )
    terminal.bring_in(surveys=surveys)
    found = [one for one in graded(terminal, "--all", "--outcome", "churn") if one["level"] == "account"]
    csat = next(one for one in found if one["leading"] == "csat")
    assert csat["grade"] == "not_enough_data"
    assert csat["lead_months"] is None
    assert csat["warnings"] == ["snapshot"]
    assert "no history" in csat["sentence"]
    assert {one["grade"] for one in found} == {"not_enough_data"}


def transfer_function(months: int, lead: int, seed: int) -> pd.DataFrame:
    """Sales after their leading indicator, built as Box and Jenkins describe their series M.

    Both are integrated moving averages; the change of sales is ω B³ ÷ (1 − δB) of the change of the indicator
    plus noise of its own: ω = 4.82, δ = 0.72 (Box, Jenkins and Reinsel, *Time Series Analysis*, chapter 12).
    """
    random = np.random.default_rng(seed)
    noise = random.normal(0, 0.28, months + 1)
    moved = noise[1:] - 0.45 * noise[:-1]  # the indicator's changes
    own = random.normal(0, 0.22, months + 1)
    sales = np.zeros(months)
    for month in range(months):
        before = 0.72 * sales[month - 1] if month else 0.0
        sales[month] = before + (4.82 * moved[month - lead] if month >= lead else 0.0)
    changes = sales + own[1:] - 0.54 * own[:-1]
    first = pd.Period("2010-01", "M")
    return pd.DataFrame(
        {
            "month": [str(first + month) for month in range(months)],
            "indicator": np.round(10 + np.cumsum(moved), 3),
            "sales": np.round(200 + np.cumsum(changes), 3),
        }
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sales_after_their_leading_indicator(terminal: Terminal, tmp_path: Path, seed: int) -> None:
    file = tmp_path / "sales.csv"
    transfer_function(150, 3, seed).to_csv(file, index=False)
    words = ["lead-lag", str(file), "--leading", "indicator", "--lagging", "sales", "--month", "month", "--json"]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["level"], found["tag"], found["lead_months"], found["grade"]) == ("series", "leads", 3, "strong")
    assert found["r"] > 0.4
    back = CliRunner().invoke(cli.app, [*words[:2], "--leading", "sales", "--lagging", "indicator", *words[6:]])
    told = json.loads(back.stdout)
    assert told["tag"] != "leads"
    assert told["lead_months"] is None
