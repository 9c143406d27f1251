"""Mid-rank percentiles inside groups, and how many cases each member of a group lies below."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kpis.evidence.history import Flags, Floats, Ints

FEWEST_COMPARATORS = 5
PADDED = 6  # empty months before the first one, so that one may look back from it


class Placed(NamedTuple):
    """Where each row stands in its group; all arrays have the shape of the values.

    Attributes:
        percentile: (mid-rank − ½) ÷ n − ½, between −½ and ½; NaN where unknown or with too few comparators.
        cases_above: cases of the group with a larger value, ties counting half; 0 where unknown.
        known: number of known rows of the group, … × groups.
        cases: number of known cases of the group.
    """

    percentile: Floats
    cases_above: Floats
    known: Floats
    cases: Floats


def place(values: Floats, case: Flags) -> Placed:
    """Rank along the last axis.

    Args:
        values: … × groups × rows, NaN where missing or padding.
        case: groups × rows, who had the event.

    A group without a case or with fewer than five comparators gives no percentile.
    """
    rows = values.shape[-1]
    order = np.argsort(values, axis=-1)
    ranked = np.take_along_axis(values, order, axis=-1)
    cases = np.take_along_axis(np.broadcast_to(case, values.shape), order, axis=-1) & ~np.isnan(ranked)
    differs = ranked[..., 1:] != ranked[..., :-1]
    edge = np.ones((*differs.shape[:-1], 1), dtype=bool)
    places = np.arange(rows, dtype=np.int32)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, differs], axis=-1), places, 0), axis=-1)
    closing = np.where(np.concatenate([differs, edge], axis=-1), places + 1, rows)
    last = np.minimum.accumulate(closing[..., ::-1], axis=-1)[..., ::-1]
    seen = np.zeros((*values.shape[:-1], rows + 1), dtype=np.int32)
    np.cumsum(cases, axis=-1, out=seen[..., 1:])
    below = np.take_along_axis(seen, first, axis=-1) + np.take_along_axis(seen, last, axis=-1)

    known = np.isfinite(ranked).sum(axis=-1).astype(float)
    total = seen[..., -1].astype(float)
    enough = (total > 0) & (known - total >= FEWEST_COMPARATORS)
    usable = enough[..., None] & ~np.isnan(ranked)
    share = np.where(usable, (first + last) / (2 * np.maximum(known, 1.0)[..., None]) - 0.5, np.nan)
    above = np.where(usable, total[..., None] - below / 2, 0.0)

    percentile, cases_above = np.empty_like(share), np.empty_like(above)
    np.put_along_axis(percentile, order, share, axis=-1)
    np.put_along_axis(cases_above, order, above, axis=-1)
    return Placed(percentile, cases_above, np.where(enough, known, 0.0), np.where(enough, total, 0.0))


@dataclass(frozen=True)
class Coded:
    """Values in order, month by month.

    Attributes:
        cell: (`PADDED` empty months, then the months) × accounts, made flat: number of the value among all distinct
            ones of that month, counted from 1 and on from month to month; 0 where the value is missing.
        first: the first number of each of these months, and one past the last.
        accounts: number of accounts.
    """

    cell: Ints
    first: Ints
    accounts: int

    @property
    def size(self) -> int:
        """One more than the largest number."""
        return int(self.first[-1])

    def before(self, horizon: int) -> Ints:
        """`cell` from so many months before the first month on."""
        return self.cell[(PADDED - horizon) * self.accounts :]

    def first_before(self, horizon: int) -> Ints:
        """`first` from so many months before the first month on."""
        return self.first[PADDED - horizon :]


def dense(grid: Floats) -> Coded:
    """Put the values of each month in order; equal ones get the same number.

    Args:
        grid: accounts × months, NaN where missing.
    """
    values = np.ascontiguousarray(grid.T)
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    new = ~np.isnan(ranked)
    new[:, 1:] &= ranked[:, 1:] != ranked[:, :-1]
    number = np.where(np.isnan(ranked), 0, np.cumsum(new).reshape(new.shape))
    cell = np.zeros((PADDED + values.shape[0], values.shape[1]), dtype=np.int64)
    np.put_along_axis(cell[PADDED:], order, number, axis=1)
    first = 1 + np.concatenate([np.zeros(PADDED + 1, dtype=np.int64), np.cumsum(new.sum(axis=1))])
    return Coded(cell.ravel(), first, values.shape[1])
