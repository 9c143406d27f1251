# ruff: noqa: S608 (identifiers come from the schema or are quoted; engines cannot bind identifiers)
"""Facts whose tables stay in a database: measures are computed there, only the reduced result comes back.

Nothing is created or changed at the source. Each query carries the canonical tables as common table
expressions on the tables that are there, whatever their names and columns.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from data.engines.views import EXTRA, TEST_ACCOUNTS, Relation, Spelling, definitions, typed_columns
from data.problems import DataProblem, did_you_mean
from data.schema import tables

Rows = list[tuple[Any, ...]]
NO_WORDS: Mapping[str, str] = {}
KEPT_ANSWERS = 2000


class Session(Protocol):
    """One read-only transaction of a source."""

    def rows(self, text: str) -> Rows:
        """The rows of a text without parameters."""

    def arrow(self, text: str, parameters: Any) -> pa.Table:
        """The rows of a compiled select."""

    def close(self) -> None:
        """End the transaction."""


class Source(Protocol):
    """A database that holds tables."""

    @property
    def name(self) -> str:
        """What tells it from others, without secrets."""

    @property
    def spelling(self) -> Spelling:
        """How it writes identifiers and types."""

    @property
    def dialect(self) -> sa.Dialect:
        """What measures are compiled for."""

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """Its tables and views, with the engine's type of each column."""

    def relation(self, table: str) -> str:
        """A table, quoted."""

    def expression(self, column: str, given: str, kind: type) -> str | None:
        """A column of `r` as a type of the schema; None when that type cannot be read without guessing."""

    def begin(self) -> Session:
        """A read-only transaction for one thread."""


@dataclass(frozen=True)
class LiveTable:
    """A canonical table in the source.

    Attributes:
        name: their table or view.
        columns: their column by canonical name (or x_… for an extra attribute); canonical columns that are not
            named here are read from a column of the same name where there is one; None leaves a column out.
        values: our word for theirs, by canonical column: {"status": {"CANCELED": "cancelled"}}.
    """

    name: str
    columns: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class LiveCursor:
    """One read-only transaction on the canonical views of live facts; for one thread. Close it when done."""

    def __init__(self, session: Session, views: dict[str, str], dialect: sa.Dialect) -> None:
        """`views` are the canonical tables by name."""
        self._session = session
        self._views = views
        self._dialect = dialect
        self._found: Rows = []

    def __enter__(self) -> "LiveCursor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the transaction."""
        self._session.close()

    def execute(self, sql: str) -> "LiveCursor":
        """Run a text on the canonical views."""
        self._found = self._session.rows(with_views(sql, self._views))
        return self

    def fetchall(self) -> Rows:
        """The rows of the last text."""
        return self._found

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row of the last text; None without rows."""
        return self._found[0] if self._found else None

    def run(self, select: sa.Select[Any]) -> pa.Table:
        """Run a portable select."""
        compiled = select.compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
        names = getattr(compiled, "positiontup", None)
        values = [compiled.params[name] for name in names] if names is not None else dict(compiled.params)
        doubled = self._dialect.paramstyle in ("pyformat", "format")
        views = {name: view.replace("%", "%%") for name, view in self._views.items()} if doubled else self._views
        return self._session.arrow(with_views(str(compiled), views), values)


def with_views(text: str, views: dict[str, str]) -> str:
    """A query with the views it names, and those that these name, in front of it."""
    used: list[str] = []
    wanted = text
    for name in reversed(views):
        if re.search(rf"\b{name}\b", wanted):
            used.insert(0, name)
            wanted += views[name]
    if not used:
        return text
    named = ",\n".join(f"{name} AS ({views[name]})" for name in used)
    rest = f", {text[5:]}" if text[:5].upper() == "WITH " else f"\n{text}"
    return f"WITH {named}{rest}"


@dataclass(frozen=True, eq=False)
class LiveFacts:
    """Facts in a source, asked like imported ones.

    Attributes:
        tables_there: where each canonical table is.
        version: changes when caches must forget what they know, such as the time of the last refresh.
        imported_on: dates after it are plans and never move the as-of day (missing = today).

    Raises:
        DataProblem: a table or column is not there, or has a type that cannot be read without guessing.
    """

    source: Source
    tables_there: Mapping[str, LiveTable]
    version: str
    imported_on: date | None = None

    def __post_init__(self) -> None:
        """Every table, column and type is looked up before the first question."""
        self.relations  # noqa: B018 - computed now, so that problems are met where the connection is set up

    @property
    def key(self) -> tuple[Any, ...]:
        """What identifies these facts in caches."""
        told = tuple((name, *_told(self.tables_there[name])) for name in sorted(self.tables_there))
        return self.version, self.imported_on, self.source.name, told

    @property
    def spelling(self) -> Spelling:
        """How the source writes identifiers and types."""
        return self.source.spelling

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """The relation of each canonical table that is there."""
        there = self.source.columns()
        return {name: _relation(self.source, name, one, there) for name, one in self.tables_there.items()}

    @property
    def files(self) -> Mapping[str, tuple[str, ...]]:
        """None: the rows stay where they are."""
        return {}

    def tables(self) -> tuple[str, ...]:
        """Names of the canonical tables that are there, in schema order."""
        return tuple(name for name in tables() if name in self.tables_there)

    def texts(self, table: str) -> Mapping[str, bool]:
        """The columns of a table's view, and whether each holds text."""
        canonical = {name: kind is str for name, kind in typed_columns(tables()[table]).items()}
        relation = self.relations.get(table)
        extra = [name for name in relation.columns if name.startswith(EXTRA)] if relation else []
        return {**canonical, **dict.fromkeys(extra, True)}

    def holds(self, table: str, column: str) -> bool:
        """Whether a table that is there has rows ("" as column), or a column of it any value."""
        filled = _KEPT.get(self.key, "filled", self._filled)
        return column in filled.get(table, ())

    def _filled(self) -> dict[str, frozenset[str]]:
        """The columns of each table that hold values, "" standing for the table: one transaction for all."""
        names = {table: list(relation.columns) for table, relation in self.relations.items()}
        if "monthly" in names and "subscriptions" not in names:
            names["subscriptions"] = list(typed_columns(tables()["subscriptions"]))
        quoted = self.spelling.name
        questions = []
        for table, columns in names.items():
            counts = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in columns)])
            questions.append(f"SELECT {counts} FROM {quoted(table)}")
        found = self.answers(questions)
        return {
            table: frozenset(column for column, known in zip(["", *columns], rows[0], strict=True) if known)
            for (table, columns), rows in zip(names.items(), found, strict=True)
        }

    def answers(self, questions: Sequence[str]) -> list[Rows]:
        """Rows of small questions about all rows, remembered; what is not known is asked in one transaction."""
        with ExitStack() as opened:
            cursor: LiveCursor | None = None

            def ask(question: str) -> Rows:
                nonlocal cursor
                cursor = cursor or opened.enter_context(self.cursor(None))
                return cursor.execute(question).fetchall()

            return [_KEPT.get(self.key, question, partial(ask, question)) for question in questions]

    def cursor(self, as_of: date | None) -> LiveCursor:
        """A cursor for one thread, on the views as seen on a day."""
        return LiveCursor(self.source.begin(), self.views(as_of), self.source.dialect)

    def views(self, as_of: date | None) -> dict[str, str]:
        """The canonical tables as seen on a day, as selects on the tables of the source."""
        accounts = self.relations.get("accounts")
        tested = accounts is not None and "is_test" in accounts.columns
        views = definitions(self.relations, self.spelling, as_of, TEST_ACCOUNTS if tested else None)
        if accounts is None or not tested:
            return views
        ids, flag = accounts.columns["account_id"], accounts.columns["is_test"]
        return {TEST_ACCOUNTS: f"SELECT {ids} AS account_id FROM {accounts.sql} AS r WHERE {flag}", **views}


