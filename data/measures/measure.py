"""How a measure is declared, and what every family of measures is built from.

A family is one select on the canonical tables that gives one row per account and period in which
there is something: columns `account_id` ('' = company row), `no` (number of the period) and one
column per measure. The panel joins families to all accounts and periods: a family whose tables
are not loaded is NULL throughout, otherwise an account without rows has 0.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.calendar import Period, month_ends
from data.measures.elements import DayLiteral, PeriodStart, ToInteger
from data.policies import Policies
from data.schema import tables

COMPANY = ""
MILLION = 1_000_000
MONTH_ENDS = 7  # the closings of six whole months, and the opening of the first


@dataclass(frozen=True)
class Measure:
    """One additive number per account and period.

    Attributes:
        kind: how it behaves over time: event, stock, movement, trailing or distinct.
        unit: money (integer millionths of the reporting currency), count, seconds, days, points …
        needs: "table" or "table.column" that must hold values, all of them; "a|b" = either.
        company_row: whether rows without an account carry it.
        dimensions: columns of its rows, other than account attributes, that it can be broken down by.
    """

    name: str
    meaning: str
    kind: str
    unit: str
    needs: tuple[str, ...]
    company_row: bool = False
    dimensions: tuple[str, ...] = ()


@dataclass(eq=False)
class Context:
    """What a family is built for: periods, policies and what is loaded.

    Attributes:
        loaded: names of tables and "table.column" that hold values.
        earliest: first day by subject ("subscriptions": earliest start, "orders": first order).
    """

    grain: str
    periods: tuple[Period, ...]
    policies: Policies
    as_of: date
    loaded: Container[str]
    earliest: Mapping[str, date] = field(default_factory=dict)
    _shared: dict[str, sa.CTE] = field(default_factory=dict, repr=False)

    def has(self, *needs: str) -> bool:
        """Whether all of the tables or columns hold values ("a|b" = either)."""
        return all(any(name in self.loaded for name in need.split("|")) for need in needs)

    def shared(self, name: str, build: Callable[["Context"], sa.Select[Any] | sa.Values]) -> sa.CTE:
        """A common table expression built once per statement, whoever asks first."""
        if name not in self._shared:
            self._shared[name] = build(self).cte(name)
        return self._shared[name]

    @property
    def calendar(self) -> sa.CTE:
        """One row per period: no, starts_on, opens_on, closes_on, back_1m …, month_end_0 (latest) to 6, days …"""
        return self.shared("calendar", _calendar)


@dataclass(frozen=True)
class Family:
    """Measures that come from one select.

    Attributes:
        build: the select for a context; with a dimension name as second argument it also has a
            column `dimension` and is grouped by it (only where the measures declare it).
        first_no: number of the first period that has a value, by measure; absent = all have one.
        absent_is_zero: whether an account without a row has 0 (else the value is missing).
    """

    name: str
    measures: tuple[Measure, ...]
    build: Callable[..., sa.Select[Any]]
    first_no: Callable[[Context], Mapping[str, int]] = lambda context: {}
    absent_is_zero: bool = True

    def lit(self, context: Context) -> tuple[Measure, ...]:
        """The measures whose tables and columns hold values."""
        return tuple(measure for measure in self.measures if context.has(*measure.needs))


def table(name: str) -> sa.Table:
    """The canonical table that measures are written on."""
    return tables()[name].sql


def literals(name: str, rows: list[dict[str, Any]]) -> sa.Values:
    """A small constant table, so that databases that are only read can be asked."""
    values = [tuple(_literal(value) for value in row.values()) for row in rows]
    columns = [sa.column(column, value.type) for column, value in zip(rows[0], values[0], strict=True)]
    return sa.values(*columns, name=name).data(values)


def _literal(value: Any) -> ColumnElement[Any]:
    if isinstance(value, date):
        return DayLiteral(value)
    return sa.literal_column(str(int(value)), sa.Integer)


def _calendar(context: Context) -> sa.Values:
    return literals(
        "calendar",
        [
            {
                "no": no,
                "starts_on": period.start,
                "opens_on": period.opening,
                "closes_on": period.closing,
                "back_1m": period.back_1m,
                "back_3m": period.back_3m,
                "back_12m": period.back_12m,
                **{f"month_end_{back}": day for back, day in enumerate(month_ends(period.closing, MONTH_ENDS))},
                "days": period.days,
                "working_days": period.working_days,
            }
            for no, period in enumerate(context.periods)
        ],
    )


def events(context: Context, day: ColumnElement[Any], *columns: ColumnElement[Any], where: Any = None) -> sa.Subquery:
    """Rows with the number of the period their day falls in, as `no`, beside the columns asked for.

    The period is projected here so that callers group by the plain column `no`. Rows outside all
    periods, or after the closing day, are not in it. `day` must be a day: wrap timestamps in `DayOf`.
    """
    inner = sa.select(day.label("event_day"), PeriodStart(day, context.grain).label("event_start"), *columns)
    rows = (inner if where is None else inner.where(where)).subquery()
    calendar = context.calendar
    kept = [column for column in rows.c if column.name != "event_start"]
    return (
        sa.select(calendar.c.no, *kept)
        .join_from(rows, calendar, calendar.c.starts_on == rows.c.event_start)
        .where(rows.c.event_day <= calendar.c.closes_on)
        .subquery()
    )


def first_period_closing_from(context: Context, day: date | None) -> int:
    """Number of the first period whose closing day is on or after a day (beyond the last without one)."""
    return sum(1 for period in context.periods if day is None or period.closing < day)


def rate(policies: Policies, currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """The one rate of a currency in the settings; 1 for the reporting currency and where none is set."""
    rates = [(currency == code, value) for code, value in policies.rates if code != policies.currency]
    whens = [(condition, sa.literal(float(value), sa.Double)) for condition, value in rates]
    return sa.case(*whens, else_=sa.literal(1.0, sa.Double)) if whens else sa.literal(1.0, sa.Double)


def dated_rate(context: Context, currency: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The last rate of `fx_rates` valid on a day, else the one rate of the settings."""
    policies = context.policies
    if not context.has("fx_rates"):
        return rate(policies, currency)
    spans = context.shared("fx_spans", _fx_spans).alias()
    in_force = sa.and_(spans.c.valid_from <= day, sa.or_(spans.c.valid_to.is_(None), spans.c.valid_to > day))
    found = (
        sa.select(sa.func.max(spans.c.rate))
        .where(spans.c.currency == currency, in_force)
        .correlate_except(spans)
        .scalar_subquery()
    )
    return sa.case(
        (sa.func.coalesce(currency, policies.currency) == policies.currency, sa.literal(1.0, sa.Double)),
        else_=sa.func.coalesce(found, rate(policies, currency)),
    )


def _fx_spans(context: Context) -> sa.Select[Any]:
    """Rates with the days they are valid on: currency, rate, valid_from, valid_to (the first day of the next)."""
    rates = table("fx_rates").c
    first = sa.select(rates.currency, rates.valid_from, sa.func.max(rates.rate).label("rate"))
    days = first.group_by(rates.currency, rates.valid_from).subquery().c
    later = sa.func.lead(days.valid_from).over(partition_by=days.currency, order_by=days.valid_from)
    return sa.select(days.currency, days.rate, days.valid_from, later.label("valid_to"))


def millionths(amount: ColumnElement[Any], times: ColumnElement[Any]) -> ColumnElement[Any]:
    """Money as integer millionths of the reporting currency, rounded once, halves away from zero."""
    return ToInteger(amount * times * sa.literal(float(MILLION), sa.Double))
