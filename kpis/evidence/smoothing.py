"""Simple forecasting methods: each takes a history and gives as many values ahead as asked for."""

from collections.abc import Callable

import numpy as np

from kpis.evidence.history import Floats

Method = Callable[[Floats, int], Floats]

DAMPING = 0.9
_ALPHAS = np.linspace(0.05, 0.95, 19)
_PAIRS = np.array([(alpha, beta) for alpha in np.linspace(0.1, 0.9, 9) for beta in np.linspace(0.05, 0.45, 5)])
_DRIFT_MONTHS = 12


def damped_drift(values: Floats, ahead: int) -> Floats:
    """The last value, moving on by the mean change of the last 12 months, each month by 0.9 of the one before."""
    drift = float(np.diff(values[-_DRIFT_MONTHS - 1 :]).mean())
    return np.asarray(values[-1] + drift * np.cumsum(DAMPING ** np.arange(1, ahead + 1)))


def year_mean(values: Floats, ahead: int) -> Floats:
    """The mean of the last 12 months."""
    return np.full(ahead, values[-12:].mean())


def exponential_smoothing(values: Floats, ahead: int) -> Floats:
    """Simple exponential smoothing; the weight of the last value is the one that forecast best so far."""
    return np.full(ahead, _level(values))


def theta(values: Floats, ahead: int) -> Floats:
    """Theta: exponential smoothing plus half the slope of the straight line through the values.

    Source: Assimakopoulos and Nikolopoulos 2000, in the form of Hyndman and Billah 2003.
    """
    time = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(time @ values / (time @ time))
    return np.asarray(_level(values) + slope / 2 * np.arange(1, ahead + 1), dtype=float)


def damped_trend(values: Floats, ahead: int) -> Floats:
    """Exponential smoothing with a trend that fades by a tenth each month (Gardner and McKenzie 1985).

    The weights of level and trend are those of a grid that forecast best so far.
    """
    level = np.full(len(_PAIRS), values[0])
    trend = np.full(len(_PAIRS), values[1] - values[0])
    alpha, beta = _PAIRS.T
    errors = np.zeros(len(_PAIRS))
    for value in values[1:]:
        expected = level + DAMPING * trend
        errors += np.square(value - expected)
        moved = expected + alpha * (value - expected)
        trend = beta * (moved - level) + (1 - beta) * DAMPING * trend
        level = moved
    best = int(np.argmin(errors))
    forecast: Floats = level[best] + trend[best] * np.cumsum(DAMPING ** np.arange(1, ahead + 1))
    return forecast


def _level(values: Floats) -> float:
    """The smoothed level at the end, for the weight with the smallest one-step error; the first of equals."""
    levels = np.full(len(_ALPHAS), values[0])
    errors = np.zeros(len(_ALPHAS))
    for value in values[1:]:
        errors += np.square(value - levels)
        levels = levels + _ALPHAS * (value - levels)
    return float(levels[np.argmin(errors)])
