"""Reading the tables, giving them types, leaving out test accounts and what lies after the as-of date."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from data.schema import tables as canonical

Tables = dict[str, pd.DataFrame]
MILLION = 1_000_000
OWNER = {"referrals": "referrer_account_id"}


@dataclass(frozen=True)
class Policies:
    """The policies the oracle can vary; everything else is at its default."""

    short_seconds: float = 5
    service_level_seconds: float = 20
    inactivity_days: int = 90
    solve_window_days: int = 30
    renewal_grace_days: int = 60
    gross_margin: float | None = None
    cac_lag_months: int = 0
    currency: str = "BRL"
    rates: dict[str, float] = field(default_factory=dict)


def load(directory: str | Path) -> Tables:
    """All canonical tables found as CSV files in a directory, every cell read as text and then typed."""
    found = {}
    for name in canonical():
        path = Path(directory) / f"{name}.csv"
        if path.exists():
            found[name] = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    return typed(found)


def _boolean(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    return str(value).strip().lower() in ("true", "1", "1.0", "yes", "sim", "t")


def typed(tables: Tables) -> Tables:
    """The same tables with every canonical column present and typed; extra columns stay as they are."""
    out = {}
    for name, frame in tables.items():
        frame = frame.copy().reset_index(drop=True)
        for column, about in canonical()[name].columns.items():
            values = frame[column] if column in frame else pd.Series([None] * len(frame), dtype=object)
            if about.type.__name__ in ("date", "datetime"):
                values = pd.to_datetime(values, format="mixed").astype("datetime64[ns]")
                values = values.dt.normalize() if about.type.__name__ == "date" else values
            elif about.type is bool:
                values = pd.Series([_boolean(v) for v in values], dtype=object)
            elif about.type in (int, float):
                values = pd.to_numeric(values).astype("float64")
            else:
                values = pd.Series([None if pd.isna(v) else str(v) for v in values], dtype=object)
            frame[column] = values
        out[name] = frame
    return out


def true(values: pd.Series) -> pd.Series:
    """Where a yes-or-no column says yes (missing is not yes)."""
    return values.map(lambda v: v is True).astype(bool)


def false(values: pd.Series) -> pd.Series:
    """Where a yes-or-no column says no (missing is not no)."""
    return values.map(lambda v: v is False).astype(bool)


def word(values: pd.Series) -> pd.Series:
    """A column of words in lower case, '' where missing."""
    return values.map(lambda v: "" if v is None or pd.isna(v) else str(v).strip().lower()).astype(object)


def without_tests(tables: Tables) -> Tables:
    """The tables without test accounts and all their rows."""
    if "accounts" not in tables:
        return tables
    accounts = tables["accounts"]
    tests = set(accounts.loc[true(accounts["is_test"]), "account_id"])
    out = {}
    for name, frame in tables.items():
        owner = OWNER.get(name, "account_id")
        out[name] = frame[~frame[owner].isin(tests)].reset_index(drop=True) if owner in frame else frame
    return out


def latest_observed(tables: Tables, import_date: pd.Timestamp | None = None) -> pd.Timestamp:
    """The latest observed date in any table that is not after the import date (today when not given)."""
    limit = import_date or pd.Timestamp.now().normalize()
    days = [tables[n][c].dt.normalize() for n, about in canonical().items() if n in tables for c in about.observed]
    known = pd.concat(days).dropna()
    return known[known <= limit].max()


def first_observed(tables: Tables) -> pd.Timestamp:
    """The earliest observed date of subscriptions, or of any table where there are no subscriptions."""
    names = ["subscriptions"] if len(tables.get("subscriptions", ())) else list(tables)
    days = [tables[n][c].dt.normalize() for n in names for c in canonical()[n].observed]
    return pd.concat(days).dropna().min()


def cut(tables: Tables, as_of: pd.Timestamp) -> Tables:
    """What could be seen on the as-of date: later rows are gone, later facts have not happened."""
    end = as_of + pd.Timedelta(days=1)
    out = {}
    for name, frame in tables.items():
        observed = canonical()[name].observed
        if observed and name != "renewals":  # a renewal is seen before it is decided
            first = frame[list(observed)].min(axis=1)
            frame = frame[~(first >= end)].copy()
        else:
            frame = frame.copy()
        later = {c: frame[c] >= end for c in observed}
        if name == "contacts":
            frame.loc[later["solved_at"], "status"] = "open"
        if name == "invoices":
            frame.loc[later["paid_on"], "status"] = "open"
        if name == "renewals":
            frame.loc[later["decided_on"], "outcome"] = "pending"
        if name == "referrals":
            frame.loc[later["won_on"], "status"] = "open"
            frame.loc[later["rewarded_on"], "reward_cost"] = float("nan")
        for column, hidden in later.items():
            frame.loc[hidden, column] = pd.NaT
        out[name] = frame.reset_index(drop=True)
    return out


def by_account(values: pd.Series) -> dict[str, Any]:
    """A series indexed by account as a plain dictionary."""
    return {str(account): value for account, value in values.items()}


def millionths(value: float | Decimal) -> int:
    """Money rounded once to whole millionths, half away from zero."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return int((exact * MILLION).quantize(Decimal(1), ROUND_HALF_UP))


def settings_rate(currency: Any, policies: Policies) -> float:
    """The one rate of a currency in the settings; 1 for the reporting currency and where nothing is set."""
    if currency is None or currency == policies.currency:
        return 1.0
    return policies.rates.get(currency, 1.0)


def converted(
    amounts: pd.Series, currencies: pd.Series, days: pd.Series, tables: Tables, policies: Policies
) -> pd.Series:
    """Amounts in millionths of the reporting currency, at the last dated rate valid on each row's day."""
    dated: dict[str, list[tuple[pd.Timestamp, float]]] = {}
    if "fx_rates" in tables:
        known = tables["fx_rates"].sort_values("valid_from")
        for name, start, rate in zip(known["currency"], known["valid_from"], known["rate"], strict=True):
            dated.setdefault(name, []).append((start, rate))
    out = []
    for amount, currency, day in zip(amounts, currencies, days, strict=True):
        rate = settings_rate(currency, policies)
        if currency is not None and currency != policies.currency:
            valid = [r for start, r in dated.get(currency, []) if start <= day]
            rate = valid[-1] if valid else rate
        out.append(0 if pd.isna(amount) else millionths(Decimal(repr(float(amount))) * Decimal(repr(float(rate)))))
    return pd.Series(out, index=amounts.index, dtype="int64")
