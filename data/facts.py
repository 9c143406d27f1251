# ruff: noqa: S608 (identifiers come from the schema or are quoted; engines cannot bind identifiers)
"""Facts: the immutable Parquet files of one data version, read by the embedded engine.

`connect` gives a cursor of an in-memory engine with one typed view per canonical table: empty where
nothing was imported, without test accounts, and as seen on the as-of day. The engine can read the
files of these facts and nothing else, and its configuration is locked.
"""

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd

from data.policies import Policies
from data.problems import DataProblem, did_you_mean
from data.schema import Table, tables

MEMORY_LIMIT = "2GB"
KEPT_ENGINES = 8
TYPES = {str: "VARCHAR", date: "DATE", datetime: "TIMESTAMP", float: "DOUBLE", int: "BIGINT", bool: "BOOLEAN"}
EXTRA = "x_"

# What later became of a row seen on the as-of day: the date it happened, and the state it leaves behind.
_LATER: dict[str, dict[str, tuple[str, str] | None]] = {
    "subscriptions": {"ended_on": None, "cancelled_on": None},
    "contacts": {"first_response_at": None, "solved_at": ("status", "open")},
    "invoices": {"paid_on": ("status", "open")},
    "renewals": {"decided_on": ("outcome", "pending")},
    "referrals": {"won_on": ("status", "open")},
}
_OWNER = {"referrals": "referrer_account_id"}
_SEEN = {"renewals": ()}  # plans: a renewal is seen before it is decided


