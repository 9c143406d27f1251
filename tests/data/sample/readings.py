"""Plain pandas readings of the sample tables, independent of the engine."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Months:
    """Month-end MRR (accounts × months), the accounts, and the notice month index of each (NaN: none)."""

    ends: np.ndarray
    mrr: pd.DataFrame
    segment: pd.Series
    notice: pd.Series

    @property
    def active(self) -> pd.DataFrame:
        return self.mrr > 0


def real(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Rows of a table without test accounts."""
    accounts = tables["accounts"]
    tests = set(accounts.loc[accounts["is_test"].astype(bool), "account_id"])
    return tables[name][~tables[name]["account_id"].isin(tests)]


def month_ends(first: pd.Timestamp, end: pd.Timestamp) -> np.ndarray:
    """Last days of the months from `first` to `end`; the last is `end` itself."""
    months = np.arange(np.datetime64(first, "M"), np.datetime64(end, "M") + 1)
    days = (months + 1).astype("datetime64[D]") - 1
    days[-1] = np.datetime64(end, "D")
    return days.astype("datetime64[s]")


def monthly(tables: dict[str, pd.DataFrame], end: pd.Timestamp) -> Months:
    """Month-end MRR per account from the subscription rows, and notice months."""
    rows = real(tables, "subscriptions")
    accounts = real(tables, "accounts").set_index("account_id")
    ends = month_ends(rows["started_on"].min(), end)
    net = (rows["amount"] - rows["discount"].fillna(0)) / rows["billing_months"].fillna(1)
    off = rows["status"].isin(["trial", "free", "paused"]) | rows["is_metered"].fillna(False).astype(bool)
    net = np.where(off, 0.0, net)
    started, ended = rows["started_on"].to_numpy(), rows["ended_on"].fillna(pd.Timestamp("2200-01-01")).to_numpy()
    columns = {i: net * ((started <= day) & (day < ended)) for i, day in enumerate(ends)}
    mrr = pd.DataFrame(columns).groupby(rows["account_id"].to_numpy()).sum()
    mrr = mrr.reindex(accounts.index, fill_value=0.0)
    notice = rows.groupby("account_id")["cancelled_on"].min().reindex(mrr.index)
    index = (notice.dt.year * 12 + notice.dt.month) - (pd.Timestamp(ends[0]).year * 12 + pd.Timestamp(ends[0]).month)
    return Months(ends, mrr, accounts["segment"].reindex(mrr.index), index)


def adoption(tables: dict[str, pd.DataFrame], months: Months) -> pd.DataFrame:
    """Busiest day's (or, with user ids, distinct) users ÷ seats at the end, accounts × months."""
    daily = real(tables, "usage_daily")
    users = real(tables, "usage")
    first = np.datetime64(months.ends[0], "M").astype(int)
    peak = daily.groupby(["account_id", _index(daily["used_on"], first)])["active_users"].max().astype(float)
    known = users.groupby(["account_id", _index(users["used_on"], first)])["user_id"].nunique().astype(float)
    peak.update(known)
    seats = daily.groupby(["account_id", _index(daily["used_on"], first)])["seats"].last().astype(float)
    table = (peak / seats).unstack()
    return table.reindex(index=months.mrr.index, columns=months.mrr.columns).where(months.active)


def _index(day: pd.Series, first: int) -> np.ndarray:
    return day.to_numpy().astype("datetime64[M]").astype(int) - first


def monthly_values(values: pd.Series, account: pd.Series, day: pd.Series, months: Months) -> pd.DataFrame:
    """Mean of any row-level value → accounts × months."""
    first = np.datetime64(months.ends[0], "M").astype(int)
    table = values.astype(float).groupby([account.to_numpy(), _index(day, first)]).mean().unstack()
    return table.reindex(index=months.mrr.index, columns=months.mrr.columns)


def standing(indicator: pd.DataFrame, months: Months, event: pd.DataFrame, back: int) -> tuple[np.ndarray, np.ndarray]:
    """Where accounts with an event stood `back` months before it among those active then, by month and segment.

    Args:
        indicator: Accounts × months, NaN where unknown.
        event: Accounts × months, True in the month of the event (its date, for churn the notice).
        back: Months between the indicator and the event.

    Returns:
        The percentile (0–1) of every event with at least five comparators, and its segment.
    """
    percentiles, segments = [], []
    last = len(months.ends) - 1
    given = months.notice.reindex(indicator.index)
    for month in range(back, last):
        at_risk = months.active[month - 1] & ~(given < month) if month else months.active[month]
        now = indicator[month - back][at_risk]
        for segment, group in now.dropna().groupby(months.segment.reindex(now.dropna().index)):
            hit = event[month].reindex(group.index).fillna(False).astype(bool)
            if not hit.any() or (~hit).sum() < 5:
                continue
            others = group[~hit].to_numpy()
            for value in group[hit]:
                percentiles.append(((others < value).mean() + (others <= value).mean()) / 2)
                segments.append(segment)
    return np.array(percentiles), np.array(segments)


def notices(months: Months) -> pd.DataFrame:
    """Accounts × months, True in the month of the notice."""
    out = pd.DataFrame(False, index=months.mrr.index, columns=months.mrr.columns)
    for account, month in months.notice.dropna().items():
        if 0 <= month < out.shape[1]:
            out.loc[account, int(month)] = True
    return out
