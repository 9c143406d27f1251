"""Periods of the calendar, worked out day by day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

GRAINS = ("week", "month", "quarter", "half", "year")
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """One period: `closing` is its last day or the as-of date, `opening` the day before it starts."""

    id: str
    start: pd.Timestamp
    last: pd.Timestamp
    closing: pd.Timestamp
    opening: pd.Timestamp

    @property
    def days(self) -> int:
        """Calendar days from the start to the closing day, both counted."""
        return (self.closing - self.start).days + 1

    @property
    def working_days(self) -> int:
        """Mondays to Fridays from the start to the closing day, both counted."""
        return int((pd.date_range(self.start, self.closing).dayofweek < 5).sum())


def bounds(day: pd.Timestamp, grain: str) -> tuple[str, pd.Timestamp, pd.Timestamp]:
    """The id, first day and first day of the next period, of the period a day lies in."""
    if grain == "week":
        iso = day.isocalendar()
        start = day - pd.Timedelta(days=day.dayofweek)
        return f"{iso.year}-W{iso.week:02d}", start, start + pd.Timedelta(days=7)
    length = {"month": 1, "quarter": 3, "half": 6, "year": 12}[grain]
    number = (day.month - 1) // length
    start = pd.Timestamp(day.year, number * length + 1, 1)
    name = {
        "month": f"{day.year}-{day.month:02d}",
        "quarter": f"{day.year}-Q{number + 1}",
        "half": f"{day.year}-H{number + 1}",
        "year": f"{day.year}",
    }[grain]
    return name, start, start + pd.DateOffset(months=length)


def periods(first: pd.Timestamp, as_of: pd.Timestamp, grain: str) -> list[Period]:
    """Every period from the one of `first` to the one of `as_of`."""
    found: list[Period] = []
    day = first
    while True:
        name, start, end = bounds(day, grain)
        if start > as_of:
            return found
        found.append(Period(name, start, end - DAY, min(end - DAY, as_of), start - DAY))
        day = end


def months_back(day: pd.Timestamp, months: int) -> pd.Timestamp:
    """The closing day `months` calendar months before a closing day (28 Feb 2025 gives 29 Feb 2024)."""
    return (day + DAY) - pd.DateOffset(months=months) - DAY


def period_of(days: pd.Series, spans: Sequence[Period]) -> pd.Series:
    """The id of the period each day (or timestamp) lies in, up to its closing day; None elsewhere."""
    whole = days.dt.normalize()
    starts = np.array([p.start for p in spans], dtype="datetime64[ns]")
    closings = np.array([p.closing for p in spans], dtype="datetime64[ns]")
    names = np.array([p.id for p in spans], dtype=object)
    values = whole.to_numpy(dtype="datetime64[ns]")
    place = np.searchsorted(starts, values, side="right") - 1
    inside = ~np.isnat(values) & (place >= 0)
    place = np.where(inside, place, 0)
    inside &= values <= closings[place]
    found = [names[k] if ok else None for k, ok in zip(place, inside, strict=True)]
    return pd.Series(found, index=days.index, dtype="object")
