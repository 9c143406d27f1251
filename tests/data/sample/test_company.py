"""The default company is believable: sizes, rates and the incident, read from the tables alone."""

import numpy as np
import pandas as pd

from tests.data.sample.readings import Months, notices, real

WHOLE = 35  # whole months in the data; the 36th is unfinished


def test_mrr_doubles(months: Months) -> None:
    total = months.mrr.sum()
    assert 0.80e6 < total[0] < 1.0e6
    assert 1.85e6 < total[WHOLE - 1] < 1.95e6
    assert 0.95 < total[WHOLE] / total[WHOLE - 1] < 1.06


def test_departures(months: Months) -> None:
    opening = months.active.shift(1, axis=1, fill_value=False)
    lost = opening & ~months.active
    assert lost.to_numpy().sum() >= 60
    assert notices(months).to_numpy().sum() >= 60
    opened = opening.iloc[:, 1:WHOLE].sum(axis=1).groupby(months.segment).sum()
    rates = lost.iloc[:, 1:WHOLE].sum(axis=1).groupby(months.segment).sum() / opened
    low = {"Enterprise": 0.004, "Mid-market": 0.006, "SMB": 0.011, "Startup": 0.016}
    high = {"Enterprise": 0.012, "Mid-market": 0.013, "SMB": 0.02, "Startup": 0.028}
    for segment, rate in rates.items():
        assert low[segment] <= rate <= high[segment], (segment, rate)


def test_some_come_back(months: Months) -> None:
    active = months.active.to_numpy()
    left = np.cumsum(active[:, :-1] & ~active[:, 1:], axis=1) > 0
    assert (left & ~active[:, :-1] & active[:, 1:]).sum() >= 3


def test_retention_of_money(months: Months) -> None:
    for now in (12, 18, 24, 30, WHOLE - 1):
        then, today = months.mrr[now - 12], months.mrr[now]
        kept = today[then > 0].sum() / then.sum()
        gross = np.minimum(then, today).sum() / then.sum()
        assert 0.97 < kept < 1.06, (now, kept)
        assert 0.87 < gross < 0.94, (now, gross)


def test_new_customers_follow_the_season(months: Months) -> None:
    opening = months.active.shift(1, axis=1, fill_value=False)
    new = (months.active & ~opening).sum()
    assert new[1:WHOLE].sum() > 120
    calendar = pd.Series(months.ends).dt.month
    holidays = new[1:WHOLE][calendar[1:WHOLE].isin([12, 1])].mean()
    assert holidays < new[1:WHOLE].mean()


def test_expansion_comes_in_three_kinds(company: dict[str, pd.DataFrame]) -> None:
    rows = real(company, "subscriptions")
    core = rows[(rows["product"] == "Serra Core") & (rows["status"] != "trial")].sort_values(
        ["subscription_id", "started_on"]
    )
    group = core.groupby("subscription_id")
    more_seats = group["quantity"].diff() > 0
    unit = core["amount"] / core["quantity"] / core["billing_months"]
    price_up = (unit.groupby(core["subscription_id"]).pct_change() > 0.02) & (group["quantity"].diff() == 0)
    assert more_seats.sum() > 80
    assert price_up.sum() > 150
    assert rows.loc[rows["product"].isin(["Serra Insights", "Serra Fluxo"]), "subscription_id"].nunique() > 60


def _by_month(values: pd.Series, at: pd.Series) -> pd.Series:
    return values.groupby(at.dt.to_period("M")).mean()


def test_the_incident_hurts_service_for_two_months(company: dict[str, pd.DataFrame]) -> None:
    contacts, surveys = company["contacts"], company["surveys"]
    bad = pd.PeriodIndex(["2026-08", "2026-09"], freq="M")
    usual = pd.period_range("2025-08", "2026-07", freq="M")
    reply = (contacts["first_response_at"] - contacts["opened_at"]).dt.total_seconds()
    first = contacts[contacts["first_contact"].fillna(False).astype(bool)]
    csat, nps = surveys[surveys["kind"] == "csat"], surveys[surveys["kind"] == "nps"]
    verdict = (nps["score"] >= 9).astype(float) - (nps["score"] <= 6).astype(float)
    worse = {
        "first response": -_by_month(reply, contacts["opened_at"]),
        "fcr": _by_month(first["fixed"].astype(float), first["opened_at"]),
        "csat": _by_month((csat["score"] >= 4).astype(float), csat["responded_at"]),
        "nps": _by_month(verdict, nps["responded_at"]),
    }
    for name, series in worse.items():
        assert series[bad].mean() < series[usual].mean() - 1.2 * series[usual].std(), name
        assert series[pd.Period("2026-10")] > series[bad].mean(), name


def test_usual_service_levels(company: dict[str, pd.DataFrame]) -> None:
    contacts, surveys = company["contacts"], company["surveys"]
    reply = (contacts["first_response_at"] - contacts["opened_at"]).dt.total_seconds().mean() / 3600
    csat = (surveys.loc[surveys["kind"] == "csat", "score"] >= 4).mean()
    nps = surveys.loc[surveys["kind"] == "nps", "score"]
    assert 2 < reply < 4
    assert 0.84 < csat < 0.92
    assert 30 < 100 * ((nps >= 9).mean() - (nps <= 6).mean()) < 50
    assert 0.03 < contacts["abandoned"].astype(float).mean() < 0.08


def test_cost_of_acquisition(company: dict[str, pd.DataFrame], months: Months) -> None:
    costs = company["costs"]
    spent = costs.loc[costs["kind"].isin(["sales", "marketing"]), "amount"].sum()
    opening = months.active.shift(1, axis=1, fill_value=False)
    new = (months.active & ~opening).sum()[1:].sum()
    assert 60_000 < spent / new < 130_000


def test_renewals_are_mostly_won(company: dict[str, pd.DataFrame]) -> None:
    renewals = real(company, "renewals")
    decided = renewals[renewals["outcome"] != "pending"]
    assert 0.85 < (decided["outcome"] == "renewed").mean() < 0.96
    pending = renewals[renewals["outcome"] == "pending"]
    assert pending["account_id"].nunique() > 150
    assert pending["decided_on"].isna().all()
