"""From a table at the source to a Parquet file of ours: streamed, bounded, every value as exact as it was.

Whole numbers, fractions, true and false, days and times keep their types; decimals, ids, documents and all else
come as the database writes them, so that nothing is rounded. A time with a zone stays one (UTC). Days that no
calendar of ours holds ('infinity', year 0) become the year 9999 or 1: the checks say what they make of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from data.connections.catalogue import Relation, SourceColumn
from data.connections.database import LIMITS, Limits, deadline
from data.problems import DataProblem

BATCH = 20_000
OVERLAP = timedelta(hours=1)  # a change is visible only when it is committed: read a little of the past again
OVERLAP_NUMBERS = 1_000
ZONES = timedelta(hours=14)  # how far a wall clock may be from UTC
_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)
_ARROW = {
    "whole": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
    "instant": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
}


@dataclass(frozen=True)
class Copied:
    """What was copied.

    Attributes:
        path: The Parquet file.
        rows: How many rows.
        left_out: Columns that hold no text, number or time (pictures, documents), which are not copied.
        mark: The highest value of the cursor, as text; "" without a cursor or rows.
        fingerprint: A digest of the rows in any order.
        tail: The same of the rows that the next reading would read again.
    """

    path: Path
    rows: int
    left_out: tuple[str, ...]
    mark: str
    fingerprint: str
    tail: str


def copy(
    connection: sa.Connection,
    relation: Relation,
    path: Path,
    cursor: str = "",
    since: str = "",
    most: int | None = None,
    limits: Limits = LIMITS,
    progress: Callable[[int], None] = lambda rows: None,
) -> Copied:
    """Stream a table into a Parquet file.

    Args:
        connection: From `database.reading`.
        relation: From the catalogue.
        path: The file to write.
        cursor: The column that tells what is new.
        since: The mark of the last reading: only rows from a little before it are read ("" = all).
        most: For a sample: stop after so many rows.
        limits: What is too much.
        progress: Told how many rows there are so far.

    Raises:
        DataProblem: too many rows or bytes, or too slow; the file is taken away.
    """
    kept = [column for column in relation.columns if column.kind != "binary"]
    left_out = tuple(column.name for column in relation.columns if column.kind == "binary")
    if not kept:
        raise DataProblem("source_table_empty", "{name} has no column that can be brought in.", name=relation.shown)
    by_name = {column.name: column for column in kept}
    if cursor and (cursor not in by_name or not by_name[cursor].grows):
        raise DataProblem(
            "cursor_unknown",
            "{name} has no column {cursor} that tells what is new (a time, a day or a whole number). Pick it again.",
            name=relation.shown,
            cursor=cursor,
        )
    source = relation.source()
    columns = [_expression(source.c[c.name], c, connection.dialect.name).label(f"c{i}") for i, c in enumerate(kept)]
    select = sa.select(*columns).select_from(source)
    if cursor and since:
        growing = source.c[cursor]
        select = select.where(sa.or_(growing >= lower(by_name[cursor], since), growing.is_(None)))
    if most is not None:
        select = select.limit(most)
    try:
        rows = _write(connection, select, kept, path, relation, limits, progress)
        mark = _mark(path, by_name[cursor]) if cursor and rows else ""
        tail = fingerprint(path, by_name[cursor], lower(by_name[cursor], mark)) if mark else ""
        return Copied(path, rows, left_out, mark, fingerprint(path), tail)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def lower(column: SourceColumn, mark: str) -> Any:
    """From where the next reading reads: a little before the mark."""
    if column.kind == "whole":
        return int(mark) - OVERLAP_NUMBERS
    if column.kind == "date":
        return date.fromisoformat(mark) - timedelta(days=1)
    moment = datetime.fromisoformat(mark)
    return moment - OVERLAP


def fingerprint(path: Path, column: SourceColumn | None = None, since: Any = None) -> str:
    """A digest of the rows of a file, whatever their order; from a value of a column on, when one is given."""
    query = "SELECT count(*), coalesce(sum(hash(r)::HUGEINT), 0), coalesce(bit_xor(hash(r)), 0) FROM read_parquet(?) r"
    given: list[Any] = [str(path)]
    if column is not None:
        name = '"' + column.name.replace('"', '""') + '"'
        query += f" WHERE {name} >= ? OR {name} IS NULL"
        given.append(since)
    with duckdb.connect() as engine:
        found = engine.execute(query, given).fetchone() or (0, 0, 0)
    return "-".join(str(part) for part in found)


def _expression(column: Any, spec: SourceColumn, dialect: str) -> Any:
    if spec.kind == "text":
        return sa.cast(column, sa.Text if dialect == "postgresql" else sa.CHAR)
    if dialect == "postgresql" and spec.kind in ("date", "time", "instant"):
        kinds: dict[str, Any] = {"date": sa.Date(), "time": sa.DateTime(), "instant": sa.DateTime(timezone=True)}
        kind = kinds[spec.kind]

        def moment(day: date) -> Any:
            if spec.kind == "date":
                return sa.literal(day, kind)
            zone = UTC if spec.kind == "instant" else None
            return sa.literal(datetime(day.year, day.month, day.day, tzinfo=zone), kind)

        return sa.case((column > moment(_LAST), moment(_LAST)), (column < moment(_FIRST), moment(_FIRST)), else_=column)
    return column


def _write(
    connection: sa.Connection,
    select: sa.Select[Any],
    kept: list[SourceColumn],
    path: Path,
    relation: Relation,
    limits: Limits,
    progress: Callable[[int], None],
) -> int:
    schema = pa.schema([pa.field(column.name, _ARROW[column.kind]) for column in kept])
    in_time, rows, size = deadline(limits), 0, 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(connection, select):
            table = pa.table(
                [_array(values, c) for values, c in zip(zip(*batch, strict=True), kept, strict=True)], schema
            )
            rows, size = rows + table.num_rows, size + table.nbytes
            if rows > limits.rows or rows * len(kept) > limits.cells or size > limits.bytes:
                raise DataProblem(
                    "source_table_too_large",
                    "{name} is larger than Farol brings in at once; nothing was stored. Pick a view with fewer rows or "
                    "columns.",
                    name=relation.shown,
                )
            in_time()
            writer.write_table(table)
            progress(rows)
    return rows


def _batches(connection: sa.Connection, select: sa.Select[Any]) -> Iterator[Any]:
    with connection.execution_options(stream_results=True, max_row_buffer=BATCH).execute(select) as result:
        yield from result.partitions(BATCH)


def _array(values: tuple[Any, ...], column: SourceColumn) -> pa.Array:
    kind = _ARROW[column.kind]
    if column.kind == "text":
        return pa.array([v if v is None or isinstance(v, str) else _text(v) for v in values], kind)
    if column.kind in ("date", "time", "instant"):
        return pa.array([_moment(value, column.kind) for value in values], kind)
    if column.kind == "bool":
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _moment(value: Any, kind: str) -> Any:
    """A day or time; what the driver could not read (MySQL's 0000-00-00 and 2024-00-00) is none, or the year 1."""
    if value is None:
        return None
    if isinstance(value, str | bytes):
        text = _text(value)
        if not text.replace("-", "").replace(":", "").replace(" ", "").replace(".", "").strip("0"):
            return None
        return _FIRST if kind == "date" else datetime(1, 1, 1, tzinfo=UTC if kind == "instant" else None)
    if kind == "instant" and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _mark(path: Path, column: SourceColumn) -> str:
    """The highest value of a column. A clock in the future must not hide what comes after it: now, then."""
    highest = None
    file = pq.ParquetFile(path)
    place = file.schema_arrow.get_field_index(column.name)
    for group in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(group).column(place).statistics
        if statistics is not None and statistics.has_min_max:
            found = statistics.max
            highest = found if highest is None or found > highest else highest
    if highest is None:
        return ""
    if column.kind == "whole":
        return str(highest)
    now = datetime.now(UTC)
    if column.kind == "date":
        return str(min(highest, now.date() + timedelta(days=1)))
    if column.kind == "instant":
        aware = highest if highest.tzinfo else highest.replace(tzinfo=UTC)
        return min(aware, now).isoformat()
    plain = now.replace(tzinfo=None)
    return (highest if highest <= plain + ZONES else plain - ZONES).isoformat()
