"""What every family of KPIs needs: the tables as seen on the as-of date, the periods, the book."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from .book import Book
from .days import Period, period_of
from .frames import Policies, Tables, word

COMPANY = ""
DAYS_90 = 90


@dataclass(frozen=True)
class Piece:
    """Numerators and denominators of one KPI by account and period, to be summed over a slice.

    `rows` has account_id ('' is the company row), period, num and, unless the KPI is a plain sum, den.
    Value = times × Σ num × num_scale ÷ (Σ den × den_scale). Periods in `no_value` never have one.
    """

    rows: pd.DataFrame
    ratio: bool = True
    times: float = 1.0
    num_scale: float = 1.0
    den_scale: float = 1.0
    no_value: frozenset[str] = field(default_factory=frozenset)
    least_answers: int = 0


def piece(rows: pd.DataFrame, num: str, den: str | None = None, **settings: object) -> Piece:
    """A piece from two columns of a frame with account_id and period."""
    out = pd.DataFrame({"account_id": rows["account_id"], "period": rows["period"], "num": rows[num]})
    if den is not None:
        out["den"] = rows[den]
    return Piece(out, ratio=den is not None, **settings)  # type: ignore[arg-type]


@dataclass
class Context:
    """The question being answered."""

    tables: Tables
    policies: Policies
    as_of: pd.Timestamp
    grain: str
    periods: list[Period]

    def has(self, *names: str) -> bool:
        """Whether these tables are loaded."""
        return all(n in self.tables for n in names)

    @cached_property
    def book(self) -> Book:
        """The subscriptions, ready to be asked."""
        return Book(self.tables, self.policies)

    def dated(self, table: str, day: str) -> pd.DataFrame:
        """Rows of a table whose day lies in a period, with that period; missing account = company row."""
        rows = self.tables[table].copy()
        rows["period"] = period_of(rows[day], self.periods)
        if "account_id" in rows:
            rows["account_id"] = rows["account_id"].map(lambda a: COMPANY if a is None or pd.isna(a) else a)
        return rows[rows["period"].notna()]

    def at_closings(self, describe: Callable[[Period], pd.DataFrame]) -> pd.DataFrame:
        """One frame of what `describe` says of each period's closing."""
        frames = [describe(p).assign(period=p.id) for p in self.periods]
        return pd.concat(frames, ignore_index=True)

    def active(self, period: Period) -> set[str]:
        """Accounts active at a period's closing (without a subscriptions table: all accounts)."""
        return self.book.active(period.closing) if self.has("subscriptions") else self.all_accounts

    @cached_property
    def all_accounts(self) -> set[str]:
        """The accounts of the workspace: the accounts table and every account another table names."""
        named: set[str] = set()
        for frame in self.tables.values():
            for column in ("account_id", "referrer_account_id"):
                if column in frame:
                    named |= set(frame[column].dropna())
        return named - {COMPANY}

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """Contacts without spam and merged ones; `solved` says whether and `untimed` that we cannot tell when."""
        rows = self.tables["contacts"].copy()
        rows = rows[~rows["is_spam"].map(lambda v: v is True).astype(bool) & rows["merged_into"].isna()].copy()
        rows["account_id"] = rows["account_id"].map(lambda a: COMPANY if a is None or pd.isna(a) else a)
        status = word(rows["status"])
        rows["solved"] = rows["solved_at"].notna() & ~status.isin(["open", "pending"])
        rows["untimed"] = (status == "solved") & rows["solved_at"].isna()
        rows["opened_in"] = period_of(rows["opened_at"], self.periods)
        rows["solved_in"] = period_of(rows["solved_at"], self.periods)
        return rows
