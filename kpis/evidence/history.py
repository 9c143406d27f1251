"""Accounts by month: who was at risk, in which segment, how old, and when the event was decided."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Source = Literal["notice", "ended", "flagged"]

YEAR = 12
TENURE_STARTS = (0, 3, 6, 12, 24)  # bands 0–2, 3–5, 6–11, 12–23 and 24+ months


@dataclass(frozen=True)
class AccountMonths:
    """Accounts × whole months.

    Attributes:
        accounts: account ids, sorted.
        at_risk: whether the event could still happen to the account in that month, accounts × months.
        segment: code of the segment, 0 when unknown.
        segments: number of segment codes.
        band: code of the tenure band, 0 when unknown.
        turn: code of the length of its terms and the point reached in them, 0 when that point is unknown.
        turns: number of these codes.
        account: for each tidy row kept, the position of its account.
        month: for each tidy row kept, its month.
        kept: which tidy rows lie inside the months.
    """

    accounts: NDArray[np.str_]
    at_risk: Flags
    segment: Ints
    segments: int
    band: Ints
    turn: Ints
    turns: int
    account: Ints
    month: Ints
    kept: Flags

    @property
    def months(self) -> int:
        """Number of whole months."""
        return int(self.at_risk.shape[1])

    def matrix(self, values: ArrayLike) -> Floats:
        """Values of the tidy rows as accounts × months; NaN where missing or infinite."""
        grid = np.full(self.at_risk.shape, np.nan)
        numbers = np.asarray(values, dtype=float)[self.kept]
        grid[self.account, self.month] = np.where(np.isfinite(numbers), numbers, np.nan)
        return grid


@dataclass(frozen=True)
class Outcome:
    """Something that happens to accounts.

    Attributes:
        key: KPI or event it stands for.
        accounts: account id of each event.
        months: month index of the decision (`decisions`), one per event.
        sources: "notice", "ended" or "flagged" for each event; empty when unknown.
        recurrent: True when it can happen to an account again (expansion, contraction).
        ingredients: measures and KPIs it is made of.
        kpi_sign: +1 when the event raises the KPI `key` (departures), −1 when it lowers it (a lost renewal lowers
            the renewal rate).
        departure: whether the event means leaving, so that a sharp difference just before it may only say that the
            account was leaving already; None: so it does when it cannot happen again.
    """

    key: str
    accounts: ArrayLike
    months: ArrayLike
    sources: ArrayLike = ()
    recurrent: bool = False
    ingredients: frozenset[str] = frozenset()
    kpi_sign: int = 1
    departure: bool | None = None

    @property
    def leaving(self) -> bool:
        """Whether a sharp difference just before the event may be the leaving itself."""
        return not self.recurrent if self.departure is None else self.departure


def account_months(
    account: ArrayLike,
    month: ArrayLike,
    at_risk: ArrayLike,
    segment: ArrayLike | None = None,
    tenure: ArrayLike | None = None,
    months: int | None = None,
    turn: ArrayLike | None = None,
    term: ArrayLike | None = None,
) -> AccountMonths:
    """Arrange tidy rows, one per account and month.

    Args:
        account: account ids.
        month: month index, 0 for the first month of the data.
        at_risk: whether the event could happen to the account in that month (customer, no notice given yet).
        segment: segment of the account in that month; None or "" when unknown.
        tenure: age of the account in months; NaN when unknown.
        months: number of whole months; later rows (the running month) are left out. None: up to the last row.
        turn: whole months since its terms last turned, 0–11; NaN when unknown. Departures of yearly terms come at
            the same point of the year of their account, and so do invoices and surveys.
        term: length of its terms in months, 1–12; NaN when unknown. Each length has turns of its own: where some
            accounts have yearly terms and others shorter ones, both leave, pay and answer by another calendar.

    Raises:
        ValueError: when an account has two rows for a month.
    """
    ids, places = np.asarray(account, dtype=str), np.asarray(month, dtype=np.int64)
    count = int(places.max(initial=-1)) + 1 if months is None else months
    kept = (places >= 0) & (places < count)
    names, rows = np.unique(ids[kept], return_inverse=True)
    columns = places[kept]
    shape = (len(names), count)
    flat = rows * count + columns
    if np.bincount(flat).max(initial=0) > 1:
        raise ValueError("An account has two rows for the same month.")

    def grid(values: NDArray[np.generic], empty: int) -> Ints:
        whole = np.full(shape, empty, dtype=np.int64)
        whole[rows, columns] = values[kept]
        return whole

    codes, segments = _codes(segment, len(ids))
    bands = _bands(tenure, len(ids))
    points, turns = _turns(turn, term, len(ids))
    risk = np.zeros(shape, dtype=bool)
    risk[rows, columns] = np.asarray(at_risk, dtype=bool)[kept]
    where = (grid(codes, 0), segments, grid(bands, 0), grid(points, 0), turns)
    return AccountMonths(names, risk, *where, rows, columns, kept)


def _codes(segment: ArrayLike | None, rows: int) -> tuple[Ints, int]:
    """Segments as numbers from 1, 0 for unknown ones, and how many codes there are."""
    if segment is None:
        return np.zeros(rows, dtype=np.int64), 1
    given = np.asarray(segment, dtype=object)
    known = np.array([isinstance(value, str | int | np.integer) and value != "" for value in given], dtype=bool)
    texts = [str(value) for value in given[known]]
    codes = {name: code for code, name in enumerate(sorted(set(texts)), 1)}
    whole = np.zeros(rows, dtype=np.int64)
    whole[known] = [codes[name] for name in texts]
    return whole, len(codes) + 1


def _bands(tenure: ArrayLike | None, rows: int) -> Ints:
    """Tenure bands as 1–5, 0 for unknown."""
    if tenure is None:
        return np.zeros(rows, dtype=np.int64)
    months = np.asarray(tenure, dtype=float)
    return np.where(np.isnan(months), 0, np.searchsorted(TENURE_STARTS, months, side="right"))


def _turns(turn: ArrayLike | None, term: ArrayLike | None, rows: int) -> tuple[Ints, int]:
    """Lengths of terms and points in them as numbers from 1, 0 for an unknown point; how many numbers there are."""
    if turn is None:
        return np.zeros(rows, dtype=np.int64), 1
    reached = np.asarray(turn, dtype=float)
    known = np.isfinite(reached)
    length = np.zeros(rows) if term is None else np.nan_to_num(np.asarray(term, dtype=float), nan=0.0)
    both = np.where(known, length * YEAR + np.where(known, reached, 0.0) % YEAR + 1, 0.0).astype(np.int64)
    there = np.flatnonzero(np.bincount(both, minlength=1))
    codes = np.zeros(int(both.max(initial=0)) + 1, dtype=np.int64)
    there = there[there > 0]
    codes[there] = np.arange(1, len(there) + 1)
    return codes[both], len(there) + 1


def decisions(
    noticed: ArrayLike, ended: ArrayLike, notice_days: ArrayLike, flagged: ArrayLike
) -> tuple[NDArray[np.datetime64], NDArray[np.str_]]:
    """The day each event was decided, and where that day comes from.

    Args:
        noticed: day of the notice or decision, NaT when unknown.
        ended: day it took effect, NaT when unknown.
        notice_days: notice period in days, NaN when unknown (then 0).
        flagged: day on which the account was first marked, NaT when unknown.

    Returns:
        The notice where there is one, else the end minus the notice period, else the flag; NaT and "" without any.
    """
    notice, end, flag = (np.asarray(days, dtype="datetime64[D]") for days in (noticed, ended, flagged))
    ahead = np.nan_to_num(np.asarray(notice_days, dtype=float), nan=0.0).astype("timedelta64[D]")
    known = [~np.isnat(notice), ~np.isnat(end), ~np.isnat(flag)]
    day = np.select(known, [notice, end - ahead, flag], np.datetime64("NaT"))
    return day.astype("datetime64[D]"), np.select(known, ["notice", "ended", "flagged"], "")
