"""How sure a number is: 95 % intervals for proportions, NPS, differences and skewed means.

All functions take scalars or arrays and give NaN where an interval has no meaning.
"""

from math import nan
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kpis.kpi import Numbers

CONFIDENCE = 0.95
SMALL_SAMPLE = 30  # below this many cases a value is flagged
TINY_SAMPLE = 10  # below this many answers an NPS is greyed

_NPS_ADDED = 0.75  # pseudo-answers for promoters and detractors each; passives get twice as many
_DRAWS = 1999
_SEED = 20_010_101  # the same data give the same interval, always
_CELLS = 4_000_000  # resampling weights held in memory at once


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
    z = critical_value(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        counts = (n > 0) & (k >= 0) & (k <= n) & (k % 1 == 0) & (n % 1 == 0)
        n = np.where(counts, n, nan)
        share = k / n
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Bounds(np.where(k == 0, 0.0 * n, centre - half), np.where(k == n, 1.0 + 0.0 * n, centre + half))


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


def bootstrap_ratio(
    numerators: ArrayLike, denominators: ArrayLike | None = None, confidence: float = CONFIDENCE
) -> Bounds:
    """Interval of Σ numerators ÷ Σ denominators over accounts, for skewed amounts.

    Studentised bootstrap over accounts with a fixed seed; the order of accounts does not matter.
    NaN with fewer than 3 accounts or nothing to divide by.

    Args:
        numerators: one number per account.
        denominators: one number per account; None takes 1 each, so the ratio is the mean.
        confidence: share of such intervals that hold the true ratio.
    """
    y = np.asarray(numerators, dtype=float)
    x = np.ones_like(y) if denominators is None else np.asarray(denominators, dtype=float)
    known = ~(np.isnan(y) | np.isnan(x))
    order = np.lexsort((x[known], y[known]))
    y, x = y[known][order], x[known][order]
    if len(y) < 3 or x.sum() == 0:
        return Bounds(nan, nan)
    sums = np.column_stack([y, x, y * y, x * y, x * x])
    estimate, error = _ratio_and_error(sums.sum(axis=0)[None, :], len(y))
    if error[0] == 0:
        return Bounds(float(estimate[0]), float(estimate[0]))
    pivots = _pivots(sums, float(estimate[0]))
    upper, lower = np.quantile(pivots, [0.5 + confidence / 2, 0.5 - confidence / 2])
    return Bounds(float(estimate[0] - upper * error[0]), float(estimate[0] - lower * error[0]))


def _ratio_and_error(sums: NDArray[np.float64], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratio and its linearised standard error from the sums of y, x, y², xy and x², one row per sample."""
    y, x, yy, xy, xx = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = y / x
        squares = np.maximum(yy - 2 * estimate * xy + estimate**2 * xx, 0.0)
        squares = np.where(squares <= 1e-12 * yy, 0.0, squares)  # rounding of sums that cancel
        return estimate, np.sqrt(n / (n - 1) * squares) / np.abs(x)


def _pivots(sums: NDArray[np.float64], estimate: float) -> NDArray[np.float64]:
    """(resampled ratio − ratio) ÷ its own standard error, for all draws in which that is defined."""
    n, random, found, left = len(sums), np.random.default_rng(_SEED), [], _DRAWS
    while left:
        draws = min(left, max(1, _CELLS // n))
        weights = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
        ratios, errors = _ratio_and_error(weights @ sums, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append((ratios - estimate) / errors)
        left -= draws
    pivots = np.concatenate(found)
    return pivots[np.isfinite(pivots)]
