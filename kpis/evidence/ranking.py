"""Mid-rank percentiles inside groups, and how many cases each member of a group lies below."""

from typing import NamedTuple

import numpy as np

from kpis.evidence.history import Flags, Floats, Ints

FEWEST_COMPARATORS = 5


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


def dense(grid: Floats) -> Ints:
    """Order of each value within its column from 0, equal for ties; −1 where it is NaN.

    Args:
        grid: rows × columns.
    """
    order = np.argsort(grid, axis=0)
    ranked = np.take_along_axis(grid, order, axis=0)
    steps = np.zeros(grid.shape, dtype=np.int64)
    steps[1:] = np.cumsum(ranked[1:] != ranked[:-1], axis=0)
    codes = np.empty_like(steps)
    np.put_along_axis(codes, order, np.where(np.isnan(ranked), -1, steps), axis=0)
    return codes
