"""How sure a number is: 95 % intervals for proportions, NPS, differences and ratios over accounts.

All functions give NaN where an interval has no meaning. Those over accounts take one row per account and any number
of columns (periods), each column a ratio of its own.
"""

from functools import lru_cache
from math import nan
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from kpis.kpi import Numbers

CONFIDENCE = 0.95
SMALL_SAMPLE = 30  # below this many cases a value is flagged
TINY_SAMPLE = 10  # below this many answers an NPS is greyed

_NPS_ADDED = 0.75  # pseudo-answers for promoters and detractors each; passives get twice as many
_DRAWS = 1999
_MOST_RESAMPLED = 2000  # accounts; with more, resampling and Student's quantile give the same ends
_SEED = 20_010_101  # the same data give the same interval, always


class Bounds(NamedTuple):
    """Lower and upper end of an interval."""

    low: Numbers
    high: Numbers


def critical_value(confidence: float = CONFIDENCE) -> float:
    """The standard normal quantile that leaves (1 − confidence) outside, on both sides together."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float = CONFIDENCE) -> Bounds:
    """Wilson's score interval of a proportion of counts.

    NaN unless both are whole numbers with 0 ≤ successes ≤ trials and trials > 0.
    Source: Wilson 1927.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        counts = (n > 0) & (k >= 0) & (k <= n) & (k % 1 == 0) & (n % 1 == 0)
        n = np.where(counts, n, nan)
        low, high = _wilson(k / n, n, confidence)
    return Bounds(np.where(k == 0, 0.0 * n, low), np.where(k == n, 1.0 + 0.0 * n, high))


