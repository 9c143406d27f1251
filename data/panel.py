"""The panel: every measure per account and period, from one query.

Unique key (account_id, period). The company row is account ''. Measures of tables that are not
loaded are missing; otherwise an account without rows has 0, except where a reading says that there
is no value (a cohort without its history). Money is in integer millionths of the reporting currency.
"""

import warnings
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.calendar import Period, periods
from data.engines.live import LiveCursor
from data.facts import AnyFacts, Cursor, connect, has_values, observed_span
from data.measures import FAMILIES
from data.measures.elements import DUCKDB
from data.measures.measure import COMPANY, Context, Family
from data.measures.recurring import account_ids
from data.policies import Policies

# The engine warns that such a result is copied once more. `sql` would not, but plans the query twice, which costs more.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")

_EARLIEST = {
    "subscriptions": ("subscriptions", "SELECT min(started_on) FROM subscriptions"),
    "orders": (
        "invoices",
        "SELECT min(issued_on) FROM invoices WHERE coalesce(status, '') <> 'void' "
        "AND coalesce(kind, '') <> 'credit' AND amount >= 0",
    ),
}


@dataclass(frozen=True)
class _Loaded(Container[str]):
    """The tables and columns that hold values, looked up when asked for."""

    facts: AnyFacts

    def __contains__(self, name: object) -> bool:
        return has_values(self.facts, str(name))


@dataclass(frozen=True)
class Panel:
    """Measures per account and period.

    Attributes:
        frame: columns account_id ('' = company row), period (id), then measures as Int64 or Float64.
        periods: the periods, in order.
        as_of: the day everything is known up to.
    """

    frame: pd.DataFrame
    periods: tuple[Period, ...]
    as_of: date | None


def context_for(
    facts: AnyFacts,
    grain: str,
    policies: Policies,
    as_of: date | None = None,
) -> Context | None:
    """What the families are built for; None when nothing was observed up to the as-of day."""
    first, latest = observed_span(facts)
    seen = as_of or latest
    if first is None or seen is None or first > seen:
        return None
    loaded = _Loaded(facts)
    earliest = {}
    with connect(facts, seen, policies) as cursor:
        for subject, (table, question) in _EARLIEST.items():
            row = cursor.execute(question).fetchone() if table in loaded else None
            if row and row[0] is not None:
                earliest[subject] = row[0]
    return Context(grain, periods(first, seen, grain), policies, seen, loaded, earliest)


def panel_select(context: Context, families: Iterable[Family] = FAMILIES) -> sa.Select[Any]:
    """The whole panel as one select: account_id, no and every measure of the families."""
    ids = account_ids(context)
    owners = sa.union_all(
        sa.select(ids.c.account_id), sa.select(sa.literal_column(f"'{COMPANY}'", sa.String).label("account_id"))
    ).subquery()
    calendar = context.calendar
    spine = sa.select(owners.c.account_id, calendar.c.no).join_from(owners, calendar, sa.true()).cte("spine")
    source: Any = spine
    columns: list[Any] = []
    for family in families:
        lit = {measure.name for measure in family.lit(context)}
        first_no = family.first_no(context)
        rows = family.build(context).subquery(family.name) if lit else None
        if rows is not None:
            same = sa.and_(rows.c.account_id == spine.c.account_id, rows.c.no == spine.c.no)
            source = source.join(rows, same, isouter=True)
        for measure in family.measures:
            if rows is None or measure.name not in lit:
                columns.append(sa.cast(sa.null(), sa.BigInteger).label(measure.name))
                continue
            value: ColumnElement[Any] = rows.c[measure.name]
            value = sa.func.coalesce(value, 0) if family.absent_is_zero else value
            since = first_no.get(measure.name, 0)
            if since:
                value = sa.case((spine.c.no >= since, value))
            columns.append(value.label(measure.name))
    return (
        sa.select(spine.c.account_id, spine.c.no, *columns).select_from(source).order_by(spine.c.account_id, spine.c.no)
    )


def compile_select(select: sa.Select[Any]) -> tuple[str, list[Any]]:
    """Text for the embedded engine with $1, $2 … and the values in that order; lists of IN are spelled out."""
    compiled = select.compile(dialect=DUCKDB, compile_kwargs={"render_postcompile": True})
    names = getattr(compiled, "positiontup", None) or []
    return str(compiled), [compiled.params[name] for name in names]


def run(cursor: Cursor, select: sa.Select[Any]) -> pa.Table:
    """Run a portable select where the rows are."""
    if isinstance(cursor, LiveCursor):
        return cursor.run(select)
    text, values = compile_select(select)
    return cursor.execute(text, values).to_arrow_table()


def build_panel(
    facts: AnyFacts,
    grain: str,
    policies: Policies | None = None,
    as_of: date | None = None,
    families: Iterable[Family] = FAMILIES,
) -> Panel:
    """All measures of a workspace at a grain; an empty frame when nothing was observed up to the as-of day."""
    policies, families = policies or Policies(), tuple(families)
    context = context_for(facts, grain, policies, as_of)
    if context is None:
        names = [measure.name for family in families for measure in family.measures]
        empty = pd.DataFrame({"account_id": [], "period": [], **{name: pd.array([], "Int64") for name in names}})
        return Panel(empty, (), as_of)
    with connect(facts, context.as_of, policies) as cursor:
        found = run(cursor, panel_select(context, families))
    return Panel(_frame(found, context), context.periods, context.as_of)


def _frame(found: pa.Table, context: Context) -> pd.DataFrame:
    ids = pd.Index([period.id for period in context.periods])
    accounts = found.column("account_id").combine_chunks().dictionary_encode()
    columns: dict[str, Any] = {
        "account_id": pd.Categorical.from_codes(accounts.indices.to_numpy(), pd.Index(accounts.dictionary.to_pylist())),
        "period": pd.Categorical.from_codes(found.column("no").to_numpy(), ids, ordered=True),
    }
    for name in found.column_names[2:]:
        columns[name] = _array(found.column(name))
    return pd.DataFrame(columns)


def _array(column: pa.ChunkedArray) -> Any:
    """A nullable pandas array of a column: Int64 for whole numbers, Float64 for others."""
    whole = pa.types.is_integer(column.type) or pa.types.is_null(column.type)
    kind = pa.int64() if whole else pa.float64()
    array = column.cast(kind).combine_chunks()
    missing = np.zeros(len(array), bool) if not array.null_count else array.is_null().to_numpy(zero_copy_only=False)
    values = array.fill_null(0).to_numpy(zero_copy_only=False) if array.null_count else array.to_numpy()
    if whole:
        return pd.arrays.IntegerArray(values, missing)
    return pd.arrays.FloatingArray(values, missing)


def lit_measures(context: Context, families: Iterable[Family] = FAMILIES) -> Mapping[str, bool]:
    """Every measure, and whether its tables and columns hold values."""
    return {measure.name: context.has(*measure.needs) for family in families for measure in family.measures}
