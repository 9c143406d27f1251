"""Small tables on both tested engines: the same expectations run on DuckDB and on SQLite."""

import itertools
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlmodel import SQLModel

from data.facts import Facts, connect
from data.measures import FAMILIES
from data.measures.measure import Context, Family
from data.panel import build_panel, context_for, panel_select
from data.policies import Policies
from data.schema import tables

ARROW = {
    str: pa.string(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
}
_VERSIONS = itertools.count()
_FOLDER = Path(tempfile.mkdtemp(prefix="farol-tests-"))

Rows = Mapping[str, Iterable[Mapping[str, Any]]]


def numbered(table: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with a row_id where the table has no natural key."""
    if "row_id" not in tables()[table].sql.c:
        return [dict(row) for row in rows]
    return [{"row_id": number, **row} for number, row in enumerate(rows)]


def facts(rows: Rows, imported_on: date | None = None) -> Facts:
    """Facts of small tables, written as the store writes them."""
    files = {}
    for name, given in rows.items():
        version = next(_VERSIONS)
        listed = numbered(name, given)
        fields = [(column.name, ARROW[column.type]) for column in tables()[name].columns.values()]
        fields += [("row_id", pa.int64())] if "row_id" in tables()[name].sql.c else []
        known = {name for name, _ in fields}
        fields += [
            (extra, pa.string()) for extra in dict.fromkeys(k for row in listed for k in row) if extra not in known
        ]
        path = _FOLDER / f"{name}-{version}.parquet"
        pq.write_table(pa.Table.from_pylist(listed, pa.schema(fields)), path)
        files[name] = (str(path),)
    return Facts(files, f"v{next(_VERSIONS)}", imported_on)


Answer = dict[tuple[str, str], dict[str, Any]]


def on_duckdb(
    rows: Rows | Facts, grain: str = "month", policies: Policies | None = None, as_of: date | None = None,
    families: tuple[Family, ...] = FAMILIES,
) -> Answer:  # fmt: skip
    """The panel of small tables by (account, period), missing as None."""
    panel = build_panel(_written(rows), grain, policies, as_of, families)
    found = panel.frame.astype(object).where(panel.frame.notna(), None).to_dict("records")
    return {(str(row.pop("account_id")), str(row.pop("period"))): row for row in found}  # type: ignore[misc]


def on_sqlite(
    rows: Rows | Facts, grain: str = "month", policies: Policies | None = None, as_of: date | None = None,
    families: tuple[Family, ...] = FAMILIES,
) -> Answer:  # fmt: skip
    """The same panel select through SQLAlchemy's SQLite engine."""
    given = _written(rows)
    context = context_for(given, grain, policies or Policies(), as_of)
    assert context is not None
    filled = {"subscriptions", *given.tables()}  # subscriptions may be told from other tables
    with _sqlite().connect() as connection, connect(given, context.as_of) as cursor:
        for name in tables():
            columns = ", ".join(column.name for column in tables()[name].sql.c)
            seen = cursor.sql(f"SELECT {columns} FROM {name}").to_arrow_table().to_pylist() if name in filled else ()
            if seen:
                connection.execute(sa.insert(tables()[name].sql), seen)
        found = connection.execute(panel_select(context, families)).mappings().all()
        connection.rollback()
    ids = [period.id for period in context.periods]
    return {
        (row["account_id"], ids[row["no"]]): {k: v for k, v in row.items() if k not in ("account_id", "no")}
        for row in found
    }


@cache
def _sqlite() -> sa.Engine:
    """An engine with empty tables; who fills them takes it back."""
    engine = sa.create_engine("sqlite://")
    SQLModel.metadata.create_all(engine, tables=[table.sql for table in tables().values()])
    return engine


def _written(rows: Rows | Facts) -> Facts:
    return rows if isinstance(rows, Facts) else facts(rows)


def both(
    rows: Rows, grain: str = "month", policies: Policies | None = None, as_of: date | None = None,
    families: tuple[Family, ...] = FAMILIES,
) -> Answer:  # fmt: skip
    """The panel, checked to be the same on both engines."""
    given = facts({name: list(one) for name, one in rows.items()})
    duckdb = on_duckdb(given, grain, policies, as_of, families)
    assert duckdb == on_sqlite(given, grain, policies, as_of, families)
    return duckdb


def context(rows: Rows, grain: str = "month", policies: Policies | None = None, as_of: date | None = None) -> Context:
    """The context of small tables."""
    found = context_for(facts(rows), grain, policies or Policies(), as_of)
    assert found is not None
    return found


__all__ = ["Answer", "both", "context", "facts", "on_duckdb", "on_sqlite"]