@dataclass(frozen=True, eq=False)
class Facts:
    """Files of one data version.

    Attributes:
        files: Parquet paths by canonical table; rows of all files of a table are one table, columns by name.
        version: name of the version; with the files it identifies the content.
        imported_on: day of the newest import: dates after it are plans and never move the as-of day
            (missing = today).
    """

    files: Mapping[str, tuple[str, ...]]
    version: str
    imported_on: date | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What identifies these facts in caches."""
        files = tuple(sorted((name, tuple(paths)) for name, paths in self.files.items() if paths))
        return self.version, self.imported_on, files

    def tables(self) -> tuple[str, ...]:
        """Names of the canonical tables that have files, in schema order."""
        return tuple(name for name in tables() if self.files.get(name))


class _Engines:
    """Engines by key, the most recently used kept. Cursors outlive the engine's place in the cache."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], duckdb.DuckDBPyConnection] = OrderedDict()
        self._answers: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.RLock()

    def cursor(self, facts: Facts, as_of: date | None) -> duckdb.DuckDBPyConnection:
        key = (facts.key, as_of)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _open(facts, as_of)
                while len(self._kept) > KEPT_ENGINES:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key].cursor()

    def answer(self, facts: Facts, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a small question about all facts, remembered."""
        key = (facts.key, sql)
        with self._lock:
            if key in self._answers:
                return self._answers[key]
        with self.cursor(facts, None) as cursor:
            rows = cursor.execute(sql).fetchall()
        with self._lock:
            self._answers[key] = rows
            while len(self._answers) > 1000:
                self._answers.popitem(last=False)
        return rows


_ENGINES = _Engines()


def connect(facts: Facts, as_of: date | None = None, policies: Policies | None = None) -> duckdb.DuckDBPyConnection:
    """A cursor for one thread, on typed views of all canonical tables as seen on the as-of day.

    Every call gives a cursor of its own: never share one between threads. Close it when done.
    Without an as-of day it is the latest observed one. `policies` do not change what is seen.
    """
    return _ENGINES.cursor(facts, as_of or observed_span(facts)[1])


def has_values(facts: Facts, name: str) -> bool:
    """Whether a table ("contacts") has rows, or a column ("contacts.abandoned") any value.

    Without subscriptions, `monthly.mrr` stands in for them.
    """
    table, _, column = name.partition(".")
    if table not in tables() or (column and column not in tables()[table].columns and not column.startswith(EXTRA)):
        return False
    if table not in facts.tables() and not (table == "subscriptions" and "monthly" in facts.tables()):
        return False
    if column.startswith(EXTRA) and column not in _view_columns(facts, table):
        return False
    known = f" WHERE {_name(column)} IS NOT NULL" if column else ""
    return bool(_ENGINES.answer(facts, f"SELECT 1 FROM {_name(table)}{known} LIMIT 1"))


def observed_span(facts: Facts) -> tuple[date | None, date | None]:
    """First day of the first period and the as-of day; (None, None) without any observed date.

    The first is the earliest observed date of subscriptions, without that table of any table. The
    as-of day is the latest observed date of any table that is not after the import; where nothing was
    observed but renewals with an outcome and no day of decision, the latest day one was due.
    """
    spans = {}
    for table in tables().values():
        columns = [_name(column) for column in table.observed]
        if not columns or table.name not in facts.tables() or not has_values(facts, table.name):
            continue
        days = " UNION ALL ".join(
            f"SELECT CAST({column} AS DATE) AS day FROM {_name(table.name)}" for column in columns
        )
        limit = _imported_on(facts).isoformat()
        if table.name == "monthly":  # a month is known up to its end
            ended = f"CASE WHEN month <= DATE '{limit}' THEN least(last_day(month), DATE '{limit}') END"
            days = f"{days} UNION ALL SELECT {ended} FROM monthly"
        sql = f"SELECT min(day), max(CASE WHEN day <= DATE '{limit}' THEN day END) FROM ({days})"
        spans[table.name] = _ENGINES.answer(facts, sql)[0]
    latest = [span[1] for span in spans.values() if span[1] is not None]
    if not latest and has_values(facts, "renewals"):
        # nothing but renewals without a day of decision: the days they were due are all there is
        limit = _imported_on(facts).isoformat()
        decided = f"due_on <= DATE '{limit}' AND outcome IN ('renewed', 'churned')"
        due = f"SELECT min(due_on), max(due_on) FROM renewals WHERE {decided}"
        spans["renewals"] = _ENGINES.answer(facts, due)[0]
        latest = [day for day in spans["renewals"][1:] if day is not None]
    if not latest:
        return None, None
    if "subscriptions" in spans and spans["subscriptions"][0] is not None:
        first = spans["subscriptions"][0]
    else:
        first = min(span[0] for span in spans.values() if span[0] is not None)
    return first, max(latest)


def dimensions(facts: Facts, at_most: int = 50) -> dict[str, list[str]]:
    """Account attributes, extra columns included, with their values in order; those with too many are left out."""
    if "accounts" not in facts.tables():
        return {}
    found = {}
    for name, kind in _view_columns(facts, "accounts").items():
        if kind != "VARCHAR" or name in ("account_id", "name", "parent_account_id"):
            continue
        sql = f"SELECT DISTINCT {_name(name)} FROM accounts WHERE {_name(name)} IS NOT NULL LIMIT {at_most + 1}"
        values = [row[0] for row in _ENGINES.answer(facts, sql)]
        if 0 < len(values) <= at_most:
            found[name] = sorted(values)
    return found


def attributes(facts: Facts, names: Sequence[str]) -> pd.DataFrame:
    """account_id and the named columns of every account (extra columns included); missing values are None.

    Raises:
        DataProblem: accounts have no such column.
    """
    present = _view_columns(facts, "accounts")
    for name in names:
        if name not in present:
            hint = did_you_mean(name, present)
            raise DataProblem("dimension_unknown", "Accounts have no column {name!r}.{hint}", name=name, hint=hint)
    columns = ["account_id", *dict.fromkeys(name for name in names if name != "account_id")]
    rows = _ENGINES.answer(facts, f"SELECT {', '.join(map(_name, columns))} FROM accounts ORDER BY account_id")
    return pd.DataFrame(rows, columns=columns).astype({"account_id": str})


def _imported_on(facts: Facts) -> date:
    return facts.imported_on or date.today()


def _view_columns(facts: Facts, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in _ENGINES.answer(facts, f"DESCRIBE {_name(table)}")}


def _name(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    """A quoted text literal."""
    return "'" + text.replace("'", "''") + "'"


def _open(facts: Facts, as_of: date | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"SET temp_directory = {_text(tempfile.mkdtemp(prefix='farol-'))}")
    connection.execute("CREATE SCHEMA raw")
    present = {}
    for table in tables().values():
        present[table.name] = _create_raw(connection, facts, table)
    tests: set[str] = set()
    if "is_test" in present["accounts"]:
        tests = {row[0] for row in connection.execute("SELECT account_id FROM raw.accounts WHERE is_test").fetchall()}
    connection.execute("CREATE TABLE raw.test_accounts (account_id VARCHAR)")
    if tests:
        connection.executemany("INSERT INTO raw.test_accounts VALUES (?)", [[account] for account in sorted(tests)])
    for table in tables().values():
        connection.execute(_view(table, present[table.name], as_of, bool(tests)))
    if not facts.files.get("subscriptions") and facts.files.get("monthly"):
        connection.execute(_SUBSCRIPTIONS_FROM_MONTHLY)
    paths = ", ".join(_text(path) for paths in facts.files.values() for path in paths)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _create_raw(connection: duckdb.DuckDBPyConnection, facts: Facts, table: Table) -> dict[str, str]:
    """The files of a table as one view under schema `raw`; returns its columns and types."""
    paths = facts.files.get(table.name)
    if not paths:
        return {}
    files = ", ".join(_text(path) for path in paths)
    source = f"read_parquet([{files}], union_by_name = true)"
    connection.execute(f"CREATE VIEW raw.{_name(table.name)} AS SELECT * FROM {source}")
    rows = connection.execute(f"DESCRIBE raw.{_name(table.name)}").fetchall()
    return {row[0]: row[1] for row in rows}


def _view(table: Table, present: Mapping[str, str], as_of: date | None, tests: bool) -> str:
    """The typed view of a table: every canonical column, extra columns, test accounts out, as-of cut."""
    later = _LATER.get(table.name, {}) if as_of else {}
    ahead = {name: f"CAST({_name(name)} AS DATE) > DATE '{as_of}'" for name in later if name in present}
    states = {later[name][0]: (later[name][1], name) for name in ahead if later[name] is not None}  # type: ignore[index]
    parts = []
    columns = {column.name: TYPES[column.type] for column in table.columns.values()}
    if "row_id" in table.sql.c:
        columns["row_id"] = "BIGINT"
    for name, kind in columns.items():
        value = f"CAST({_name(name)} AS {kind})" if name in present else f"CAST(NULL AS {kind})"
        if name in ahead:
            value = f"CASE WHEN {ahead[name]} THEN NULL ELSE {value} END"
        elif name in states and name in present:
            state, day = states[name]
            value = f"CASE WHEN {ahead[day]} THEN {_text(state)} ELSE {value} END"
        parts.append(f"{value} AS {_name(name)}")
    parts += [_name(name) for name in present if name.startswith(EXTRA)]
    select = ", ".join(parts)
    if not present:
        return f"CREATE VIEW {_name(table.name)} AS SELECT {select} WHERE false"
    conditions = []
    owner = _OWNER.get(table.name, "account_id")
    if tests and owner in columns:
        listed = f"SELECT account_id FROM raw.test_accounts WHERE account_id = r.{_name(owner)}"
        conditions.append(f"NOT EXISTS ({listed})")
    seen = [name for name in _SEEN.get(table.name, table.observed) if name in present]
    if as_of and seen:
        days = ", ".join(f"CAST({_name(name)} AS DATE)" for name in seen)
        conditions.append(f"coalesce(least({days}), DATE '{as_of}') <= DATE '{as_of}'")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"CREATE VIEW {_name(table.name)} AS SELECT {select} FROM raw.{_name(table.name)} AS r{where}"


_SUBSCRIPTIONS_FROM_MONTHLY = """
CREATE OR REPLACE VIEW subscriptions AS
SELECT account_id AS subscription_id, CAST(date_trunc('month', month) AS DATE) AS started_on, account_id, mrr AS amount,
    CAST(date_trunc('month', month) + INTERVAL '1 month' AS DATE) AS ended_on, {nulls}
FROM monthly WHERE mrr IS NOT NULL
"""
_SUBSCRIPTIONS_FROM_MONTHLY = _SUBSCRIPTIONS_FROM_MONTHLY.format(
    nulls=", ".join(
        f"CAST(NULL AS {TYPES[column.type]}) AS {column.name}"
        for column in tables()["subscriptions"].columns.values()
        if column.name not in ("subscription_id", "started_on", "account_id", "amount", "ended_on")
    )
)
