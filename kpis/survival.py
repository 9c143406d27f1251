"""How long customers stay: Kaplan–Meier with right censoring and left truncation.

Customers still here count as long as they have been followed (right censoring); customers whose
life began before the data do count only from the day they came into view (left truncation).
Source: Kaplan and Meier 1958; interval by Greenwood's variance on the log(−log) scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kpis.intervals import CONFIDENCE, Bounds, critical_value

DAYS_PER_MONTH = 365.25 / 12
HORIZONS = (12, 24)  # months at which survival is a KPI
MEASURES = frozenset({"survival_accounts", "survival_events", "lifetime_median"}).union(
    f"survival_{months}m{end}" for months in HORIZONS for end in ("", "_low", "_high")
)

_ROUNDING = 1e-12  # a product of shares that should be exactly a half may miss it by this much

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A survival curve, one entry per distinct time at which somebody left.

    Attributes:
        times: times of the steps, ascending, in the unit of the input.
        survival: share still here just after each step.
        at_risk: how many were in view and still here just before each step.
        events: how many left at each step.
        variance: Greenwood's sum Σ d ÷ (n (n − d)) up to each step; infinite once everybody at risk has left.
        followed_to: the last time at which anybody was in view.
        lives: how many lives were in view at any time.
    """

    times: Floats
    survival: Floats
    at_risk: Floats
    events: Floats
    variance: Floats
    followed_to: float
    lives: int

    def at(self, time: float) -> float:
        """Share still here at a time, leavers of that very time gone; NaN beyond what was followed."""
        if not time <= self.followed_to:
            return nan
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        return 1.0 if step < 0 else float(self.survival[step])

    def interval(self, time: float, confidence: float = CONFIDENCE) -> Bounds:
        """Interval of the share still here at a time; NaN where it is 0 or 1 or not followed."""
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        if not time <= self.followed_to or step < 0 or not 0 < self.survival[step] < 1:
            return Bounds(nan, nan)
        share = float(self.survival[step])
        spread = critical_value(confidence) * np.sqrt(self.variance[step]) / np.log(share)  # negative
        return Bounds(float(share ** np.exp(-spread)), float(share ** np.exp(spread)))

    @property
    def median(self) -> float:
        """The first time at which at most half are still here; NaN when that is not reached."""
        reached = np.flatnonzero(self.survival <= 0.5 + _ROUNDING)
        return float(self.times[reached[0]]) if len(reached) else nan


def kaplan_meier(entry: ArrayLike, exit: ArrayLike, event: ArrayLike) -> Curve:
    """The survival curve of lives observed from `entry` to `exit`.

    Args:
        entry: age at which each life came into view, 0 when from its start.
        exit: age at which it left or was last seen.
        event: whether it left (else it was still here).

    A life is at risk at t when entry < t ≤ exit; lives that are never in view (exit ≤ entry) are left out.
    """
    start, end, left = np.asarray(entry, float), np.asarray(exit, float), np.asarray(event, bool)
    seen = end > start
    start, end, left = np.sort(start[seen]), end[seen], left[seen]
    times, events = np.unique(end[left], return_counts=True)
    entered = np.searchsorted(start, times)  # entry < t
    gone = np.searchsorted(np.sort(end), times)  # exit < t
    at_risk = (entered - gone).astype(float)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
    return Curve(
        times=times,
        survival=np.cumprod(1 - events / at_risk),
        at_risk=at_risk,
        events=events.astype(float),
        variance=variance,
        followed_to=float(end.max()) if len(end) else nan,
        lives=len(end),
    )


def summary(lifetimes: pd.DataFrame) -> dict[str, float]:
    """The measures of the lifetime KPIs (`MEASURES`) from lives as known at one closing day.

    Args:
        lifetimes: one row per life: entry_days, exit_days, event.

    Returns:
        survival_accounts (lives in view), survival_events (departures), lifetime_median (months), survival_12m and
        survival_24m (shares) with `_low` and `_high`. NaN where the curve does not reach.
    """
    curve = kaplan_meier(lifetimes["entry_days"], lifetimes["exit_days"], lifetimes["event"])
    measures = {
        "survival_accounts": float(curve.lives),
        "survival_events": float(curve.events.sum()),
        "lifetime_median": curve.median / DAYS_PER_MONTH,
    }
    for months in HORIZONS:
        measures[f"survival_{months}m"] = curve.at(months * DAYS_PER_MONTH)
        low, high = curve.interval(months * DAYS_PER_MONTH)
        measures |= {f"survival_{months}m_low": low, f"survival_{months}m_high": high}
    return measures


def lifetime_measures(lifetimes: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """`summary` per group: columns *by and `MEASURES`, one row per group; a missing dimension is a group of its own."""
    if not by:
        return pd.DataFrame([summary(lifetimes)])
    groups = lifetimes.groupby(list(by), dropna=False, observed=True)
    rows = [dict(zip(by, names, strict=True)) | summary(lives) for names, lives in groups]
    return pd.DataFrame(rows, columns=[*by, *summary(lifetimes.iloc[:0])])
