"""New rows against those held: days that are here already where no key tells, and blanks in place of values."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data import schema
from data.problems import Problem

_EXAMPLES = 3


def days_held(table: str, new: pa.Table | Path, held: Sequence[str]) -> Problem | None:
    """Days of accounts that rows are held of already, in a table without a key, which cannot tell a row again.

    Args:
        table: The canonical table.
        new: The new rows, or a Parquet file of them.
        held: Parquet files of the rows held.

    Returns:
        A warning with the number of distinct account-days and the first and last of them; None without any.
    """
    known = schema.tables()[table]
    if known.key or not held or not known.observed or "account_id" not in known.columns:
        return None
    day = known.observed[0]
    with _engine(new, held) as engine:
        names = {"new": _names(engine, "new"), "held": _names(engine, "held")}
        if any(not {"account_id", day} <= there for there in names.values()):
            return None
        spans = [_one(engine, f"SELECT min({day}), max({day}) FROM {name}") for name in names]  # noqa: S608
        if None in (*spans[0], *spans[1]) or spans[0][0] > spans[1][1] or spans[1][0] > spans[0][1]:
            return None
        count, first, last = _one(
            engine,
            f"SELECT count(*), min(day), max(day) FROM (SELECT DISTINCT account_id, CAST({day} AS DATE) AS day "  # noqa: S608
            f"FROM new) SEMI JOIN (SELECT account_id, CAST({day} AS DATE) AS day FROM held) USING (account_id, day)",
        )
    if not count:
        return None
    expected = (
        f"days of accounts that are not here yet; {count} are, from {first} to {last}: added, they count twice. "
        "Bring the whole in with replace, or only what is new"
    )
    params = {"first": f"{first}", "last": f"{last}"}
    return Problem(day, "overlaps_held", int(count), expected, [], "warning", params)


def cleared(table: str, new: pa.Table | Path, held: Sequence[str]) -> list[Problem]:
    """Values held that an update with these rows would clear, because their cells are blank: a warning per column."""
    known = schema.tables()[table]
    if not known.key or not held:
        return []
    found = []
    with _engine(new, held) as engine:
        both = _names(engine, "new") & _names(engine, "held")
        columns = [name for name in known.columns if name in both and name not in known.key]
        if not set(known.key) <= both or not columns:
            return []
        keys = ", ".join(f'"{name}"' for name in known.key)
        blank = [f'n."{name}" IS NULL AND h."{name}" IS NOT NULL' for name in columns]
        shown = " || ' / ' || ".join(f'CAST(n."{name}" AS VARCHAR)' for name in known.key)
        asked = ", ".join(f"count(*) FILTER ({one}), min({shown}, {_EXAMPLES}) FILTER ({one})" for one in blank)
        answer = _one(engine, f"SELECT {asked} FROM new n JOIN held h USING ({keys})")  # noqa: S608 - names of the schema
    for place, column in enumerate(columns):
        count, examples = answer[2 * place], answer[2 * place + 1]
        if count:
            listed = ", ".join(str(one) for one in examples or [])
            expected = (
                f"a value, as is held; these cells are blank, and an update clears what is held (such as of {listed}). "
                "Leave the column out to keep it"
            )
            found.append(Problem(column, "values_cleared", int(count), expected, [], "warning", {"keys": listed}))
    return found


@contextmanager
def _engine(new: pa.Table | Path, held: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        if isinstance(new, Path):
            engine.read_parquet([str(new)]).create_view("new")
        else:
            engine.register("new", new)
        engine.read_parquet(list(held), union_by_name=True).create_view("held")
        yield engine


def _names(engine: duckdb.DuckDBPyConnection, view: str) -> set[str]:
    return {row[0] for row in engine.execute(f"DESCRIBE {view}").fetchall()}


def _one(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    found = engine.execute(query).fetchone()
    return found or ()
