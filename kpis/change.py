"""Did it really change: the difference between two periods, and whether it is more than luck.

Between half and nearly all raw monthly changes are luck, so a change counts only when the interval
of the difference leaves out 0. Proportions and NPS take it from their own intervals (for proportions that is
Newcombe's); ratios over accounts from the accounts themselves, the same ones in both periods, and must also be more
than what is usual from one period to the next, because what happens to all accounts at once (a season) is no luck of
the draw; everything else is held against what is usual alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Literal

import numpy as np
from scipy.special import stdtrit

from kpis.intervals import CONFIDENCE, Bounds, difference
from kpis.kpi import Kpi

Method = Literal["intervals", "accounts", "history", "none"]

FEWEST_DIFFERENCES = 8  # past differences needed to know what is usual
_MANY_ALIKE = (
    0.25  # share of equal differences (mostly nothing happened) from which the median deviation says too little
)
_MAD_TO_SD = 1.4826  # a normal sample's standard deviation ÷ its median absolute deviation


@dataclass(frozen=True)
class Change:
    """The difference between two values of a KPI.

    Attributes:
        difference: now minus before, in the KPI's unit; NaN when they cannot be compared.
        relative: difference ÷ |before|; NaN when before is 0.
        low: lower end of the difference's interval, NaN when unknown.
        high: upper end.
        outside: True when the interval leaves out 0, False within normal variation, None when unknown.
        good: True or False for the better or the worse, None when unchanged or no direction is good.
        method: how the interval was found.
        reason: why there is no difference: "no_value", "incomplete", or None.
    """

    difference: float
    relative: float
    low: float
    high: float
    outside: bool | None
    good: bool | None
    method: Method
    reason: str | None = None


def change(
    kpi: Kpi,
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    history: Sequence[float] = (),
) -> Change:
    """Compare a KPI with an earlier period.

    Args:
        kpi: the KPI.
        now: its row of the KPI table (value, low, high, complete, reason; `step_low` and `step_high` where the interval
            of the difference is known from the accounts).
        before: its row for the period compared with.
        history: earlier differences over the same distance (previous period or a year), in time order,
            without this one; not read for proportions and NPS.

    An unfinished period is never compared as if it were whole.
    """
    if now["reason"] is not None or before["reason"] is not None:
        return _none("no_value")
    if not (now["complete"] and before["complete"]):
        return _none("incomplete")
    moved = float(now["value"]) - float(before["value"])
    low, high, method = _interval(kpi, now, before, moved, history)
    outside = None if method == "none" else not low <= 0 <= high
    usual = usual_difference(history) if method == "accounts" else None
    if usual is not None:
        outside = bool(outside) and abs(moved) > usual
    relative = moved / abs(float(before["value"])) if before["value"] else nan
    return Change(moved, relative, low, high, outside, _good(kpi, moved), method)


def _none(reason: str) -> Change:
    return Change(nan, nan, nan, nan, None, None, "none", reason)


def _good(kpi: Kpi, moved: float) -> bool | None:
    if kpi.direction == "neither" or moved == 0:
        return None
    return (moved > 0) == (kpi.direction == "up")


def _interval(
    kpi: Kpi, now: Mapping[str, Any], before: Mapping[str, Any], moved: float, history: Sequence[float]
) -> tuple[float, float, Method]:
    if kpi.interval in ("wilson", "nps"):  # those of survival curves share customers and are not independent
        ends = (Bounds(float(row["low"]), float(row["high"])) for row in (now, before))
        low, high = difference(float(now["value"]), next(ends), float(before["value"]), next(ends))
        if isfinite(low):
            return float(low), float(high), "intervals"
    step = float(now.get("step_low", nan)), float(now.get("step_high", nan))
    if isfinite(step[0]) and isfinite(step[1]):
        return *step, "accounts"
    half = usual_difference(history)
    return (nan, nan, "none") if half is None else (moved - half, moved + half, "history")


def usual_difference(history: Sequence[float], confidence: float = CONFIDENCE) -> float | None:
    """How far a difference may lie from the usual one by luck, from earlier differences.

    Student's quantile times the spread of the differences around their median (1.4826 × their median
    absolute deviation). None with fewer than 8 known differences.
    """
    known = np.array([value for value in history if value is not None and isfinite(value)], dtype=float)
    if len(known) < FEWEST_DIFFERENCES:
        return None
    spread = _MAD_TO_SD * float(np.median(np.abs(known - np.median(known))))
    if np.mean(known == np.median(known)) >= _MANY_ALIKE:
        spread = max(spread, float(np.std(known, ddof=1)))
    return float(stdtrit(len(known) - 1, 0.5 + confidence / 2)) * spread
