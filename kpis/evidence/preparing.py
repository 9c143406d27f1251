"""From a company's raw monthly values to differences that can be compared."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SMALLEST_DENOMINATOR = 20  # a month resting on fewer cases is missing
LONGEST_FILL = 3  # months that a value may be carried forward
WINSOR = 3.0  # differences are held within this many robust standard deviations of their median
_MAD_TO_SD = 1.4826
_MEAN_DEVIATION_TO_SD = 1.2533  # for series that mostly stand still, whose median deviation is 0


@dataclass(frozen=True)
class Series:
    """One monthly series of the company.

    Attributes:
        key: KPI or custom metric.
        values: one raw, unsmoothed value per whole month, NaN when missing; the unfinished month left out.
        denominators: cases behind each value; None when the value is not a proportion or mean.
        ingredients: measures and KPIs it is made of.
        snapshot: True when the values were not recorded month by month, so there is no history to read.
    """

    key: str
    values: ArrayLike
    denominators: ArrayLike | None = None
    ingredients: frozenset[str] = frozenset()
    snapshot: bool = False

    @cached_property
    def raw(self) -> Floats:
        """The values as numbers; months with a small denominator, and infinities, are NaN."""
        values = np.array(self.values, dtype=float)
        values[~np.isfinite(values)] = np.nan
        if self.denominators is not None:
            cases = np.asarray(self.denominators, dtype=float)
            values[~(cases >= SMALLEST_DENOMINATOR)] = np.nan
        return values

    @cached_property
    def filled(self) -> Floats:
        """The same with short gaps carried forward."""
        return carried(self.raw)

    @cached_property
    def coverage(self) -> float:
        """Share of known months between the first and the last known one; 0 when there is none."""
        return coverage(self.raw)


def coverage(values: Floats) -> float:
    """Share of known months between the first and the last known one; 0 when there is none."""
    known = np.flatnonzero(~np.isnan(values))
    return len(known) / (known[-1] - known[0] + 1) if len(known) else 0.0


def carried(values: Floats) -> Floats:
    """Gaps filled with the last known value, for at most three months each."""
    places = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, places))
    near = (last >= 0) & (places - last <= LONGEST_FILL)
    filled: Floats = np.where(near, values[np.maximum(last, 0)], np.nan)
    known = np.flatnonzero(~np.isnan(values))
    filled[known[-1] + 1 if len(known) else 0 :] = np.nan
    return filled


def longest_stretch(both: NDArray[np.bool_]) -> tuple[int, int]:
    """First month and one past the last month of the longest run of True; the latest of equals, (0, 0) if none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], both.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = len(starts) - 1 - int(np.argmax((ends - starts)[::-1]))
    return int(starts[best]), int(ends[best])


def winsorised(differences: Floats) -> Floats:
    """Differences held within median ± 3 · 1.4826 · MAD, so that one shared outlier cannot make a link."""
    middle = np.median(differences)
    deviation = np.abs(differences - middle)
    spread = _MAD_TO_SD * np.median(deviation) or _MEAN_DEVIATION_TO_SD * deviation.mean()
    held: Floats = np.clip(differences, middle - WINSOR * spread, middle + WINSOR * spread)
    return held


def differences(values: Floats) -> Floats:
    """Winsorised first differences ÷ their largest: the unit of the series does not matter."""
    moved = winsorised(np.diff(values))
    largest: Any = np.abs(moved).max(initial=0.0)
    return moved / largest if largest > 0 else moved


def design(moved: Floats, first_month: int, skipped: int) -> Floats:
    """Orthonormal basis of 1 + 11 months of the year + 2 own lags, for the rows after the skipped ones.

    Args:
        moved: differences of the series that is explained.
        first_month: month of the year (0–11) of the first difference.
        skipped: differences at the start that only serve as lags, at least 2.
    """
    rows = np.arange(skipped, len(moved))
    months = ((first_month + rows) % 12)[:, None] == np.arange(1, 12)
    own = [moved[rows - lag] for lag in (1, 2)]
    columns = np.column_stack([np.ones(len(rows)), months, *own])
    columns /= np.maximum(np.linalg.norm(columns, axis=0), 1e-12)
    left, singular, _ = np.linalg.svd(columns, full_matrices=False)
    basis: Floats = left[:, singular > 1e-9 * singular[0]]
    return basis


def lagged(moved: Floats, lags: range, skipped: int) -> Floats:
    """One column per lag: the difference that many months before each row."""
    rows = np.arange(skipped, len(moved))
    return np.column_stack([moved[rows - lag] for lag in lags])


def off(basis: Floats, columns: Floats) -> Floats:
    """Columns with everything the basis explains taken out."""
    left: Floats = columns - basis @ (basis.T @ columns)
    return left
