"""Where a KPI would lie if it went on as before: a range that should hold 19 of 20 of its next whole periods."""

from collections.abc import Callable, Sequence
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

FEWEST = 8
LOOK_BACK = 24
SHARE = 0.95
_FIRST = 4  # periods before the first that is foreseen from those before it
_CLEARLY = 0.8  # a trend counts when it was off by less than this part of what the level was off by


def usual_range(past: Sequence[float], ends: tuple[float, float] = (-inf, inf)) -> tuple[float, float] | None:
    """Lower and upper end for the next value; None with fewer than eight known ones before.

    The next value is foreseen from those before it, as their mean or, where that was clearly closer, as the last one
    and the mean step; the width comes from how far off the same rule was for each earlier period (Student's quantile).

    Args:
        past: Values before, oldest first; NaN where missing. The last 24 known ones count.
        ends: What the value cannot go beyond, such as 0 and 1 for a share.
    """
    known = np.array([x for x in past if isfinite(x)][-LOOK_BACK:])
    if len(known) < FEWEST:
        return None
    level, trend = (_errors(known, rule) for rule in (_level, _trend))
    rule, errors = (_trend, trend) if _size(trend) < _CLEARLY * _size(level) else (_level, level)
    count = len(errors)
    half = float(stdtrit(count - 1, (1 + SHARE) / 2)) * _size(errors) * np.sqrt(1 + 1 / count)
    middle = rule(known)
    return max(middle - half, ends[0]), min(middle + half, ends[1])


def _level(before: NDArray[np.float64]) -> float:
    return float(before.mean())


def _trend(before: NDArray[np.float64]) -> float:
    return float(before[-1] + np.diff(before).mean())


def _errors(known: NDArray[np.float64], rule: Callable[[NDArray[np.float64]], float]) -> NDArray[np.float64]:
    return np.array([known[i] - rule(known[:i]) for i in range(_FIRST, len(known))])


def _size(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.square(errors).mean()))
