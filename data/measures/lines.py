"""What single rows of a table add to measures: summed for the panel, listed behind a number.

A family states for each kind of row the period it counts in and what it adds. The panel sums these
lines; the drill-down lists them, so that what is listed adds up to the number by construction.

Lines add whole numbers. Money, seconds and points are in millionths (`SCALED`), so that the order
of rows and the engine change nothing; families give seconds and points back as plain numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import ToInteger, total
from data.measures.measure import COMPANY, MILLION, Context, Family, Measure

SCALED = ("money", "seconds", "points")


@dataclass(frozen=True, eq=False)
class Lines:
    """Rows of one kind and what each adds.

    Attributes:
        table: the canonical table they come from.
        rows: no, account_id ('' = company row), id, day, the columns that explain the row, and one
            whole number per measure, never missing.
        measures: names of the measures they add to.
        dimensions: columns of `rows` that the measures can be broken down by.
        totals: the same per account and period, for stocks whose rows would be listed in every period.
    """

    table: str
    rows: sa.FromClause
    measures: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    totals: sa.FromClause | None = None


def family(
    name: str, measures: tuple[Measure, ...], lines: Callable[[Context], Sequence[Lines]], **options: Any
) -> Family:
    """The family that sums lines per account and period."""

    def build(context: Context, dimension: str | None = None) -> sa.Select[Any]:
        return summed(measures, lines(context), dimension)

    return Family(name, measures, build, **options)


def summed(measures: Sequence[Measure], lines: Sequence[Lines], dimension: str | None = None) -> sa.Select[Any]:
    """One row per account and period (and value of a dimension); measures that no line adds to are 0."""
    if dimension is not None:
        lines = [line for line in lines if dimension in line.dimensions]
        measures = [measure for measure in measures if dimension in measure.dimensions]
    parts = [_per_account(measures, line, dimension) for line in lines]
    rows = (sa.union_all(*parts) if len(parts) > 1 else parts[0]).subquery()
    keys = [rows.c[name] for name in ("account_id", "no", *(("dimension",) if dimension else ()))]
    return sa.select(*keys, *(_plain(measure, total(rows.c[measure.name])) for measure in measures)).group_by(*keys)


def _per_account(measures: Sequence[Measure], line: Lines, dimension: str | None) -> sa.Select[Any]:
    source = line.rows if line.totals is None or dimension else line.totals
    keys = [source.c.account_id, source.c.no]
    labels = list(keys)
    if dimension:
        keys.append(source.c[dimension])
        labels.append(source.c[dimension].label("dimension"))
    sums = [
        (
            total(source.c[measure.name]) if measure.name in line.measures else sa.literal_column("0", sa.BigInteger)
        ).label(measure.name)
        for measure in measures
    ]
    return sa.select(*labels, *sums).group_by(*keys)


def _plain(measure: Measure, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Seconds and points as plain numbers; counts and money (millionths) as integers."""
    if measure.unit in SCALED and measure.unit != "money":
        value = sa.cast(value, sa.Double) / sa.literal_column(f"{MILLION}.0", sa.Double)
    return value.label(measure.name)


def count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """1 where a condition holds, 0 where it does not or is unknown."""
    return sa.case((condition, 1), else_=0)


def amount(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A whole number where a condition holds and the number is known, else 0."""
    return sa.case((condition, sa.func.coalesce(value, 0)), else_=0)


def exact(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A plain number as whole millionths; missing stays missing."""
    return ToInteger(value * sa.literal(float(MILLION), sa.Double))


def owner(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The account of a row, the company row where there is none."""
    return sa.func.coalesce(column, COMPANY).label("account_id")


def company() -> ColumnElement[Any]:
    """The company row as the account of a row."""
    return sa.literal_column(f"'{COMPANY}'", sa.String).label("account_id")
