"""The few SQL elements that engines spell differently, each with a compiler per tested engine.

Anything an engine was not tested with raises instead of compiling to something silently wrong.
The PostgreSQL text also runs on DuckDB.

Elements: `PeriodStart`, `DayLiteral`, `DayOf`, `AddDays`, `AddMonths`, `DaysBetween`,
`SecondsBetween`, `ToInteger`. Only `sum(case …)` is used for conditional sums, and every sum is
cast to BIGINT after summing (`total`).
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from data.calendar import GRAINS

DUCKDB = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class _Element(FunctionElement[Any]):
    """An element without a default spelling. `option` is a constant that is part of it."""

    inherit_cache = False

    def __init_subclass__(cls) -> None:
        cls.inherit_cache = False  # SQLAlchemy reads it class by class
        super().__init_subclass__()

    def __init__(self, *arguments: Any, option: Any = None) -> None:
        super().__init__(*arguments)
        self.option = option


class PeriodStart(_Element):
    """First day of the period that a day falls in; `option` is the grain."""

    type = sa.Date()

    def __init__(self, day: ColumnElement[Any], grain: str) -> None:
        if grain not in GRAINS:
            raise ValueError(grain)
        super().__init__(day, option=grain)


class DayLiteral(_Element):
    """A constant day."""

    type = sa.Date()

    def __init__(self, day: date) -> None:
        super().__init__(option=day)


class DayOf(_Element):
    """The day of a timestamp; missing stays missing."""

    type = sa.Date()


class AddDays(_Element):
    """A day, a whole number of days later."""

    type = sa.Date()

    def __init__(self, day: ColumnElement[Any], days: int) -> None:
        super().__init__(day, option=int(days))


class AddMonths(_Element):
    """A day, a number of months later (an integer expression), clamped to the last day of that month."""

    type = sa.Date()

    def __init__(self, day: ColumnElement[Any], months: ColumnElement[Any]) -> None:
        super().__init__(day, sa.cast(ToInteger(months), sa.Integer))


class DaysBetween(_Element):
    """Whole days from the first day to the second."""

    type = sa.BigInteger()


class SecondsBetween(_Element):
    """Seconds from the first timestamp to the second, as a double."""

    type = sa.Double()


class ToInteger(_Element):
    """The nearest integer, halves away from zero, as BIGINT."""

    type = sa.BigInteger()


@compiles(_Element)
def _unknown(element: _Element, compiler: Any, **_: Any) -> str:
    raise NotImplementedError(f"{type(element).__name__} is not tested on {compiler.dialect.name}")


def _parts(element: _Element, compiler: Any, **options: Any) -> list[str]:
    return [compiler.process(part, **options) for part in element.clauses]


@compiles(PeriodStart, "postgresql")
def _(element: PeriodStart, compiler: Any, **options: Any) -> str:
    (day,) = _parts(element, compiler, **options)
    if element.option == "half":
        july = f"(CASE WHEN EXTRACT(MONTH FROM {day}) > 6 THEN 6 ELSE 0 END)"
        return f"CAST(date_trunc('year', {day}) + {july} * INTERVAL '1 month' AS DATE)"
    return f"CAST(date_trunc('{element.option}', {day}) AS DATE)"


@compiles(PeriodStart, "sqlite")
def _(element: PeriodStart, compiler: Any, **options: Any) -> str:
    (day,) = _parts(element, compiler, **options)
    if element.option == "week":
        return f"date({day}, 'weekday 0', '-6 days')"
    if element.option == "year":
        return f"date({day}, 'start of year')"
    size = {"month": 1, "quarter": 3, "half": 6}[element.option]
    return f"date({day}, 'start of month', '-' || ((CAST(strftime('%m', {day}) AS INTEGER) - 1) % {size}) || ' months')"


@compiles(PeriodStart, "spark")
def _(element: PeriodStart, compiler: Any, **options: Any) -> str:
    (day,) = _parts(element, compiler, **options)
    if element.option == "half":
        return f"add_months(trunc({day}, 'YEAR'), CASE WHEN month({day}) > 6 THEN 6 ELSE 0 END)"
    return f"trunc({day}, '{element.option.upper()}')"


@compiles(DayLiteral, "postgresql")
@compiles(DayLiteral, "spark")
def _(element: DayLiteral, compiler: Any, **_: Any) -> str:
    return f"CAST('{element.option.isoformat()}' AS DATE)"


@compiles(DayLiteral, "sqlite")
def _(element: DayLiteral, compiler: Any, **_: Any) -> str:
    return f"'{element.option.isoformat()}'"


@compiles(DayOf, "postgresql")
@compiles(DayOf, "spark")
def _(element: DayOf, compiler: Any, **options: Any) -> str:
    return f"CAST({_parts(element, compiler, **options)[0]} AS DATE)"


@compiles(DayOf, "sqlite")
def _(element: DayOf, compiler: Any, **options: Any) -> str:
    return f"date({_parts(element, compiler, **options)[0]})"


@compiles(AddDays, "postgresql")
def _(element: AddDays, compiler: Any, **options: Any) -> str:
    return f"({_parts(element, compiler, **options)[0]} + ({element.option}))"


@compiles(AddDays, "spark")
def _(element: AddDays, compiler: Any, **options: Any) -> str:
    return f"date_add({_parts(element, compiler, **options)[0]}, {element.option})"


@compiles(AddDays, "sqlite")
def _(element: AddDays, compiler: Any, **options: Any) -> str:
    return f"date({_parts(element, compiler, **options)[0]}, '{element.option:+d} days')"


@compiles(AddMonths, "postgresql")
def _(element: AddMonths, compiler: Any, **options: Any) -> str:
    day, months = _parts(element, compiler, **options)
    return f"CAST({day} + {months} * INTERVAL '1 month' AS DATE)"


@compiles(AddMonths, "spark")
def _(element: AddMonths, compiler: Any, **options: Any) -> str:
    day, months = _parts(element, compiler, **options)
    return f"add_months({day}, {months})"


@compiles(AddMonths, "sqlite")
def _(element: AddMonths, compiler: Any, **options: Any) -> str:
    day, months = _parts(element, compiler, **options)
    last = f"date({day}, 'start of month', ({months} + 1) || ' months', '-1 day')"
    return f"min(date({day}, {months} || ' months'), {last})"


@compiles(DaysBetween, "postgresql")
def _(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    return f"({second} - {first})"


@compiles(DaysBetween, "spark")
def _(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    return f"CAST(datediff({second}, {first}) AS BIGINT)"


@compiles(DaysBetween, "sqlite")
def _(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    return f"CAST(julianday({second}) - julianday({first}) AS INTEGER)"


@compiles(SecondsBetween, "postgresql")
def _(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    return f"CAST(EXTRACT(EPOCH FROM ({second} - {first})) AS DOUBLE PRECISION)"


@compiles(SecondsBetween, "spark")
def _(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    between = f"({second} - {first})"  # an interval of wall-clock times: no zone has a say in it
    whole = f"EXTRACT(DAY FROM {between}) * 86400 + EXTRACT(HOUR FROM {between}) * 3600"
    rest = f"EXTRACT(MINUTE FROM {between}) * 60 + EXTRACT(SECOND FROM {between})"
    return f"CAST({whole} + {rest} AS DOUBLE)"


@compiles(SecondsBetween, "sqlite")
def _(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = _parts(element, compiler, **options)
    return f"({_seconds(second)} - {_seconds(first)})"


def _seconds(moment: str) -> str:
    fraction = f"round(CAST(strftime('%f', {moment}) AS REAL) - CAST(strftime('%S', {moment}) AS REAL), 3)"
    return f"(CAST(strftime('%s', {moment}) AS REAL) + {fraction})"


@compiles(ToInteger, "postgresql")
@compiles(ToInteger, "spark")
def _(element: ToInteger, compiler: Any, **options: Any) -> str:
    (value,) = _parts(element, compiler, **options)
    return f"CAST(sign({value}) * floor(abs({value}) + 0.5) AS BIGINT)"


@compiles(ToInteger, "sqlite")
def _(element: ToInteger, compiler: Any, **options: Any) -> str:
    return f"CAST(round({_parts(element, compiler, **options)[0]}) AS INTEGER)"


def total(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A sum, cast to BIGINT after summing: the only sum used in measures of counts, seconds and money."""
    return sa.cast(sa.func.sum(value), sa.BigInteger)


def count_where(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """How many rows meet a condition (unknown counts as not met)."""
    return total(sa.case((condition, 1), else_=0))


def sum_where(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The sum of a value over the rows that meet a condition, 0 when none does."""
    return total(sa.case((condition, sa.func.coalesce(value, 0)), else_=0))
