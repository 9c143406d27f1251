"""A few months ahead: the simplest method that does not lose, and how far it was off before.

Intervals come from the errors the method would have made at every earlier month, because the intervals of
forecasting models are far too narrow for MRR (a nominal 80 % held 40–76 % of paths).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from kpis.evidence import smoothing
from kpis.evidence.history import Floats
from kpis.evidence.preparing import carried
from kpis.evidence.result import Remark
from kpis.evidence.smoothing import Method

Kind = Literal["money", "share", "number"]

FEWEST_MONTHS = 12
LONGEST = 6  # months ahead
BETTER_BY = 0.05  # a challenger must have been this much closer
COVERAGE = 0.80
_FIRST_TRAINING = 8  # months before the first rolling origin
_CHALLENGERS: dict[str, Method] = {"theta": smoothing.theta, "damped_trend": smoothing.damped_trend}


@dataclass(frozen=True)
class Forecast:
    """A look ahead, or why there is none.

    Attributes:
        points: one value per month ahead; empty when there is none.
        low: lower end of the interval.
        high: upper end.
        method: name of the method.
        error: its mean absolute rolling-origin error, in the unit of the values (money: as a log ratio).
        baseline_error: that of the baseline.
        origins: earlier months the errors come from.
        coverage: nominal share of such intervals that hold the value.
        refusal: why there is no forecast.
    """

    points: Floats
    low: Floats
    high: Floats
    method: str = ""
    error: float = float("nan")
    baseline_error: float = float("nan")
    origins: int = 0
    coverage: float = COVERAGE
    refusal: Remark | None = None


def forecast(values: ArrayLike, kind: Kind, ahead: int = LONGEST) -> Forecast:
    """Forecast a monthly series.

    Args:
        values: whole months, NaN when missing; the latest stretch without a long gap is used.
        kind: "money" is forecast in logarithms, "share" is kept between 0 and 1, "number" is neither.
        ahead: months wanted; at most 6 and a quarter of the months there are.
    """
    series = _latest_stretch(np.asarray(values, dtype=float))
    if len(series) < FEWEST_MONTHS:
        return _none("few_months", n=len(series), needed=FEWEST_MONTHS)
    if kind == "money" and not (series > 0).all():
        return _none("not_positive")
    scaled = np.log(series) if kind == "money" else series
    steps = min(ahead, LONGEST, len(series) // 4)
    name, method, errors, baseline_error = _chosen(scaled, kind, steps)
    points = method(scaled, steps)
    half = _half_widths(errors)
    low, high = points - half, points + half
    if kind == "money":
        points, low, high = np.exp(points), np.exp(low), np.exp(high)
    if kind == "share":
        points, low, high = (np.clip(part, 0.0, 1.0) for part in (points, low, high))
    return Forecast(points, low, high, name, _size(errors), baseline_error, len(errors))


def rolling_errors(values: Floats, method: Method, steps: int) -> Floats:
    """What came minus what would have been forecast, origins × months ahead; NaN beyond the data."""
    origins = range(min(_FIRST_TRAINING, len(values) - steps), len(values))
    errors = np.full((len(origins), steps), np.nan)
    for row, origin in enumerate(origins):
        there = values[origin : origin + steps]
        errors[row, : len(there)] = there - method(values[:origin], steps)[: len(there)]
    return errors


def _chosen(values: Floats, kind: Kind, steps: int) -> tuple[str, Method, Floats, float]:
    """The baseline, unless a challenger was at least 5 % closer: name, method, errors, the baseline's error."""
    if kind == "share":
        simple: dict[str, Method] = {
            "year_mean": smoothing.year_mean,
            "exponential_smoothing": smoothing.exponential_smoothing,
        }
    else:
        simple = {"damped_drift": smoothing.damped_drift}
    tried = {name: rolling_errors(values, method, steps) for name, method in simple.items()}
    best = min(tried, key=lambda name: _size(tried[name]))
    line = _size(tried[best])
    name, method, errors, least = best, simple[best], tried[best], (1 - BETTER_BY) * line
    for challenger, other in _CHALLENGERS.items():
        theirs = rolling_errors(values, other, steps)
        if _size(theirs) <= least and line > 0:
            name, method, errors, least = challenger, other, theirs, _size(theirs)
    return name, method, errors, line


def _half_widths(errors: Floats) -> Floats:
    """Half of the interval per month ahead: Student's quantile × root mean square error, never shrinking ahead.

    Errors of overlapping months ahead are not independent: m errors h months ahead count as m ÷ h.
    """
    count = (~np.isnan(errors)).sum(axis=0)
    free = np.maximum(count / np.arange(1, errors.shape[1] + 1) - 1, 1.0)
    spread = np.sqrt(np.nanmean(np.square(errors), axis=0) * (1 + 1 / np.maximum(count, 1)))
    half: Floats = np.maximum.accumulate(stdtrit(free, 0.5 + COVERAGE / 2) * spread)
    return half


def _size(errors: Floats) -> float:
    """Mean absolute error, every month ahead counting the same."""
    return float(np.nanmean(np.abs(errors), axis=0).mean())


def _latest_stretch(values: Floats) -> Floats:
    """The values up to the last known one, from after the last gap that is too long to be bridged."""
    values = np.where(np.isfinite(values), values, np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return np.empty(0)
    filled = carried(values)[: known[-1] + 1]
    gaps = np.flatnonzero(np.isnan(filled))
    return filled[gaps[-1] + 1 if len(gaps) else 0 :]


def _none(reason: str, **params: int) -> Forecast:
    empty = np.empty(0)
    return Forecast(empty, empty, empty, refusal=Remark(reason, dict(params)))
