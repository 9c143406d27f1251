"""Which header feeds which canonical column: the mapping file and what can be wrong with it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data import schema
from data.mapping.questions import Question
from data.mapping.steps import Step, Unpivot, bad_mapping, bound_steps, made, spelled, steps_from_json
from data.problems import DataProblem, did_you_mean
from data.readers.durations import SECONDS_IN

FACTORS = {"cents": 0.01, "percent": 0.01, "thousands": 1000.0, **SECONDS_IN}
UNITS = ("duration", "last_day", "first_day", "interval_months", "pseudonym", *FACTORS)
_KEYS = ("from", "values", "as", "minus", "divide", "after", "times", "lookup", "row_number_from")
_LABEL = re.compile(r"^[\w.-]{1,40}$")
_BODY = ("columns", "constants", "rows")


@dataclass(frozen=True)
class Source:
    """Where a canonical column comes from.

    Attributes:
        headers: Headers of the file; several are joined by a blank.
        values: What certain texts stand for, compared without case; null means missing.
        unit: How values are meant: `duration` (h:mm:ss), `seconds`, `minutes`, `hours`, `days`,
            `milliseconds`, `cents`, `percent`, `thousands`; `last_day` (a day is added), `first_day` (a month
            becomes its first day), `interval_months` (an interval and how many, such as `year` and `2`, in
            months) or `pseudonym` (a keyed hash stands for the value, the same in every file).
        minus: A header whose number is taken off; where it is missing the result is missing.
        divide: What the number is divided by.
        after: For a point in time given as a duration: the canonical column it is counted from.
        times: The canonical column a value is multiplied by (an average times how many).
        lookup: `subscriptions`: the headers hold a subscription id; take its account.
        row_number_from: A first day, or a prefix: rows are numbered from it.
    """

    headers: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()
    unit: str | None = None
    after: str | None = None
    times: str | None = None
    lookup: str | None = None
    row_number_from: str | None = None
    minus: str | None = None
    divide: float | None = None

    @property
    def every_header(self) -> tuple[str, ...]:
        """All headers it reads."""
        return (*self.headers, self.minus) if self.minus else self.headers

    def to_json(self) -> Any:
        """A header, a list of headers, or an object when there is more to say."""
        more = {
            "values": dict(self.values) or None,
            "as": self.unit,
            "minus": self.minus,
            "divide": self.divide,
            "after": self.after,
            "times": self.times,
            "lookup": self.lookup,
            "row_number_from": self.row_number_from,
        }
        said = {key: value for key, value in more.items() if value is not None}
        headers: Any = self.headers[0] if len(self.headers) == 1 else list(self.headers)
        if not said:
            return headers
        return ({"from": headers} if self.headers else {}) | said

    @classmethod
    def from_json(cls, given: Any, where: str) -> "Source":
        """Read one entry of a mapping file; `where` names it in errors."""
        if isinstance(given, str):
            return cls((given,))
        if isinstance(given, list) and given and all(isinstance(header, str) for header in given):
            return cls(tuple(given))
        if not isinstance(given, dict):
            raise bad_mapping(f"{where} must be a header, a list of headers or an object")
        for key in given:
            if key not in _KEYS:
                raise bad_mapping(f"{where} has an unknown field {key!r}.{did_you_mean(str(key), _KEYS)}")
        headers = given.get("from", [])
        headers = [headers] if isinstance(headers, str) else headers
        if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
            raise bad_mapping(f"{where}: 'from' must be a header or a list of headers")
        values = given.get("values") or {}
        if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
            raise bad_mapping(f"{where}: 'values' must pair texts with plain values")
        if not headers and given.get("row_number_from") is None:
            raise bad_mapping(f"{where} needs 'from' or 'row_number_from'")
        for key in ("as", "minus", "after", "times", "lookup", "row_number_from"):
            if not isinstance(given.get(key), str | None):
                raise bad_mapping(f"{where}: {key!r} must be a text")
        unit = given.get("as")
        if unit is not None and unit not in UNITS:
            raise bad_mapping(
                f"{where}: there is no unit {unit!r}.{did_you_mean(unit, UNITS)} Known: {', '.join(UNITS)}"
            )
        divide = given.get("divide")
        if divide is not None and (isinstance(divide, bool) or not isinstance(divide, int | float) or not divide > 0):
            raise bad_mapping(f"{where}: 'divide' must be a number above 0")
        if unit in ("pseudonym", "interval_months") and (given.get("minus") or divide or given.get("after")):
            raise bad_mapping(f"{where}: {unit!r} cannot be reckoned with")
        if given.get("lookup") not in (None, "subscriptions"):
            raise bad_mapping(f"{where}: 'lookup' can only be 'subscriptions'")
        return cls(
            tuple(headers),
            tuple((str(text), value) for text, value in values.items()),
            unit,
            given.get("after"),
            given.get("times"),
            given.get("lookup"),
            given.get("row_number_from"),
            given.get("minus"),
            None if divide is None else float(divide),
        )


@dataclass(frozen=True)
class TableMapping:
    """What feeds one canonical table: steps on the rows, then sources and constants by canonical column."""

    columns: dict[str, Source]
    constants: dict[str, Any] = field(default_factory=dict)
    rows: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The object under a table's name in a mapping file."""
        columns = {name: source.to_json() for name, source in self.columns.items()}
        rows = {"rows": [step.to_json() for step in self.rows]} if self.rows else {}
        return rows | {"columns": columns} | ({"constants": dict(self.constants)} if self.constants else {})

    @property
    def headers(self) -> set[str]:
        """Every header of the file that is used, by a column or by a step."""
        read = {header for source in self.columns.values() for header in source.every_header}
        return (read - made(self.rows)) | {header for step in self.rows for header in step.headers} - made(self.rows)

    @property
    def kept(self) -> set[str]:
        """Headers of the file whose values arrive in a column; a column that only chooses rows is not among them."""
        read = {header for source in self.columns.values() for header in source.every_header}
        return (read - made(self.rows)) | {h for step in self.rows if isinstance(step, Unpivot) for h in step.columns}

    @property
    def pseudonyms(self) -> set[str]:
        """Headers whose values are never kept as they are."""
        return {h for source in self.columns.values() if source.unit == "pseudonym" for h in source.headers}


