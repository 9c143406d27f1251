# ruff: noqa: S608 (identifiers come from the schema or are quoted; engines cannot bind identifiers)
"""The embedded engine over Parquet files: engines by what they read, cursors for threads.

An engine can read the files of its facts and nothing else, and its configuration is locked.
"""

import tempfile
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import duckdb

from data.engines.views import DUCKDB, EXTRA, Relation, definitions, typed_columns
from data.schema import tables

MEMORY_LIMIT = "2GB"
KEPT_ENGINES = 8
KEPT_ANSWERS = 1000

Files = Mapping[str, tuple[str, ...]]
Key = tuple[Any, ...]


class Engines:
    """Engines by key, the most recently used kept. Cursors outlive the engine's place in the cache."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self._kept: OrderedDict[Key, duckdb.DuckDBPyConnection] = OrderedDict()
        self._answers: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.RLock()

    def cursor(self, key: Key, files: Files, as_of: date | None) -> duckdb.DuckDBPyConnection:
        """A cursor for one thread on the views of some files as seen on a day."""
        with self._lock:
            if (key, as_of) not in self._kept:
                self._kept[key, as_of] = _open(files, as_of)
                while len(self._kept) > KEPT_ENGINES:
                    self._kept.popitem(last=False)
            self._kept.move_to_end((key, as_of))
            return self._kept[key, as_of].cursor()

    def answer(self, key: Key, files: Files, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a small question about all of some files, remembered."""
        with self._lock:
            if (key, sql) in self._answers:
                return self._answers[key, sql]
        with self.cursor(key, files, None) as cursor:
            rows = cursor.execute(sql).fetchall()
        with self._lock:
            self._answers[key, sql] = rows
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return rows


ENGINES = Engines()


@cache
def _spills() -> tempfile.TemporaryDirectory[str]:
    """Where engines put what exceeds their memory; removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="farol-", ignore_cleanup_errors=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _open(files: Files, as_of: date | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    # the engine makes this folder when it needs it, and removes it when it closes
    connection.execute(f"SET temp_directory = {_quoted(f'{_spills().name}/{uuid.uuid4().hex}')}")
    connection.execute("CREATE SCHEMA raw")
    relations = {name: _relation(connection, name, files[name]) for name in tables() if files.get(name)}
    tests: set[str] = set()
    if "accounts" in relations and "is_test" in relations["accounts"].columns:
        tests = {row[0] for row in connection.execute("SELECT account_id FROM raw.accounts WHERE is_test").fetchall()}
    if tests:
        connection.execute("CREATE TABLE raw.test_accounts (account_id VARCHAR)")
        connection.executemany("INSERT INTO raw.test_accounts VALUES (?)", [[account] for account in sorted(tests)])
    for name, select in definitions(relations, DUCKDB, as_of, "raw.test_accounts" if tests else None).items():
        connection.execute(f"CREATE VIEW {DUCKDB.name(name)} AS {select}")
    paths = ", ".join(_quoted(path) for listed in files.values() for path in listed)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _relation(connection: duckdb.DuckDBPyConnection, name: str, paths: tuple[str, ...]) -> Relation:
    """The files of a table as one view under schema `raw`."""
    raw = f"raw.{DUCKDB.name(name)}"
    listed = ", ".join(_quoted(path) for path in paths)
    connection.execute(f"CREATE VIEW {raw} AS SELECT * FROM read_parquet([{listed}], union_by_name = true)")
    present = [row[0] for row in connection.execute(f"DESCRIBE {raw}").fetchall()]
    kinds = typed_columns(tables()[name])
    columns = {column: DUCKDB.cast(f"r.{DUCKDB.name(column)}", kinds[column]) for column in present if column in kinds}
    columns |= {column: f"r.{DUCKDB.name(column)}" for column in present if column.startswith(EXTRA)}
    return Relation(raw, columns)
