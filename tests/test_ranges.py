"""Likely ranges of what is made of accounts: from raw rows, under filters, by segment and by KPI."""

from math import hypot, isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import data.sample
from data.store import Batch, Store
from kpis.over_accounts import FEWEST_ACCOUNTS
from workspace.numbers import Workspace
from workspace.ranges import with_ranges

MONTH = "2025-10"
Z = 1.959963984540054


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The sample company, smaller."""
    return data.sample.generate(90, 26)


@pytest.fixture(scope="module")
def space(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that holds its accounts, subscriptions, contacts and surveys."""
    store = Store(tmp_path_factory.mktemp("home"), None)
    info = store.create_workspace("sample")
    wanted = ("accounts", "subscriptions", "contacts", "surveys", "costs")
    batches = [Batch(name, data.sample.as_arrow(name, tables[name]), source_name=name) for name in wanted]
    store.commit(info.id, batches, expected_version=0)
    return Workspace(store, info.id)


def at(space: Workspace, key: str, period: str = MONTH, **how: object) -> pd.Series:
    """The row of one KPI and period."""
    where = how.get("where", {})
    found = with_ranges(space, space.table([key], where=where), where=where)  # type: ignore[arg-type]
    return found[found["period"].astype(str) == period].iloc[0]


def mrr(tables: dict[str, pd.DataFrame], day: str) -> pd.Series:
    """MRR by account on a day, in plain pandas."""
    rows, accounts = tables["subscriptions"], tables["accounts"]
    tests = accounts.loc[accounts["is_test"].fillna(False).astype(bool), "account_id"]
    held = rows["started_on"].le(day) & ~rows["ended_on"].le(day) & ~rows["status"].isin(["trial", "paused"])
    held &= ~rows["is_metered"].fillna(False).astype(bool) & ~rows["account_id"].isin(tests)
    off = rows["discount"].fillna(0).where(rows["discount_kind"].notna(), 0)
    paid = ((rows["amount"] - off).clip(lower=0) / rows["billing_months"])[held]
    found = paid.groupby(rows["account_id"][held]).sum()
    return found[found > 0]


