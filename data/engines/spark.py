"""Spark as a source of live facts: the dialect that measures are compiled for, and a session's tables.

Nothing here needs Spark to be installed: a session is handed in by whoever has one.
Run with Spark 4.3 in local mode; a session of Spark Connect has the same methods and is untested.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import GenericTypeCompiler, IdentifierPreparer, SQLCompiler

from data.engines.live import Rows
from data.engines.views import SPARK, Spelling

_WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
_MOMENTS = frozenset({"date", "timestamp", "timestamp_ntz"})


class SparkTypes(GenericTypeCompiler):
    """Names of the types that measures cast to."""

    def visit_VARCHAR(self, type_: Any, **_: Any) -> str:
        """Texts have no length."""
        return "STRING"

    def visit_DOUBLE(self, type_: Any, **_: Any) -> str:
        """Doubles."""
        return "DOUBLE"


class SparkSql(SQLCompiler):
    """Spark's SQL where it is not everybody's."""

    def visit_true(self, expr: Any, **_: Any) -> str:
        """The word, not a number."""
        return "true"

    def visit_false(self, expr: Any, **_: Any) -> str:
        """The word, not a number."""
        return "false"


class SparkNames(IdentifierPreparer):
    """Identifiers stand between backticks, all of them: Spark has its own reserved words."""

    def __init__(self, dialect: Any) -> None:
        """Spark's marks."""
        super().__init__(dialect, initial_quote="`", final_quote="`", escape_quote="`")

    def _requires_quotes(self, value: str) -> bool:
        return True


class SparkDialect(DefaultDialect):
    """What `data.measures` is compiled for on Spark; values are bound by position."""

    name = "spark"
    paramstyle = "qmark"
    default_paramstyle = "qmark"
    supports_native_boolean = True
    statement_compiler = SparkSql
    type_compiler_cls = SparkTypes
    preparer = SparkNames  # type: ignore[assignment]


@dataclass(frozen=True)
class SparkSource:
    """Tables of one database of a Spark session.

    Attributes:
        session: a session (`SparkSession`), classic or Connect.
        database: where their tables and views are.
        timezone: the workspace's; moments with a zone become wall-clock time there.
    """

    session: Any
    database: str = "default"
    timezone: str = "America/Sao_Paulo"

    @property
    def name(self) -> str:
        """What tells this source from others."""
        return f"spark {self.database} {self.timezone}"

    @property
    def spelling(self) -> Spelling:
        """How Spark writes identifiers and types."""
        return SPARK

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect that measures are compiled for."""
        return SparkDialect()

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """The tables of the database with the type of each column."""
        found = {}
        for table in self.session.catalog.listTables(self.database):
            if table.isTemporary:
                continue
            fields = self.session.table(f"{SPARK.name(self.database)}.{SPARK.name(table.name)}").schema.fields
            found[table.name] = {field.name: field.dataType.simpleString() for field in fields}
        return found

    def relation(self, table: str) -> str:
        """A table, quoted."""
        return f"{SPARK.name(self.database)}.{SPARK.name(table)}"

    def expression(self, column: str, given: str, kind: type) -> str | None:
        """A column as a type of the schema; None when its type cannot be read without guessing."""
        base = given.partition("(")[0]
        readable = {
            int: _WHOLE,
            float: _WHOLE | {"float", "double", "decimal"},
            bool: {"boolean"},
            date: _MOMENTS,
            datetime: _MOMENTS,
        }.get(kind)
        if readable is not None and base not in readable:
            return None
        if base == "timestamp" and kind in (date, datetime):
            column = f"convert_timezone('{self.timezone}', CAST({column} AS TIMESTAMP_NTZ))"
        return SPARK.cast(column, kind)

    def begin(self) -> "SparkRun":
        """Spark has no transactions: each query sees its tables as they are."""
        return SparkRun(self.session)


class SparkRun:
    """Queries of one thread."""

    def __init__(self, session: Any) -> None:
        """Queries on a session."""
        self._session = session

    def rows(self, text: str) -> Rows:
        """The rows of a text without parameters."""
        return [tuple(row) for row in self._session.sql(text).collect()]

    def arrow(self, text: str, parameters: Any) -> pa.Table:
        """The rows of a compiled select."""
        return self._session.sql(text, args=list(parameters)).toArrow()

    def close(self) -> None:
        """The session stays the caller's."""
