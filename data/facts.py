# ruff: noqa: S608 (identifiers come from the schema or are quoted; engines cannot bind identifiers)
"""Facts: what is known about a workspace at one data version, wherever the rows live.

`Facts` are immutable Parquet files read by the embedded engine; `data.engines.live` has facts whose
tables stay in a database. Both are asked through the functions here. `connect` gives a cursor on one
typed view per canonical table: empty where nothing was imported, without test accounts, and as seen
on the as-of day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import duckdb
import pandas as pd

from data.engines.embedded import ENGINES
from data.engines.live import LiveCursor
from data.engines.views import DUCKDB, EXTRA, Spelling
from data.policies import Policies
from data.problems import DataProblem, did_you_mean
from data.schema import tables

TYPES = DUCKDB.types
Cursor = duckdb.DuckDBPyConnection | LiveCursor


class AnyFacts(Protocol):
    """What facts of every engine can do."""

    @property
    def version(self) -> str:
        """Name of the data version."""

    @property
    def imported_on(self) -> date | None:
        """Day the rows were last read; dates after it are plans."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What identifies these facts in caches."""

    @property
    def files(self) -> Mapping[str, tuple[str, ...]]:
        """Parquet paths by canonical table; none where the rows stay in a database."""

    @property
    def spelling(self) -> Spelling:
        """How the engine writes identifiers and types."""

    def tables(self) -> tuple[str, ...]:
        """Names of the canonical tables that are there, in schema order."""

    def texts(self, table: str) -> Mapping[str, bool]:
        """The columns of a table's view, and whether each holds text."""

    def holds(self, table: str, column: str) -> bool:
        """Whether a table that is there has rows ("" as column), or a column of it any value."""

    def answers(self, questions: Sequence[str]) -> list[list[tuple[Any, ...]]]:
        """Rows of small questions about all rows, remembered."""

    def cursor(self, as_of: date | None) -> Cursor:
        """A cursor for one thread, on the views as seen on a day."""


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

    @property
    def spelling(self) -> Spelling:
        """How the embedded engine writes identifiers and types."""
        return DUCKDB

    def tables(self) -> tuple[str, ...]:
        """Names of the canonical tables that have files, in schema order."""
        return tuple(name for name in tables() if self.files.get(name))

    def texts(self, table: str) -> Mapping[str, bool]:
        """The columns of a table's view, and whether each holds text."""
        (described,) = self.answers([f"DESCRIBE {DUCKDB.name(table)}"])
        return {row[0]: row[1] == "VARCHAR" for row in described}

    def holds(self, table: str, column: str) -> bool:
        """Whether a table that is there has rows ("" as column), or a column of it any value."""
        known = f" WHERE {DUCKDB.name(column)} IS NOT NULL" if column else ""
        return bool(self.answers([f"SELECT 1 FROM {DUCKDB.name(table)}{known} LIMIT 1"])[0])

    def answers(self, questions: Sequence[str]) -> list[list[tuple[Any, ...]]]:
        """Rows of small questions about all rows, remembered."""
        return [ENGINES.answer(self.key, self.files, question) for question in questions]

    def cursor(self, as_of: date | None) -> duckdb.DuckDBPyConnection:
        """A cursor for one thread, on the views as seen on a day."""
        return ENGINES.cursor(self.key, self.files, as_of)


def connect(facts: AnyFacts, as_of: date | None = None, policies: Policies | None = None) -> Any:
    """A cursor for one thread, on typed views of all canonical tables as seen on the as-of day.

    Every call gives a cursor of its own: never share one between threads. Close it when done.
    Without an as-of day it is the latest observed one. `policies` do not change what is seen.
    """
    return facts.cursor(as_of or observed_span(facts)[1])


def has_values(facts: AnyFacts, name: str) -> bool:
    """Whether a table ("contacts") has rows, or a column ("contacts.abandoned") any value.

    Without subscriptions, `monthly.mrr` stands in for them.
    """
    table, _, column = name.partition(".")
    if table not in tables() or (column and column not in tables()[table].columns and not column.startswith(EXTRA)):
        return False
    if table not in facts.tables() and not (table == "subscriptions" and "monthly" in facts.tables()):
        return False
    if column.startswith(EXTRA) and column not in facts.texts(table):
        return False
    return facts.holds(table, column)


