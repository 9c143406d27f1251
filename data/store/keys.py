"""What needs the keys of rows: refusing the same key twice, and upsert.

Rows stream through the engine, never through Python objects.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data.problems import DataProblem
from data.store import durable, snapshots
from data.store.layout import EXTRA, canonical_table, snapshot_schema, stored_schema

MEMORY = "1GB"


def refuse_repeated(folder: Path, table: str, frame: pa.Table | Path, held: Sequence[Path]) -> None:
    """Refuse rows whose key comes twice, among themselves or with the files held already.

    Raises:
        DataProblem: with the number of keys and up to three examples.
    """
    key = canonical_table(table).key
    if not key:
        return
    stored_schema(table, snapshots.schema_of(frame))
    columns = ", ".join(_quote(name) for name in key)
    repeated = f"SELECT {columns} FROM given GROUP BY {columns} HAVING count(*) > 1"  # noqa: S608 – names of the schema
    if held:
        repeated += f" UNION SELECT {columns} FROM held SEMI JOIN given USING ({columns})"  # noqa: S608 – likewise
    with _engine(folder, frame, held) as engine:
        found = engine.execute(
            f"SELECT {columns}, count(*) OVER () FROM ({repeated}) ORDER BY {columns} LIMIT 3"  # noqa: S608 – likewise
        ).fetchall()
    if found:
        raise DataProblem(
            "keys_repeated",
            "{count} keys of {table} ({key}) come more than once, for example {examples}. "
            "Import with upsert to update rows, or with replace to start over.",
            table=table,
            count=found[0][-1],
            key=", ".join(key),
            examples="; ".join(" ".join(str(value) for value in row[:-1]) for row in found),
        )


def upsert(folder: Path, table: str, frame: pa.Table | Path, held: Sequence[Path]) -> snapshots.Stored:
    """Store one file: the rows held, with those of `frame` in place of the ones with the same key, sorted by key.

    A column that `frame` does not have keeps its value in rows that are held already.

    Raises:
        DataProblem: the table has no key, or `frame` has one twice.
    """
    key = canonical_table(table).key
    if not key:
        raise DataProblem(
            "upsert_without_key",
            "Rows of {table} have no key to update by. Import with append or replace.",
            table=table,
        )
    refuse_repeated(folder, table, frame, ())
    given = {name.lower() for name in snapshots.schema_of(frame).names}
    held_names = {name for path in held for name in snapshots.schema_of(path).names}
    schema = snapshot_schema(table, {name for name in given | held_names if name.startswith(EXTRA)})
    with _engine(folder, frame, held) as engine:
        query = _upsert_query(schema.names, given, held_names, key)
        rows = engine.sql(query).to_arrow_reader(snapshots.SLICE_ROWS)
        count = 0

        def counted() -> Iterator[pa.Table]:
            nonlocal count
            for batch in rows:
                count += batch.num_rows
                yield pa.Table.from_batches([batch])

        name = snapshots.store_pieces(folder, table, counted(), schema)
    return snapshots.Stored(name, count)


def merge(folder: Path, table: str, held: Sequence[snapshots.Stored]) -> snapshots.Stored:
    """Store several files as one, rows and row numbers as they are."""
    paths = [folder / stored.file for stored in held]
    schema = snapshot_schema(
        table, {n for path in paths for n in snapshots.schema_of(path).names if n.startswith(EXTRA)}
    )
    rows = (piece for path in paths for piece in snapshots.pieces(path))
    name = snapshots.store_pieces(folder, table, rows, schema)
    return snapshots.Stored(name, sum(s.rows for s in held), max(s.last_row_id for s in held))


def _upsert_query(columns: Sequence[str], given: set[str], held: set[str], key: Sequence[str]) -> str:
    names = [_quote(name) for name in columns]
    on = " AND ".join(f"h.{_quote(k)} = g.{_quote(k)}" for k in key)
    hit = f"g.{_quote(key[0])} IS NOT NULL"

    def updated(name: str) -> str:
        quoted = _quote(name)
        if name in key or name not in given:
            return f"h.{quoted}"
        old = f"h.{quoted}" if name in held else "NULL"
        return f"CASE WHEN {hit} THEN g.{quoted} ELSE {old} END AS {quoted}"

    fresh = ", ".join(_quote(name) if name in given else f"NULL AS {_quote(name)}" for name in columns)
    if not held:
        return f"SELECT {fresh} FROM given ORDER BY {', '.join(_quote(k) for k in key)}"  # noqa: S608 – names of the schema
    return (
        f"SELECT {', '.join(names)} FROM ("  # noqa: S608 – names of the schema, quoted
        f"SELECT {', '.join(updated(name) for name in columns)} FROM held h LEFT JOIN given g ON {on}"
        f" UNION ALL BY NAME SELECT {fresh} FROM given g WHERE NOT EXISTS (SELECT 1 FROM held h WHERE {on})"
        f") ORDER BY {', '.join(_quote(k) for k in key)}"
    )


@contextmanager
def _engine(folder: Path, frame: pa.Table | Path, held: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the views `given` and `held`; what exceeds its memory goes to a temporary folder."""
    durable.make_folder(folder)
    limits: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": str(durable.temporary(folder))}
    with duckdb.connect(":memory:", config=limits) as engine:
        if isinstance(frame, pa.Table):
            engine.register("given", frame)
        else:
            engine.read_parquet([str(frame)]).create_view("given")
        if held:
            engine.read_parquet([str(path) for path in held], union_by_name=True).create_view("held")
        yield engine


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
