"""Periods: the days a number opens and closes on, at every grain.

A period is half-open (`start` to `end`, the end exclusive). Its closing day is its last day, or the
as-of day while it is not over; its opening day is the day before it starts. Weeks are ISO weeks.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from data.problems import DataProblem

GRAINS = ("week", "month", "quarter", "half", "year")
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_ONE_DAY = timedelta(days=1)
_ID = re.compile(r"(\d{4})(?:-(?:(Q[1-4])|(H[12])|W(\d\d)|(\d\d)))?")


@dataclass(frozen=True)
class Period:
    """One period as it stands on the as-of day. `days` and `working_days` run from its start to its closing day."""

    id: str
    start: date
    end: date
    opening: date
    closing: date
    complete: bool
    back_1m: date
    back_3m: date
    back_12m: date
    working_days: int
    days: int


def add_months(day: date, months: int) -> date:
    """The day `months` calendar months later (or earlier), clamped to the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_back(day: date, months: int) -> date:
    """The closing day `months` calendar months before a closing day: month ends stay month ends."""
    return add_months(day + _ONE_DAY, -months) - _ONE_DAY


def month_ends(closing: date, count: int) -> tuple[date, ...]:
    """The last `count` month ends on or before a day, the latest first."""
    after = (closing + _ONE_DAY).replace(day=1)
    return tuple(add_months(after, -back) - _ONE_DAY for back in range(count))


def working_days(first: date, last: date) -> int:
    """Mondays to Fridays from `first` to `last`, both included."""
    days = max((last - first).days + 1, 0)
    weeks, rest = divmod(days, 7)
    return weeks * 5 + sum((first.weekday() + i) % 7 < 5 for i in range(rest))


def start_of(day: date, grain: str) -> date:
    """First day of the period that `day` falls in."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    size = MONTHS[_known(grain)]
    return date(day.year, (day.month - 1) // size * size + 1, 1)


def next_start(start: date, grain: str) -> date:
    """First day of the period after the one that starts on `start`."""
    return start + timedelta(days=7) if grain == "week" else add_months(start, MONTHS[_known(grain)])


def period_of(day: date, grain: str) -> str:
    """Id of the period that `day` falls in: 2024-W50, 2024-12, 2024-Q4, 2024-H2 or 2024."""
    if grain == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    size = MONTHS[_known(grain)]
    part = (day.month - 1) // size + 1
    suffix = {"month": f"-{part:02d}", "quarter": f"-Q{part}", "half": f"-H{part}", "year": ""}[grain]
    return f"{day.year:04d}{suffix}"


def parse(period_id: str) -> tuple[str, date, date]:
    """Grain, first day and exclusive end of a period id.

    Raises:
        DataProblem: the text is not a period id.
    """
    match = _ID.fullmatch(period_id)
    try:
        if match is None:
            raise ValueError(period_id)
        year, quarter, half, week, month = match.groups()
        if week:
            grain, start = "week", date.fromisocalendar(int(year), int(week), 1)
        elif quarter:
            grain, start = "quarter", date(int(year), int(quarter[1]) * 3 - 2, 1)
        elif half:
            grain, start = "half", date(int(year), int(half[1]) * 6 - 5, 1)
        elif month:
            grain, start = "month", date(int(year), int(month), 1)
        else:
            grain, start = "year", date(int(year), 1, 1)
    except ValueError:
        raise DataProblem(
            "period_unknown",
            "{period!r} is not a period; write 2024-12, 2024-Q4, 2024-H2, 2024 or 2024-W50.",
            period=period_id,
        ) from None
    return grain, start, next_start(start, grain)


def next_id(period_id: str) -> str:
    """Id of the period after this one."""
    grain, _, end = parse(period_id)
    return period_of(end, grain)


def previous_id(period_id: str) -> str:
    """Id of the period before this one."""
    grain, start, _ = parse(period_id)
    return period_of(start - _ONE_DAY, grain)


def periods(first: date, as_of: date, grain: str) -> tuple[Period, ...]:
    """All periods from the one `first` falls in to the one `as_of` falls in; none when `first` is after `as_of`."""
    found: list[Period] = []
    start = start_of(first, grain)
    while start <= as_of and first <= as_of:
        end = next_start(start, grain)
        closing = min(end - _ONE_DAY, as_of)
        found.append(
            Period(
                id=period_of(start, grain),
                start=start,
                end=end,
                opening=start - _ONE_DAY,
                closing=closing,
                complete=end - _ONE_DAY <= as_of,
                back_1m=months_back(closing, 1),
                back_3m=months_back(closing, 3),
                back_12m=months_back(closing, 12),
                working_days=working_days(start, closing),
                days=(closing - start).days + 1,
            )
        )
        start = end
    return tuple(found)


def _known(grain: str) -> str:
    if grain not in GRAINS:
        raise DataProblem(
            "grain_unknown", "There is no grain {grain!r}; there are {known}.", grain=grain, known=", ".join(GRAINS)
        )
    return grain
