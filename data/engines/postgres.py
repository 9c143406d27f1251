# ruff: noqa: S608 (identifiers are quoted; engines cannot bind identifiers)
"""PostgreSQL as a source of live facts: read-only transactions, results as columns of Arrow.

Run with PostgreSQL 15. The role needs CONNECT, USAGE on the schema and SELECT on the tables.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa

from data.engines.live import Rows
from data.engines.views import POSTGRESQL, Spelling
from data.problems import DataProblem

_WHOLE = frozenset({"smallint", "integer", "bigint"})
_NUMBERS = _WHOLE | {"numeric", "real", "double precision"}
_ZONED = "timestamp with time zone"
_MOMENTS = frozenset({"date", "timestamp without time zone", _ZONED})
_ARROW = {"int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(), "numeric": pa.float64(), "float4": pa.float64(),
          "float8": pa.float64(), "bool": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us")}  # fmt: skip
_ZONE = re.compile(r"[A-Za-z0-9_+/-]+")
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
WHERE n.nspname = {schema} AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY c.relname, a.attnum
"""


@dataclass(frozen=True)
class PostgresSource:
    """Tables of one schema, reached through an engine of the connection.

    Attributes:
        engine: an SQLAlchemy engine on psycopg; its URL may carry a secret and is never shown.
        label: what tells this database from others in caches, such as the id of the connection.
        schema: where their tables and views are.
        timezone: the workspace's; moments with a zone become wall-clock time there.
        timeout_seconds: a statement that takes longer is ended.
    """

    engine: sa.Engine
    label: str
    schema: str = "public"
    timezone: str = "America/Sao_Paulo"
    timeout_seconds: int = 120

    def __post_init__(self) -> None:
        """Refuse a time zone that is no name."""
        if not _ZONE.fullmatch(self.timezone):
            raise ValueError(self.timezone)

    @property
    def name(self) -> str:
        """What tells this source from others, without its secret."""
        return f"postgresql {self.label} {self.schema} {self.timezone}"

    @property
    def spelling(self) -> Spelling:
        """How PostgreSQL writes identifiers and types."""
        return POSTGRESQL

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect that measures are compiled for."""
        return self.engine.dialect

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """The tables and views of the schema that the role may read, with the type of each column."""
        session = self.begin()
        try:
            rows = session.rows(_COLUMNS.format(schema=POSTGRESQL.text(self.schema)))
        finally:
            session.close()
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            found.setdefault(table, {})[column] = kind
        return found

    def relation(self, table: str) -> str:
        """A table, quoted."""
        return f"{POSTGRESQL.name(self.schema)}.{POSTGRESQL.name(table)}"

    def expression(self, column: str, given: str, kind: type) -> str | None:
        """A column as a type of the schema; None when its type cannot be read without guessing."""
        readable = {int: _WHOLE, float: _NUMBERS, bool: {"boolean"}, date: _MOMENTS, datetime: _MOMENTS}.get(kind)
        if readable is not None and given not in readable:
            return None
        if given == _ZONED and kind in (date, datetime):
            column = f"({column} AT TIME ZONE '{self.timezone}')"
        return POSTGRESQL.cast(column, kind)

    def begin(self) -> "PostgresSession":
        """A read-only transaction for one thread."""
        return PostgresSession(self)


class PostgresSession:
    """One read-only transaction."""

    def __init__(self, source: PostgresSource) -> None:
        """Begin it; whatever the server's defaults are, values are read and written the same way.

        Raises:
            DataProblem: the database cannot be reached.
        """
        self._seconds = source.timeout_seconds
        try:
            self._connection = source.engine.connect()
        except sa.exc.DBAPIError as error:
            raise _failed(error.orig or error) from None
        driver: Any = self._connection.connection.driver_connection
        self._cursor: psycopg.Cursor[Any] = driver.cursor()
        self.rows(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
            f"SET LOCAL statement_timeout = {self._seconds * 1000}; SET LOCAL search_path = pg_catalog; "
            "SET LOCAL jit = off; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; "
            "SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on"
        )

    def rows(self, text: str) -> Rows:
        """The rows of a text without parameters."""
        try:
            self._cursor.execute(text.encode())
            return self._cursor.fetchall() if self._cursor.description else []
        except psycopg.Error as error:
            raise _failed(error, self._seconds) from None

    def arrow(self, text: str, parameters: Any) -> pa.Table:
        """The rows of a compiled select, copied out as text and read straight into columns."""
        try:
            self._cursor.execute(f"SELECT * FROM ({text}) AS answer LIMIT 0".encode(), parameters)
            types = {column.name: self._type(column.type_code) for column in self._cursor.description or ()}
            received = io.BytesIO()
            with self._cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT csv)".encode(), parameters) as copied:
                for block in copied:
                    received.write(block)
        except psycopg.Error as error:
            raise _failed(error, self._seconds) from None
        received.seek(0)
        if not received.getbuffer().nbytes:
            return pa.schema(types.items()).empty_table()
        return pa_csv.read_csv(
            received,
            pa_csv.ReadOptions(column_names=list(types)),
            pa_csv.ParseOptions(newlines_in_values=True),
            pa_csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def close(self) -> None:
        """End the transaction and give the connection back."""
        self._cursor.close()
        self._connection.close()

    def _type(self, code: int) -> pa.DataType:
        known = self._cursor.connection.adapters.types.get(code)
        return _ARROW.get(known.name if known else "", pa.string())


def _failed(error: BaseException, seconds: int | None = None) -> DataProblem:
    """What the database said, without the statement and without the address."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return DataProblem(
            "live_timeout",
            "The database did not answer within {seconds} seconds. Choose a coarser grain, ask for an index on the "
            "dates, raise the limit of the connection, or copy the rows in.",
            seconds=seconds or 0,
        )
    if isinstance(error, psycopg.OperationalError) and not error.sqlstate:
        return DataProblem(
            "live_unreachable", "The database of this live connection cannot be reached. Try again, or test it."
        )
    said = getattr(getattr(error, "diag", None), "message_primary", None) or type(error).__name__
    return DataProblem("live_failed", "The database could not answer: {said}.", said=said)