class _Kept:
    """What live facts have been asked, the newest answers kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, str], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any, question: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            if (key, question) in self._kept:
                return self._kept[key, question]
        answer = ask()
        with self._lock:
            self._kept[key, question] = answer
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return answer


_KEPT = _Kept()


def _told(one: LiveTable) -> tuple[Any, ...]:
    values = tuple(sorted((name, tuple(sorted(words.items()))) for name, words in one.values.items()))
    return one.name, tuple(sorted(one.columns.items(), key=str)), values


def _relation(source: Source, name: str, one: LiveTable, there: Mapping[str, Mapping[str, str]]) -> Relation:
    if name not in tables():
        hint = did_you_mean(name, tables())
        raise DataProblem("table_unknown", "There is no table {name!r}.{hint}", name=name, hint=hint)
    if one.name not in there:
        hint = did_you_mean(one.name, there)
        raise DataProblem(
            "live_table_missing",
            "The connection shows no table or view {name!r}.{hint} Check its name, the schema, and that the role "
            "may read it.",
            name=one.name,
            hint=hint,
        )
    kinds, given = typed_columns(tables()[name]), there[one.name]
    named = {column: column for column in given if column in kinds or column.startswith(EXTRA)}
    columns = {}
    for column, theirs in {**named, **one.columns}.items():
        if theirs is not None:
            columns[column] = _column(source, one, column, theirs, given, kinds)
    missing = [column for column in tables()[name].required if column not in columns]
    if missing:
        raise DataProblem(
            "live_column_missing",
            "{table} has no column for {columns}: name the column that holds it.",
            table=one.name,
            columns=", ".join(missing),
        )
    return Relation(source.relation(one.name), columns, unchecked=True)


def _column(
    source: Source,
    one: LiveTable,
    column: str,
    theirs: str,
    given: Mapping[str, str],
    kinds: Mapping[str, type],
) -> str:
    if column not in kinds and not column.startswith(EXTRA):
        hint = did_you_mean(column, kinds)
        raise DataProblem("column_unknown", "There is no column {name!r}.{hint}", name=column, hint=hint)
    if theirs not in given:
        raise DataProblem(
            "live_column_absent",
            "{table} has no column {name!r}.{hint}",
            table=one.name,
            name=theirs,
            hint=did_you_mean(theirs, given),
        )
    kind = kinds.get(column, str)
    found = source.expression(f"r.{source.spelling.name(theirs)}", given[theirs], kind)
    if found is None:
        raise DataProblem(
            "live_column_type",
            "{table}.{name} is {given}; {column} must be {wanted}. Make a view that casts it, or copy the rows in.",
            table=one.name,
            name=theirs,
            given=given[theirs],
            column=column,
            wanted={date: "a date", int: "a whole number", float: "a number", bool: "true or false"}.get(
                kind, "a date with a time"
            ),
        )
    words = one.values.get(column, NO_WORDS)
    if not words:
        return found
    literal = source.spelling.text
    whens = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in words.items())
    return f"CASE {found} {whens} ELSE {found} END"
