"""Sums and differences of amounts as decimals: 0.1 + 0.2 is 0.3."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

_PLACES = 9
_EXACT = 2.0**53


def added_up(values: np.ndarray, group: np.ndarray, count: int) -> pa.Array:
    """The sum of each group as text with a decimal point; null for a group without a value.

    Args:
        values: Numbers as read, each the nearest to a decimal that was written.
        group: The group of each.
        count: How many groups there are.
    """
    there = np.bincount(group, minlength=count) > 0
    places = decimals(values)
    if places is not None and float(np.abs(np.rint(values * 10**places)).sum()) < _EXACT:
        sums = np.bincount(group, weights=np.rint(values * 10**places), minlength=count).astype(np.int64)
        texts = as_text(sums, places)
    else:
        exact = [Decimal(0)] * count
        for value, one in zip(values.tolist(), group.tolist(), strict=True):
            exact[one] += Decimal(repr(value))
        texts = [format(one, "f") for one in exact]
    return pa.array(texts, pa.string(), mask=~there)


def taken_off(values: np.ndarray, less: np.ndarray) -> np.ndarray:
    """The difference of two columns, without the dust of binary fractions; not a number where one is missing."""
    known = np.isfinite(values) & np.isfinite(less)
    places = decimals(np.concatenate([values[known], less[known]]))
    result = values - less
    if places is not None:
        scale = 10.0**places
        exact = (np.rint(values * scale) - np.rint(less * scale)) / scale
        small = np.maximum(np.abs(values), np.abs(less)) * scale < _EXACT
        result = np.where(small, exact, result)
    return np.where(known, result, np.nan)


def decimals(values: np.ndarray) -> int | None:
    """How many decimals are enough to write all values; None when nine are not."""
    for places in range(_PLACES + 1):
        scale = 10.0**places
        if (np.rint(values * scale) / scale == values).all():
            return places
    return None


def as_text(units: np.ndarray, places: int) -> list[str]:
    """Whole numbers of the last decimal as text: 1050 with two places is 10.50."""
    if not places:
        return [str(unit) for unit in units.tolist()]
    scale = 10**places
    return [f"{'-' * (u < 0)}{abs(u) // scale}.{abs(u) % scale:0{places}d}" for u in units.tolist()]
