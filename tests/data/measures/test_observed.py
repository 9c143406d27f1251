"""Metrics of the company's own: by hand on both engines, against plain pandas, and down to the rows."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.drill import evidence_rows
from data.facts import connect
from data.measures import observed
from data.panel import build_panel
from tests.data.engines import both, facts

ACCOUNTS = [{"account_id": "a"}, {"account_id": "b"}]
PARTS = ("", "_upper", "_of", "_rows", "_last", "_accounts")


def row(metric: str, day: date, upper: float, lower: float | None = None, account: str | None = None) -> dict[str, Any]:
    return {"metric": metric, "observed_on": day, "numerator": upper, "denominator": lower, "account_id": account}


ROWS = {
    "accounts": ACCOUNTS,
    "observations": [
        row("done", date(2024, 1, 5), 2.5, 4.0, "a"),
        row("done", date(2024, 1, 9), 1.5, None, "a"),
        row("done", date(2024, 1, 9), -1.0, 2.0, "a"),
        row("done", date(2024, 3, 5), 0.0, 1.0, "b"),
        row("done", date(2024, 3, 6), 1e300, 1.0, "b"),  # no number of a business
        row("Reviews of $", date(2024, 2, 5), 7.0),
        row("not asked for", date(2024, 2, 5), 9.0, None, "a"),
    ],
}


def test_by_hand() -> None:
    """Two ratios and a plain value in January: only the ratios are in the upper and lower sums; no row is no value."""
    family = observed.family(["done", "Reviews of $"])
    found = both(ROWS, families=(family,))

    def of(account: str, month: str, name: str = "observed_done") -> list[float | None]:
        return [found[account, month][name + part] for part in PARTS]

    assert of("a", "2024-01") == [3.0, 1.5, 6.0, 3, -1.0, 1]
    assert of("a", "2024-02") == [None] * 6
    assert of("b", "2024-03") == [0.0, 0.0, 1.0, 1, 0.0, 1]
    assert of("", "2024-02", observed.measure_of("Reviews of $")) == [7.0, None, None, 1, 7.0, 1]
    assert of("", "2024-01") == [None] * 6
    quarter = both(ROWS, "quarter", families=(family,))["a", "2024-Q1"]
    assert (quarter["observed_done"], quarter["observed_done_last"]) == (3.0, -1.0)


def test_metrics_are_listed_with_what_is_not_read() -> None:
    found = observed.metrics(facts(ROWS))
    assert [(one.name, one.rows, one.lower, one.owned, one.too_large) for one in found] == [
        ("done", 5, 4, 5, 1),
        ("Reviews of $", 1, 0, 0, 0),
        ("not asked for", 1, 0, 1, 0),
    ]
    assert observed.metrics(facts({"accounts": ACCOUNTS})) == ()
    many = [row(f"m{number}", date(2024, 1, 1), 1.0) for number in range(60)]
    assert len(observed.metrics(facts({"observations": many}))) == observed.MOST + 1


@given(
    st.lists(
        st.text(min_size=1, max_size=12) | st.sampled_from(["x", "X", "x_of", "x of", "x-of", "x_last"]), max_size=8
    )
)
@settings(max_examples=100, deadline=None)
def test_no_two_metrics_share_a_measure(names: list[str]) -> None:
    wanted = set(names)
    measures = [measure.name for name in wanted for measure in observed.family([name]).measures]
    assert len(measures) == len(set(measures)) == 6 * len(wanted)
    assert all(name.isascii() and name.replace("_", "a").isalnum() and name.islower() for name in measures)


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_same_as_plain_pandas(grain: str) -> None:
    random = Random(7)
    listed = [
        row(
            random.choice("xy"),
            date(2024, 1, 1) + timedelta(random.randrange(300)),
            random.randrange(-3000, 3000) / 1000,
            random.choice([None, 0.0, 3.0, 9.0]),
            random.choice(["a", "b", None]),
        )
        for _ in range(150)
    ]
    frame = pd.DataFrame(listed).assign(
        period=lambda f: pd.to_datetime(f["observed_on"]).dt.to_period(grain[0].upper())
    )
    frame["account_id"] = frame["account_id"].fillna("")
    panel = build_panel(
        facts({"accounts": ACCOUNTS, "observations": listed}), grain, None, None, [observed.family(["x", "y"])]
    )
    seen = panel.frame.astype({"account_id": str, "period": str}).set_index(["account_id", "period"])
    known = 0
    for (metric, account, period), block in frame.groupby(["metric", "account_id", "period"]):
        id = str(period) if grain == "month" else f"{period.year}-Q{period.quarter}"
        found = seen.loc[account, id]
        assert found[f"observed_{metric}"] == pytest.approx(block["numerator"].sum(), abs=1e-9)
        assert found[f"observed_{metric}_rows"] == len(block)
        ratios = block[block["denominator"].notna()]
        for part, column in (("_upper", "numerator"), ("_of", "denominator")):
            value = found[f"observed_{metric}{part}"]
            assert pd.isna(value) if ratios.empty else value == pytest.approx(ratios[column].sum(), abs=1e-9)
        latest = block.sort_values("observed_on", kind="stable")["numerator"].iloc[-1]
        assert found[f"observed_{metric}_last"] == pytest.approx(latest, abs=1e-9)
        known += 1
    assert seen[["observed_x_rows", "observed_y_rows"]].notna().to_numpy().sum() == known


def test_the_rows_behind_sum_to_the_measure() -> None:
    given_facts = facts(ROWS)
    panel = build_panel(given_facts, "month", families=[observed.family(["done"])])
    period = panel.periods[0]
    frame = panel.frame[panel.frame["period"].astype(str) == period.id]
    for part in PARTS:
        measure = f"observed_done{part}"
        with connect(given_facts) as cursor:
            listed = evidence_rows(cursor, measure, period, as_of=panel.as_of, metrics={measure: "done"})
        assert listed["contribution"].sum() == pytest.approx(float(frame[measure].sum()))
        assert set(listed["table"]) == {"observations"}
