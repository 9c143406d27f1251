"""Periods and their days."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite as sqlite_engine

from data.calendar import (
    GRAINS,
    add_months,
    month_ends,
    months_back,
    next_id,
    parse,
    period_of,
    periods,
    previous_id,
    start_of,
    working_days,
)
from data.facts import connect
from data.measures.elements import AddMonths, DaysBetween, PeriodStart, SecondsBetween, ToInteger
from data.panel import compile_select
from data.problems import DataProblem
from tests.data.engines import facts

NOTHING = facts({})
_ENGINE = sa.create_engine("sqlite://")
DAYS = st.dates(date(1999, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("day", "ids"),
    [
        (date(2024, 12, 30), ["2025-W01", "2024-12", "2024-Q4", "2024-H2", "2024"]),
        (date(2021, 1, 3), ["2020-W53", "2021-01", "2021-Q1", "2021-H1", "2021"]),
    ],
)  # fmt: skip
def test_ids(day, ids):
    assert [period_of(day, grain) for grain in GRAINS] == ids


@given(DAYS, st.sampled_from(GRAINS))
def test_a_day_lies_in_its_period_and_neighbours_join_up(day, grain):
    name = period_of(day, grain)
    found, start, end = parse(name)
    assert found == grain
    assert start <= day < end
    assert start_of(day, grain) == start
    assert parse(next_id(name))[1] == end
    assert parse(previous_id(name))[2] == start


@pytest.mark.parametrize("text", ["2024-13", "2024-Q5", "2024-W54", "2024-H3", "24-01", "", "2024-01-01", "0000"])
def test_what_is_not_a_period_is_refused(text):
    with pytest.raises(DataProblem, match="not a period"):
        parse(text)


def test_an_unknown_grain_is_refused():
    with pytest.raises(DataProblem, match="no grain"):
        period_of(date(2024, 1, 1), "day")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 2, 28), 12, date(2024, 2, 29)), (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)), (date(2024, 3, 30), 1, date(2024, 2, 28)),
        (date(2024, 6, 30), 3, date(2024, 3, 31)), (date(2024, 1, 15), 1, date(2023, 12, 15)),
    ],
)  # fmt: skip
def test_months_back(day, months, expected):
    assert months_back(day, months) == expected


def test_months_are_clamped():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 1, 31), -2) == date(2023, 11, 30)
    assert month_ends(date(2024, 3, 30), 3) == (date(2024, 2, 29), date(2024, 1, 31), date(2023, 12, 31))
    assert month_ends(date(2024, 3, 31), 1) == (date(2024, 3, 31),)


@given(DAYS, st.integers(0, 60))
def test_working_days(day, length):
    last = day + timedelta(days=length)
    assert working_days(day, last) == sum((day + timedelta(days=i)).weekday() < 5 for i in range(length + 1))


def test_periods_close_on_the_as_of_day():
    january, february = periods(date(2024, 1, 20), date(2024, 2, 10), "month")
    assert (january.id, january.opening, january.closing, january.complete) == (
        "2024-01", date(2023, 12, 31), date(2024, 1, 31), True,
    )  # fmt: skip
    assert (february.closing, february.complete, february.days, february.working_days) == (
        date(2024, 2, 10),
        False,
        10,
        7,
    )
    assert february.back_1m == date(2024, 1, 10)
    assert february.end == date(2024, 3, 1)
    assert periods(date(2024, 1, 1), date(2024, 1, 31), "month")[0].complete
    assert periods(date(2024, 2, 1), date(2024, 1, 31), "month") == ()


@settings(deadline=None)
@given(DAYS, st.sampled_from(GRAINS))
def test_period_starts_agree_on_both_engines(day, grain):
    column = sa.Table("days", sa.MetaData(), sa.Column("day", sa.Date)).c.day
    select = sa.select(PeriodStart(column, grain))
    sqlite = str(select.compile(dialect=sqlite_engine.dialect()))
    with _ENGINE.connect() as connection:
        source = f"FROM (SELECT '{day}' AS day) AS days"
        found = connection.exec_driver_sql(sqlite.replace("\nFROM days", f"\n{source}")).scalar()
    text, _ = compile_select(select)
    with connect(NOTHING) as cursor:
        on_duckdb = cursor.sql(text.replace("\nFROM days", f"\nFROM (SELECT DATE '{day}' AS day) AS days")).fetchall()[
            0
        ][0]
    assert found == start_of(day, grain).isoformat()
    assert on_duckdb == start_of(day, grain)


def one(select):
    """One value on SQLite and on DuckDB."""
    with _ENGINE.connect() as connection:
        sqlite = connection.execute(select).scalar()
    text, values = compile_select(select)
    with connect(NOTHING) as cursor:
        return sqlite, cursor.execute(text, values).fetchall()[0][0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-2.5, -3), (-0.5, -1), (0.0, 0), (0.4999, 0), (0.5, 1), (2.5, 3), (99_990_000.49, 99_990_000)],
)
def test_halves_are_rounded_away_from_zero(value, expected):
    assert one(sa.select(ToInteger(sa.literal(value, sa.Double)))) == (expected, expected)


def test_days_seconds_and_months():
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("a", sa.DateTime), sa.Column("b", sa.DateTime), sa.Column("d", sa.Date)
    )
    first, second, day = "2024-01-31 10:00:00", "2024-02-01 09:59:59.500000", "2024-01-31"
    for element, expected in (
        (SecondsBetween(table.c.a, table.c.b), 86_399.5),
        (DaysBetween(table.c.d, AddMonths(table.c.d, sa.literal_column("1"))), 29),
    ):
        select = sa.select(element)
        sqlite = str(select.compile(dialect=sqlite_engine.dialect()))
        source = f"FROM (SELECT '{first}' AS a, '{second}' AS b, '{day}' AS d) AS t"
        with _ENGINE.connect() as connection:
            assert connection.exec_driver_sql(sqlite.replace("FROM t", source)).scalar() == expected
        text, _ = compile_select(select)
        typed = f"FROM (SELECT TIMESTAMP '{first}' AS a, TIMESTAMP '{second}' AS b, DATE '{day}' AS d) AS t"
        with connect(NOTHING) as cursor:
            assert cursor.sql(text.replace("FROM t", typed)).fetchall()[0][0] == expected