def _wilson(share: Numbers, n: Numbers, confidence: float) -> Bounds:
    z = critical_value(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Bounds(centre - half, centre + half)


def nps_interval(
    promoters: ArrayLike, detractors: ArrayLike, answers: ArrayLike, confidence: float = CONFIDENCE
) -> Bounds:
    """Interval of an NPS in points, between −100 and 100, widened where needed to hold the NPS itself.

    Normal, with centre and variance (p + d − (p − d)²) ÷ n taken after adding 0.75 promoters,
    1.5 passives and 0.75 detractors. NaN without answers.
    Source: Rocks 2016, interval estimation for the net promoter score (adjusted Wald).
    """
    p, d, n = (np.asarray(values, dtype=float) for values in (promoters, detractors, answers))
    centre, error = _nps_adjusted(p, d, n)
    half = critical_value(confidence) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = 100 * (p - d) / np.where(n > 0, n, nan)
    low = np.minimum(np.maximum(centre - half, -100), observed)
    return Bounds(low, np.maximum(np.minimum(centre + half, 100), observed))


def _nps_adjusted(p: Numbers, d: Numbers, n: Numbers) -> tuple[Numbers, Numbers]:
    """Centre and standard error of an NPS, in points, after adding the pseudo-answers."""
    total = np.where(n > 0, n, nan) + 4 * _NPS_ADDED
    promoters, detractors = (p + _NPS_ADDED) / total, (d + _NPS_ADDED) / total
    variance = promoters + detractors - (promoters - detractors) ** 2
    return 100 * (promoters - detractors), 100 * np.sqrt(variance / total)


def difference(now: Numbers, now_bounds: Bounds, before: Numbers, before_bounds: Bounds) -> Bounds:
    """Interval of now − before, from two values and the intervals around them.

    With Wilson's intervals this is Newcombe's for the difference of two proportions.
    Source: Newcombe 1998, method 10; Zou and Donner 2008 for other intervals.
    """
    moved = now - before
    low = moved - np.hypot(now - now_bounds.low, before_bounds.high - before)
    return Bounds(low, moved + np.hypot(now_bounds.high - now, before - before_bounds.low))


class Ratio(NamedTuple):
    """Σ y ÷ Σ x per column and what its error is made of.

    Attributes:
        value: the ratio; NaN where Σ x is 0.
        residual: y − ratio × x, accounts × columns.
        weight: x, accounts × columns.
        n: accounts that have a part in the column.
        error: the linearised standard error over accounts.
    """

    value: NDArray[np.float64]
    residual: NDArray[np.float64]
    weight: NDArray[np.float64]
    n: NDArray[np.float64]
    error: NDArray[np.float64]


def ratio_over_accounts(numerators: ArrayLike, denominators: ArrayLike | None = None) -> Ratio:
    """The ratio of two sums over accounts, and its error.

    Args:
        numerators: accounts × columns (or one column); NaN where an account has no part.
        denominators: the same shape; None takes 1 each, so the ratio is the mean.
    """
    y, x = _columns(numerators, denominators)
    n = ((y != 0) | (x != 0)).sum(axis=0).astype(float)
    total = np.where(x.sum(axis=0) != 0, x.sum(axis=0), nan)
    value = y.sum(axis=0) / total
    residual = y - value * x
    residual = np.where(np.abs(residual) <= 1e-12 * np.abs(y), 0.0, residual)  # what rounding leaves
    return Ratio(value, residual, x, n, _factor(n) * np.sqrt(np.square(residual).sum(axis=0)) / np.abs(total))


def _columns(numerators: ArrayLike, denominators: ArrayLike | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as accounts × columns, 0 where an account has no part."""
    y = np.asarray(numerators, dtype=float)
    x = np.ones_like(y) if denominators is None else np.asarray(denominators, dtype=float)
    y, x = (part[:, None] if part.ndim == 1 else part for part in (y, x))
    known = ~(np.isnan(y) | np.isnan(x))
    return np.where(known, y, 0.0), np.where(known, x, 0.0)


def _factor(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """What makes a spread around an estimated ratio that of a sample; NaN for fewer than 2 accounts."""
    return np.sqrt(np.where(n > 1, n, nan) / np.where(n > 1, n - 1, nan))


def linear_ratio(
    numerators: ArrayLike, denominators: ArrayLike | None = None, confidence: float = CONFIDENCE
) -> Bounds:
    """Interval of Σ y ÷ Σ x per column from the linearised error and Student's quantile.

    NaN with fewer than 3 accounts. Source: Cochran 1977, Sampling Techniques, section 6.4.
    """
    found = ratio_over_accounts(numerators, denominators)
    half = _student(found.n, confidence) * found.error
    return Bounds(found.value - half, found.value + half)


def linear_difference(now: Ratio, before: Ratio, confidence: float = CONFIDENCE) -> Bounds:
    """Interval of now − before per column, the accounts of both in the same rows, so that what they share cancels.

    From the linearised error of the difference and Student's quantile: for 100 accounts with skewed amounts a nominal
    95 % held 95–99 %, where resampling the pairs held 86–95 %. NaN with fewer than 3 accounts in either.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [one.residual / one.weight.sum(axis=0) for one in (now, before)]
    n = np.minimum(now.n, before.n)
    half = _student(n, confidence) * _factor(n) * np.sqrt(np.square(parts[0] - parts[1]).sum(axis=0))
    moved = now.value - before.value
    return Bounds(moved - half, moved + half)


def _student(n: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = stdtrit(np.where(n > 2, n - 1, nan), 0.5 + confidence / 2)
    return found


def share_over_accounts(numerators: ArrayLike, denominators: ArrayLike, confidence: float = CONFIDENCE) -> Bounds:
    """Interval of a share of amounts, Σ y ÷ Σ x with 0 ≤ y ≤ x for every account, mostly all or nothing.

    Wilson's interval with the number of equal accounts that would be as informative: Kish's (Σ x)² ÷ Σ x², or
    share × (1 − share) ÷ variance where that is smaller. It holds where few or no accounts lost anything, which no
    resampling can. NaN where some y is outside its x.
    Source: Korn and Graubard 1998; Dean and Pagano 2015 for the Wilson form.
    """
    found = ratio_over_accounts(numerators, denominators)
    y = found.residual + found.value * found.weight
    inside = ((y >= -1e-9 * np.abs(found.weight)) & (y <= found.weight * (1 + 1e-9))).all(axis=0)
    share = np.clip(found.value, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = np.square(found.weight.sum(axis=0)) / np.square(found.weight).sum(axis=0)
        spread = share * (1 - share) / np.square(found.error)
    equal = np.where(inside & (found.n > 1), np.where(found.error > 0, np.fmin(kish, spread), kish), nan)
    low, high = _wilson(share, equal, confidence)
    return Bounds(np.where(share == 0, 0.0 * equal, low), np.where(share == 1, 1.0 + 0.0 * equal, high))


def bootstrap_ratio(
    numerators: ArrayLike, denominators: ArrayLike | None = None, confidence: float = CONFIDENCE
) -> Bounds:
    """Interval of Σ y ÷ Σ x per column, for skewed amounts.

    Studentised bootstrap over accounts with a fixed seed; the order of accounts does not matter, and a column's
    interval does not depend on the columns beside it. All columns are drawn together; with more than 2,000 accounts
    the linearised interval stands in, which is the same by then.
    NaN with fewer than 3 accounts or nothing to divide by. Source: Davison and Hinkley 1997, section 5.2.1.

    Args:
        numerators: accounts × columns, or one column; NaN where an account has no part.
        denominators: the same shape; None takes 1 each, so the ratio is the mean.
        confidence: share of such intervals that hold the true ratio.
    """
    y, x = _columns(numerators, denominators)
    if len(y) > _MOST_RESAMPLED:
        return linear_ratio(y, x, confidence)
    order = np.lexsort((x, y), axis=0)  # each column has an order of its own, whatever that of the accounts is
    found = ratio_over_accounts(*(np.take_along_axis(part, order, axis=0) for part in (y, x)))
    pivots = _pivots(found)
    ends = [0.5 + confidence / 2, 0.5 - confidence / 2]
    enough = (found.n > 2) & np.isfinite(found.value)
    above, below = np.full((2, len(found.value)), nan)
    for column in np.flatnonzero(enough):
        known = pivots[np.isfinite(pivots[:, column]), column]
        above[column], below[column] = np.quantile(known, ends) if found.error[column] > 0 and len(known) else (0, 0)
    return Bounds(found.value - above * found.error, found.value - below * found.error)


def _pivots(found: Ratio) -> NDArray[np.float64]:
    """(resampled ratio − ratio) ÷ its own standard error, draws × columns; not finite where it has none."""
    e, x = found.residual, found.weight
    sum_e, sum_x, ee, ex, xx = np.hsplit(_times_drawn(len(e)) @ np.hstack([e, x, e * e, e * x, x * x]), 5)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = sum_e / sum_x
        squares = ee - 2 * moved * ex + moved**2 * xx
        squares = np.where(squares <= 1e-12 * ee, 0.0, squares)  # rounding of sums that cancel
        pivots: NDArray[np.float64] = moved / (_factor(found.n) * np.sqrt(squares) / np.abs(sum_x))
    return pivots


@lru_cache(maxsize=4)
def _times_drawn(n: int) -> NDArray[np.float32]:
    """How often each of n accounts is drawn in each resample, draws × accounts."""
    picked = np.random.default_rng(_SEED).integers(0, max(n, 1), (_DRAWS, n)) + n * np.arange(_DRAWS)[:, None]
    times: NDArray[np.float32] = np.bincount(picked.ravel(), minlength=_DRAWS * n).reshape(_DRAWS, n).astype(np.float32)
    return times