def share(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """Wilson's interval of a share of amounts, written out."""
    p, n = y.sum() / x.sum(), len(y)
    rest = y - p * x
    variance = n / (n - 1) * (rest @ rest) / x.sum() ** 2
    n = min(x.sum() ** 2 / (x @ x), p * (1 - p) / variance)
    middle, half = p + Z**2 / (2 * n), Z * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return (middle - half) / (1 + Z**2 / n), (middle + half) / (1 + Z**2 / n)


def drawn(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """The studentised bootstrap, one draw after the other."""
    random, n = np.random.default_rng(5), len(y)

    def both(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
        ratio = y.sum() / x.sum()
        return ratio, sqrt(n / (n - 1)) * float(np.linalg.norm(y - ratio * x)) / x.sum()

    ratio, error = both(y, x)
    found = (both(y[i], x[i]) for i in (random.integers(0, n, n) for _ in range(3000)))
    pivots = [(one - ratio) / spread for one, spread in found if spread > 0]
    low, high = np.quantile(pivots, [0.025, 0.975])
    return ratio - high * error, ratio - low * error


def test_retention_and_revenue_per_account_from_raw_subscriptions(
    space: Workspace, tables: dict[str, pd.DataFrame]
) -> None:
    now, then, before = (mrr(tables, day) for day in ("2025-10-31", "2024-10-31", "2025-09-30"))
    paid, paid_then = now.reindex(then.index).fillna(0).to_numpy(), then.to_numpy()
    kept = np.minimum(paid, paid_then)
    grr, nrr, arpa = (at(space, key) for key in ("grr", "nrr", "arpa"))
    assert grr["value"] == pytest.approx(kept.sum() / paid_then.sum(), rel=1e-6)
    assert nrr["value"] == pytest.approx(paid.sum() / paid_then.sum(), rel=1e-6)
    assert (grr["accounts"], arpa["accounts"]) == (len(then), len(now))
    low, high = share(kept, paid_then)
    assert (grr["low"], grr["high"]) == pytest.approx((low, high), rel=1e-6)
    more = drawn(paid - kept, paid_then)
    gained = nrr["value"] - grr["value"]
    expected = (
        nrr["value"] - hypot(grr["value"] - low, gained - more[0]),
        nrr["value"] + hypot(high - grr["value"], more[1] - gained),
    )
    assert (nrr["low"], nrr["high"]) == pytest.approx(expected, rel=0.02)
    assert (arpa["low"], arpa["high"]) == pytest.approx(drawn(now.to_numpy(), np.ones(len(now))), rel=0.04)
    # The change of ARPA: both months in the same rows, linearised.
    ids = now.index.union(before.index)
    parts = [one.reindex(ids).fillna(0).to_numpy() for one in (now, before)]
    pulls = [(one - one.sum() / (one > 0).sum() * (one > 0)) / (one > 0).sum() for one in parts]
    n = min(len(now), len(before))
    half = student.ppf(0.975, n - 1) * sqrt(n / (n - 1)) * np.linalg.norm(pulls[0] - pulls[1])
    moved = now.mean() - before.mean()
    assert (arpa["step_low"], arpa["step_high"]) == pytest.approx((moved - half, moved + half), rel=1e-6)


def test_each_kpi_says_its_range_or_why_there_is_none(space: Workspace) -> None:
    table = space.table()
    found = with_ranges(space, table, periods=(MONTH,))
    pd.testing.assert_frame_equal(found[table.columns.drop(["low", "high"])], table.drop(columns=["low", "high"]))
    row = found[(found["period"].astype(str) == MONTH) & found["value"].notna()].set_index("kpi")
    known = row["low"].notna()
    own = row.index.map(lambda key: space.kpi(key).interval is not None)
    assert (known | row["no_range"].notna() | own).all()
    assert not (known & row["no_range"].notna()).any()
    assert (row.loc[known & ~own, "accounts"] >= FEWEST_ACCOUNTS).all()
    assert (row.loc[known, "low"] <= row.loc[known, "value"]).all()
    assert (row.loc[known, "value"] <= row.loc[known, "high"]).all()
    assert row["no_range"].reindex(["mrr", "cac", "time_to_resolution_p90"]).tolist() == ["total", "company", "rows"]
    csat = table[(table["kpi"] == "csat") & (table["period"].astype(str) == MONTH)].iloc[0]
    assert (row.loc["csat", "low"], row.loc["csat", "high"]) == (csat["low"], csat["high"])


def test_a_segment_has_the_range_of_its_filter(space: Workspace) -> None:
    by = with_ranges(space, space.table(["arpa"], by=["segment"]), by="segment")
    rows = by[by["period"].astype(str) == MONTH].set_index("segment")
    name = rows["accounts"].idxmax()
    alone = at(space, "arpa", where={"segment": [name]})
    columns = ["value", "low", "high", "accounts", "step_low", "step_high"]
    assert rows.loc[name, columns].tolist() == pytest.approx(alone[columns].tolist())
    assert set(rows.loc[rows["accounts"] < FEWEST_ACCOUNTS, "no_range"]) <= {"few_accounts"}


def test_the_distance_compared_over_is_a_year_where_asked(space: Workspace) -> None:
    table = space.table(["arpa"])
    far = with_ranges(space, table, periods=(MONTH,), lag=12)
    row = far[far["period"].astype(str) == MONTH].iloc[0]
    values = table.set_index(table["period"].astype(str))["value"]
    assert (row["step_low"] + row["step_high"]) / 2 == pytest.approx(values[MONTH] - values["2024-10"])
    assert far["step_low"].notna().sum() == 1


def test_a_product_of_sums_is_not_summed_over_accounts(space: Workspace) -> None:
    ltv, arpa, life = (at(space, key) for key in ("ltv", "arpa", "lifetime"))
    assert ltv["low"] == pytest.approx(
        ltv["value"] * np.exp(-hypot(np.log(arpa["value"] / arpa["low"]), np.log(life["value"] / life["low"])))
    )
    assert isnan(at(space, "quick_ratio")["low"]) == (at(space, "quick_ratio")["no_range"] is not None)