@dataclass(frozen=True)
class Match:
    """Why a header was taken for a column.

    `how` is one of same_name, synonym, synonym_without_note, spelled_out, name_and_values, similar_name,
    joined, guessed, lookup, numbered, beside_key, made_up, in_cents, known_export, known_ids, by_values,
    unpivoted, reworded.
    `confidence` runs from 0 to 1; 1 is the canonical name itself.
    """

    table: str
    column: str
    headers: tuple[str, ...]
    confidence: float
    how: str


@dataclass(frozen=True)
class Mapping:
    """A mapping of one file, as suggested or as given.

    Attributes:
        tables: What feeds each canonical table, best first; a table may come more than once, as `table:label`.
        matches: For suggestions: each column found, how sure and how known.
        unmapped: Headers that feed nothing.
        missing: Required columns without a source, by table; such a table is refused.
        scores: For suggestions: how well each canonical table fits.
        known: For suggestions: the export recognised as a whole, else "".
        questions: For suggestions: what only a person can tell, with the answer taken so far.
        drop: Headers that are not kept anywhere, not even in rejected rows.
        foreign: For suggestions: what the file seems to list that no table holds (`opportunities`, `prices` and the
            other ids of `data.mapping.refusals`), else "".
    """

    tables: dict[str, TableMapping]
    matches: tuple[Match, ...] = ()
    unmapped: tuple[str, ...] = ()
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    foreign: str = ""
    known: str = ""
    questions: tuple[Question, ...] = ()
    drop: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The mapping file."""
        tables = {name: table.to_json() for name, table in self.tables.items()}
        return {"tables": tables} | ({"drop": list(self.drop)} if self.drop else {})

    @property
    def private(self) -> set[str]:
        """Headers whose values must not be shown or kept as they are: dropped or pseudonymised."""
        return {*self.drop, *(header for body in self.tables.values() for header in body.pseudonyms)}

    @classmethod
    def from_json(cls, given: Any) -> "Mapping":
        """Read a mapping file.

        Raises:
            DataProblem: unknown tables, columns, units or fields, with close names.
        """
        if not isinstance(given, dict) or not isinstance(given.get("tables"), dict) or not given["tables"]:
            raise bad_mapping('it must look like {"tables": {"contacts": {"columns": {…}}}}')
        for key in given:
            if key not in ("tables", "drop"):
                raise bad_mapping(f"it has an unknown field {key!r}.{did_you_mean(str(key), ('tables', 'drop'))}")
        drop = given.get("drop") or []
        if not isinstance(drop, list) or not all(isinstance(header, str) for header in drop):
            raise bad_mapping("'drop' must be a list of headers")
        tables = {}
        for name, body in given["tables"].items():
            table = known_table(name)
            if not isinstance(body, dict) or not isinstance(body.get("columns", {}), dict):
                raise bad_mapping(f"{name} must be an object with 'columns'")
            for key in body:
                if key not in _BODY:
                    raise bad_mapping(f"{name} has an unknown field {key!r}.{did_you_mean(str(key), _BODY)}")
            columns = {
                known_column(table, column): Source.from_json(source, f"{name}.{column}")
                for column, source in body.get("columns", {}).items()
            }
            for column, source in columns.items():
                for other in (source.after, source.times):
                    if other is not None:
                        known_column(table, other)
                        if other == column:
                            raise bad_mapping(f"{name}.{column} cannot build on itself")
            constants = body.get("constants") or {}
            if not isinstance(constants, dict) or any(isinstance(value, dict | list) for value in constants.values()):
                raise bad_mapping(f"{name}: 'constants' must pair columns with plain values")
            constants = {known_column(table, c): value for c, value in constants.items()}
            for column, source in columns.items():
                _fits(f"{name}.{column}", source, table.columns[column].type)
            tables[name] = TableMapping(columns, constants, steps_from_json(body.get("rows"), name))
        return cls(tables, drop=tuple(drop))

    @classmethod
    def from_file(cls, path: str | Path) -> "Mapping":
        """Read a mapping file from disk."""
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8-sig")))
        except (OSError, ValueError, RecursionError) as error:
            raise bad_mapping(f"{path} cannot be read as JSON ({error})") from error

    def bound(self, headers: Iterable[str], file: str) -> "Mapping":
        """The same mapping with headers spelled as in the file.

        Raises:
            DataProblem: a header is not in the file.
        """
        present = list(headers)
        tables = {}
        for name, table in self.tables.items():
            steps, after = bound_steps(table.rows, present, file)
            columns = {
                column: replace(
                    source,
                    headers=tuple(spelled(header, after, file) for header in source.headers),
                    minus=spelled(source.minus, after, file) if source.minus else None,
                )
                for column, source in table.columns.items()
            }
            tables[name] = TableMapping(columns, table.constants, steps)
        drop = tuple(dict.fromkeys(spelled(header, present, file) for header in self.drop))
        used = {header for table in tables.values() for header in table.headers}
        _keep_private(tables, drop, used)
        unmapped = tuple(header for header in present if header not in used and header not in drop)
        missing = {name: lacking for name, table in tables.items() if (lacking := missing_columns(name, table))}
        return replace(self, tables=tables, unmapped=unmapped, missing=missing, drop=drop)


def table_of(name: str) -> str:
    """The canonical table of a key of a mapping: `surveys:nps` feeds `surveys`."""
    return name.partition(":")[0]


def missing_columns(name: str, table: TableMapping) -> tuple[str, ...]:
    """Required columns that nothing feeds; a survey also needs a score or a label."""
    fed = {*table.columns, *table.constants}
    lacking = [
        column
        for column in schema.tables()[table_of(name)].required
        if column not in fed and column not in ("scale_min", "scale_max")
    ]
    if table_of(name) == "surveys" and not {"score", "label"} & fed:
        lacking.append("score")
    return tuple(lacking)


def known_table(name: str) -> schema.Table:
    """The canonical table of that name or `name:label`, or an error with close names."""
    tables = schema.tables()
    name, colon, label = name.partition(":")
    if name in tables and colon and not _LABEL.match(label):
        raise bad_mapping(f"the label of {name}:{label} must be a word")
    if name not in tables:
        raise DataProblem(
            "unknown_table",
            "There is no table {name!r}.{hint} Known: {known}.",
            name=name,
            hint=did_you_mean(name, tables),
            known=", ".join(tables),
        )
    return tables[name]


def known_column(table: schema.Table, name: str) -> str:
    """The name back when the table has such a column, or an error with close names."""
    if name not in table.columns:
        raise DataProblem(
            "unknown_column",
            "{table} has no column {name!r}.{hint}",
            table=table.name,
            name=name,
            hint=did_you_mean(name, table.columns),
        )
    return name


def _fits(where: str, source: Source, kind: type) -> None:
    """Refuse units that mean nothing for the type of a column."""
    numeric = kind in (int, float)
    if source.unit == "pseudonym" and kind is not str:
        raise bad_mapping(f"{where} cannot be a pseudonym: it is no text")
    if source.unit in ("first_day", "last_day") and (numeric or kind in (str, bool)):
        raise bad_mapping(f"{where} cannot be {source.unit!r}: it is no date")
    if (source.unit == "interval_months" or source.minus or source.divide) and not numeric:
        raise bad_mapping(f"{where} cannot be reckoned with: it is no number")


def _keep_private(tables: dict[str, TableMapping], drop: tuple[str, ...], used: set[str]) -> None:
    """Refuse a mapping that drops or pseudonymises a column in one place and keeps it in another."""
    if kept := sorted(set(drop) & used):
        raise bad_mapping(f"{kept[0]!r} is dropped and used")
    hidden = {header for body in tables.values() for header in body.pseudonyms}
    for name, body in tables.items():
        for column, source in body.columns.items():
            if source.unit != "pseudonym" and set(source.every_header) & hidden:
                raise bad_mapping(f"{source.every_header[0]!r} is a pseudonym elsewhere, and {name}.{column} keeps it")
