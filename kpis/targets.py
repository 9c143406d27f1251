"""Targets: what a KPI should reach, and where it stands against that.

There are no default targets: without one there is no status.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10, nan
from statistics import median
from typing import Literal

from kpis.kpi import Kpi

Status = Literal["on", "close", "near", "off"]

NEAR = 0.05  # share of the target by which a value may miss it and still be near
MONTHS_BEHIND_SUGGESTION = 12

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_ID = re.compile(r"(?P<year>\d{4})(?:-(?P<kind>[QHW]?)(?P<number>\d{1,2}))?$")


@dataclass(frozen=True)
class Target:
    """A target for a KPI.

    Attributes:
        kpi: key of the KPI.
        value: what to reach, in the KPI's unit.
        period: "" for every period, a grain ("month", "quarter", "half", "year", "week") for every period of it,
            or a period id for that period and the shorter ones inside it.
        segment: "" for the whole company, or "dimension=value".
    """

    kpi: str
    value: float
    period: str = ""
    segment: str = ""


def status(kpi: Kpi, value: float | None, target: float | None, low: float = nan, high: float = nan) -> Status | None:
    """On target, too close to call (missed, but its interval holds the target), near it (missed by at most 5 %) or off.

    `low` and `high` are the ends of the value's interval, NaN where there is none.
    None without a value or a target, and where no direction is good.
    """
    if value is None or target is None or not isfinite(value) or not isfinite(target) or kpi.direction == "neither":
        return None
    missed_by = target - value if kpi.direction == "up" else value - target
    if missed_by <= 0:
        return "on"
    if low <= target <= high:
        return "close"
    return "near" if missed_by <= NEAR * abs(target) else "off"


def applicable(targets: Iterable[Target], kpi: Kpi, period: str, segment: str = "") -> Target | None:
    """The target of a KPI that fits a period and segment best, None when there is none.

    Only targets of that very segment count. The period itself goes before the shortest period around it,
    that before the grain, and that before "every period".
    """
    fitting = [target for target in targets if target.kpi == kpi.key and target.segment == segment]
    ranked = [(rank, target) for target in fitting if (rank := _rank(target.period, period)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def suggestion(values: Sequence[float | None]) -> float | None:
    """What to prefill a target with: the median of the last 12 known whole months, to two digits.

    None without any value. It is a hint and never a target by itself.
    """
    known = [value for value in values if value is not None and isfinite(value)][-MONTHS_BEHIND_SUGGESTION:]
    if not known:
        return None
    middle = median(known)
    return round(middle, 1 - floor(log10(abs(middle)))) if middle else 0.0


def _rank(scope: str, period: str) -> float | None:
    """How closely a target's period scope fits a period, smaller is closer, None when it does not."""
    if scope == period:
        return 0.0
    if not scope:
        return 1000.0
    inside = _span(period)
    if scope == inside[0]:
        return 100.0
    if not _ID.match(scope):
        return None
    grain, first, last = _span(scope)
    covers = grain in _MONTHS and inside[0] != grain and first <= inside[1] and inside[2] <= last
    return float(last - first + 1) if covers else None


def _span(period: str) -> tuple[str, float, float]:
    """Grain, first and last month of a period id, months counted from year 0; weeks lie in a year only."""
    found = _ID.match(period)
    if not found:
        raise ValueError(f"“{period}” is not a period: write 2024-12, 2024-Q4, 2024-H2, 2024 or 2024-W50.")
    year, kind, number = int(found["year"]), found["kind"], int(found["number"] or 1)
    if kind == "W":
        return "week", year * 12 + 0.5, year * 12 + 10.5
    grain = {"Q": "quarter", "H": "half", "": "month", None: "year"}[kind]
    first = year * 12 + (number - 1) * _MONTHS[grain]
    return grain, first, first + _MONTHS[grain] - 1