def observed_span(facts: AnyFacts) -> tuple[date | None, date | None]:
    """First day of the first period and the as-of day; (None, None) without any observed date.

    The first is the earliest observed date of subscriptions, without that table of any table. The
    as-of day is the latest observed date of any table that is not after the import; where nothing was
    observed but renewals with an outcome and no day of decision, the latest day one was due.
    """
    questions = {}
    limit = f"DATE '{_imported_on(facts).isoformat()}'"
    quoted = facts.spelling.name
    for table in tables().values():
        dates = [quoted(column) for column in table.observed]
        if not dates or table.name not in facts.tables() or not has_values(facts, table.name):
            continue
        days = " UNION ALL ".join(f"SELECT CAST({day} AS DATE) AS day FROM {quoted(table.name)}" for day in dates)
        if table.name == "monthly":  # a month is known up to its end
            last = "CAST(date_trunc('month', month) + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)"
            days = f"{days} UNION ALL SELECT CASE WHEN month <= {limit} THEN least({last}, {limit}) END FROM monthly"
        latest_day = f"max(CASE WHEN day <= {limit} THEN day END)"
        questions[table.name] = f"SELECT min(day), {latest_day} FROM ({days}) AS days"
    answers = facts.answers(list(questions.values()))
    spans = {name: rows[0] for name, rows in zip(questions, answers, strict=True)}
    latest = [span[1] for span in spans.values() if span[1] is not None]
    if not latest and has_values(facts, "renewals"):
        # nothing but renewals without a day of decision: the days they were due are all there is
        decided = f"due_on <= {limit} AND outcome IN ('renewed', 'churned')"
        (due,) = facts.answers([f"SELECT min(due_on), max(due_on) FROM renewals WHERE {decided}"])
        spans["renewals"] = due[0]
        latest = [day for day in spans["renewals"][1:] if day is not None]
    if not latest:
        return None, None
    if "subscriptions" in spans and spans["subscriptions"][0] is not None:
        first = spans["subscriptions"][0]
    else:
        first = min(span[0] for span in spans.values() if span[0] is not None)
    return first, max(latest)


def dimensions(facts: AnyFacts, at_most: int = 50) -> dict[str, list[str]]:
    """Account attributes, extra columns included, with their values in order; those with too many are left out."""
    if "accounts" not in facts.tables():
        return {}
    texts = facts.texts("accounts").items()
    names = [name for name, is_text in texts if is_text and name not in ("account_id", "name", "parent_account_id")]
    columns = [facts.spelling.name(name) for name in names]
    different = "SELECT DISTINCT {0} FROM accounts WHERE {0} IS NOT NULL LIMIT {1}"
    answers = facts.answers([different.format(column, at_most + 1) for column in columns])
    found = {name: sorted(row[0] for row in rows) for name, rows in zip(names, answers, strict=True)}
    return {name: values for name, values in found.items() if 0 < len(values) <= at_most}


def attributes(facts: AnyFacts, names: Sequence[str]) -> pd.DataFrame:
    """account_id and the named columns of every account (extra columns included); missing values are None.

    Raises:
        DataProblem: accounts have no such column.
    """
    present = facts.texts("accounts")
    for name in names:
        if name not in present:
            hint = did_you_mean(name, present)
            raise DataProblem("dimension_unknown", "Accounts have no column {name!r}.{hint}", name=name, hint=hint)
    columns = ["account_id", *dict.fromkeys(name for name in names if name != "account_id")]
    listed = ", ".join(facts.spelling.name(name) for name in columns)
    (rows,) = facts.answers([f"SELECT {listed} FROM accounts ORDER BY account_id"])
    return pd.DataFrame(rows, columns=columns).astype({"account_id": str})


def _imported_on(facts: AnyFacts) -> date:
    return facts.imported_on or date.today()
