"""A few months ahead: the simplest method that does not lose, and how far it was off before.

Intervals come from the errors the method would have made at every earlier month, because the intervals of
forecasting models are far too narrow for MRR (a nominal 80 % held 40–76 % of paths). Whether they hold what they say
is counted too: every month from the twelfth on is forecast again as it would have been then.
"""

from dataclasses import dataclass
from math import inf, nan
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from kpis.evidence import smoothing
from kpis.evidence.history import Floats
from kpis.evidence.preparing import carried
from kpis.evidence.result import Remark
from kpis.evidence.smoothing import Method

Kind = Literal["money", "level"]

FEWEST_MONTHS = 12
LONGEST = 6  # months ahead
BETTER_BY = 0.05  # a challenger must have been this much closer
COVERAGE = 0.80
_FIRST_TRAINING = 8  # months before the first rolling origin
_SIMPLE: dict[Kind, dict[str, Method]] = {
    "money": {"damped_drift": smoothing.damped_drift},
    "level": {"year_mean": smoothing.year_mean, "exponential_smoothing": smoothing.exponential_smoothing},
}
_CHALLENGERS: dict[str, Method] = {"theta": smoothing.theta, "damped_trend": smoothing.damped_trend}


@dataclass(frozen=True)
class Forecast:
    """A look ahead, or why there is none.

    Attributes:
        points: one value per month ahead; empty when there is none.
        low: lower end of the interval.
        high: upper end.
        method: name of the method.
        error: its mean absolute rolling-origin error, in the unit of the values, or as a log ratio (`relative`).
        baseline_error: that of the baseline.
        origins: earlier months the errors come from.
        months: months of values it rests on.
        held: earlier values that lay inside the interval they would have been given.
        tried: earlier values that would have been given one; 0 when there is too little past.
        relative: whether the errors are log ratios.
        coverage: nominal share of such intervals that hold the value.
        refusal: why there is no forecast.
    """

    points: Floats
    low: Floats
    high: Floats
    method: str = ""
    error: float = nan
    baseline_error: float = nan
    origins: int = 0
    months: int = 0
    held: int = 0
    tried: int = 0
    relative: bool = False
    coverage: float = COVERAGE
    refusal: Remark | None = None


class _Chosen(NamedTuple):
    """The method in force, its errors, and the mean absolute error of the best baseline."""

    name: str
    errors: Floats
    baseline_error: float


def forecast(values: ArrayLike, kind: Kind, ends: tuple[float, float] = (-inf, inf), ahead: int = LONGEST) -> Forecast:
    """Forecast a monthly series.

    Args:
        values: whole months, NaN when missing; the latest stretch without a long gap is used.
        kind: "money" is forecast in logarithms and drifts on; a "level" (a rate, a score, a time) stays where it was.
        ends: what the value cannot go beyond, such as 0 and 1 for a proportion.
        ahead: months wanted; at most 6 and a quarter of the months there are.
    """
    series = _latest_stretch(np.asarray(values, dtype=float))
    if len(series) < FEWEST_MONTHS:
        return _none("few_months", n=len(series), needed=FEWEST_MONTHS)
    if kind == "money" and not (series > 0).all():
        return _none("not_positive")
    scaled = np.log(series) if kind == "money" else series
    steps = _steps(len(series), ahead)
    every = {name: rolling_errors(scaled, method, steps) for name, method in _methods(kind).items()}
    chosen = _choice(every, kind)
    points = _methods(kind)[chosen.name](scaled, steps)
    half = _half_widths(chosen.errors)
    held, tried = _record(every, kind, len(series), ahead)
    low, high = points - half, points + half
    if kind == "money":
        points, low, high = np.exp(points), np.exp(low), np.exp(high)
    points, low, high = (np.clip(part, *ends) for part in (points, low, high))
    return Forecast(
        points,
        low,
        high,
        method=chosen.name,
        error=_size(chosen.errors),
        baseline_error=chosen.baseline_error,
        origins=len(chosen.errors),
        months=len(series),
        held=held,
        tried=tried,
        relative=kind == "money",
    )


def rolling_errors(values: Floats, method: Method, steps: int) -> Floats:
    """What came minus what would have been forecast, origins × months ahead; NaN beyond the data."""
    origins = range(_first_origin(len(values), steps), len(values))
    errors = np.full((len(origins), steps), np.nan)
    for row, origin in enumerate(origins):
        there = values[origin : origin + steps]
        errors[row, : len(there)] = there - method(values[:origin], steps)[: len(there)]
    return errors


def _first_origin(months: int, steps: int) -> int:
    return min(_FIRST_TRAINING, months - steps)


def _steps(months: int, ahead: int) -> int:
    return min(ahead, LONGEST, months // 4)


def _methods(kind: Kind) -> dict[str, Method]:
    return _SIMPLE[kind] | _CHALLENGERS


def _choice(every: dict[str, Floats], kind: Kind) -> _Chosen:
    """The baseline, unless a challenger was at least 5 % closer."""
    best = min(_SIMPLE[kind], key=lambda name: _size(every[name]))
    line = _size(every[best])
    name, least = best, (1 - BETTER_BY) * line
    for challenger in _CHALLENGERS:
        size = _size(every[challenger])
        if size <= least and line > 0:
            name, least = challenger, size
    return _Chosen(name, every[name], line)


def _record(every: dict[str, Floats], kind: Kind, months: int, ahead: int) -> tuple[int, int]:
    """How many earlier values lay inside the interval that would have been drawn for them then, and of how many.

    At each month from the twelfth on only what was known then counts: the months before it choose the method and give
    the width.
    """
    held = tried = 0
    first = _first_origin(months, next(iter(every.values())).shape[1])
    for now in range(FEWEST_MONTHS, months):
        steps, row = _steps(now, ahead), now - first
        seen = np.add.outer(np.arange(first, now), np.arange(steps)) < now
        then = {name: np.where(seen, errors[:row, :steps], np.nan) for name, errors in every.items()}
        came = _choice(then, kind).name
        off = np.abs(every[came][row, :steps])
        known = ~np.isnan(off)
        held += int((off <= _half_widths(then[came]) + 1e-12)[known].sum())
        tried += int(known.sum())
    return held, tried


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
