"""Which header feeds which canonical column: the mapping file and what can be wrong with it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data import schema
from data.mapping.names import variants
from data.problems import DataProblem, did_you_mean
from data.readers.durations import SECONDS_IN

FACTORS = {"cents": 0.01, "percent": 0.01, "thousands": 1000.0, **SECONDS_IN}
UNITS = ("duration", "last_day", *FACTORS)
_KEYS = ("from", "values", "as", "after", "times", "lookup", "row_number_from")


@dataclass(frozen=True)
class Source:
    """Where a canonical column comes from.

    Attributes:
        headers: Headers of the file; several are joined by a blank.
        values: What certain texts stand for, compared without case; null means missing.
        unit: How values are meant: `duration` (h:mm:ss), `seconds`, `minutes`, `hours`, `days`,
            `milliseconds`, `cents`, `percent`, `thousands`, or `last_day` (a day is added).
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

    def to_json(self) -> Any:
        """A header, a list of headers, or an object when there is more to say."""
        more = {
            "values": dict(self.values) or None,
            "as": self.unit,
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
            raise _bad_mapping(f"{where} must be a header, a list of headers or an object")
        for key in given:
            if key not in _KEYS:
                raise _bad_mapping(f"{where} has an unknown field {key!r}.{did_you_mean(str(key), _KEYS)}")
        headers = given.get("from", [])
        headers = [headers] if isinstance(headers, str) else headers
        if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
            raise _bad_mapping(f"{where}: 'from' must be a header or a list of headers")
        values = given.get("values") or {}
        if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
            raise _bad_mapping(f"{where}: 'values' must pair texts with plain values")
        if not headers and given.get("row_number_from") is None:
            raise _bad_mapping(f"{where} needs 'from' or 'row_number_from'")
        for key in ("as", "after", "times", "lookup", "row_number_from"):
            if not isinstance(given.get(key), str | None):
                raise _bad_mapping(f"{where}: {key!r} must be a text")
        unit = given.get("as")
        if unit is not None and unit not in UNITS:
            raise _bad_mapping(
                f"{where}: there is no unit {unit!r}.{did_you_mean(unit, UNITS)} Known: {', '.join(UNITS)}"
            )
        if given.get("lookup") not in (None, "subscriptions"):
            raise _bad_mapping(f"{where}: 'lookup' can only be 'subscriptions'")
        return cls(
            tuple(headers),
            tuple((str(text), value) for text, value in values.items()),
            unit,
            given.get("after"),
            given.get("times"),
            given.get("lookup"),
            given.get("row_number_from"),
        )


@dataclass(frozen=True)
class TableMapping:
    """What feeds one canonical table: sources and constants by canonical column."""

    columns: dict[str, Source]
    constants: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The object under a table's name in a mapping file."""
        columns = {name: source.to_json() for name, source in self.columns.items()}
        return {"columns": columns} | ({"constants": dict(self.constants)} if self.constants else {})

    @property
    def headers(self) -> set[str]:
        """Every header used."""
        return {header for source in self.columns.values() for header in source.headers}


@dataclass(frozen=True)
class Match:
    """Why a header was taken for a column.

    `how` is one of same_name, synonym, synonym_without_note, spelled_out, name_and_values, similar_name,
    joined, guessed, lookup, numbered, beside_key, made_up, in_cents. `confidence` runs from 0 to 1; 1 is
    the canonical name itself.
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
        tables: What feeds each canonical table, best first.
        matches: For suggestions: each column found, how sure and how known.
        unmapped: Headers that feed nothing.
        missing: Required columns without a source, by table; such a table is refused.
        scores: For suggestions: how well each canonical table fits.
        foreign: For suggestions: what the file seems to list that no table holds (`opportunities`, `prices`), else "".
    """

    tables: dict[str, TableMapping]
    matches: tuple[Match, ...] = ()
    unmapped: tuple[str, ...] = ()
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    foreign: str = ""

    def to_json(self) -> dict[str, Any]:
        """The mapping file."""
        return {"tables": {name: table.to_json() for name, table in self.tables.items()}}

    @classmethod
    def from_json(cls, given: Any) -> "Mapping":
        """Read a mapping file.

        Raises:
            DataProblem: unknown tables, columns, units or fields, with close names.
        """
        if not isinstance(given, dict) or not isinstance(given.get("tables"), dict) or not given["tables"]:
            raise _bad_mapping('it must look like {"tables": {"contacts": {"columns": {…}}}}')
        tables = {}
        for name, body in given["tables"].items():
            table = known_table(name)
            if not isinstance(body, dict) or not isinstance(body.get("columns", {}), dict):
                raise _bad_mapping(f"{name} must be an object with 'columns'")
            for key in body:
                if key not in ("columns", "constants"):
                    raise _bad_mapping(
                        f"{name} has an unknown field {key!r}.{did_you_mean(str(key), ('columns', 'constants'))}"
                    )
            columns = {
                known_column(table, column): Source.from_json(source, f"{name}.{column}")
                for column, source in body.get("columns", {}).items()
            }
            for column, source in columns.items():
                for other in (source.after, source.times):
                    if other is not None:
                        known_column(table, other)
                        if other == column:
                            raise _bad_mapping(f"{name}.{column} cannot build on itself")
            constants = body.get("constants") or {}
            if not isinstance(constants, dict) or any(isinstance(value, dict | list) for value in constants.values()):
                raise _bad_mapping(f"{name}: 'constants' must pair columns with plain values")
            tables[name] = TableMapping(columns, {known_column(table, c): value for c, value in constants.items()})
        return cls(tables)

    @classmethod
    def from_file(cls, path: str | Path) -> "Mapping":
        """Read a mapping file from disk."""
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8-sig")))
        except (OSError, ValueError, RecursionError) as error:
            raise _bad_mapping(f"{path} cannot be read as JSON ({error})") from error

    def bound(self, headers: Iterable[str], file: str) -> "Mapping":
        """The same mapping with headers spelled as in the file.

        Raises:
            DataProblem: a header is not in the file.
        """
        present = list(headers)
        tables = {}
        for name, table in self.tables.items():
            columns = {}
            for column, source in table.columns.items():
                found = tuple(_spelled(header, present, file) for header in source.headers)
                columns[column] = Source(
                    found, source.values, source.unit, source.after, source.times, source.lookup, source.row_number_from
                )
            tables[name] = TableMapping(columns, table.constants)
        used = {header for table in tables.values() for header in table.headers}
        unmapped = tuple(header for header in present if header not in used)
        missing = {name: lacking for name, table in tables.items() if (lacking := missing_columns(name, table))}
        return Mapping(tables, self.matches, unmapped, missing, self.scores)


def missing_columns(name: str, table: TableMapping) -> tuple[str, ...]:
    """Required columns that nothing feeds; a survey also needs a score or a label."""
    fed = {*table.columns, *table.constants}
    lacking = [
        column
        for column in schema.tables()[name].required
        if column not in fed and column not in ("scale_min", "scale_max")
    ]
    if name == "surveys" and not {"score", "label"} & fed:
        lacking.append("score")
    return tuple(lacking)


def known_table(name: str) -> schema.Table:
    """The canonical table of that name, or an error with close names."""
    tables = schema.tables()
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


def _spelled(header: str, present: list[str], file: str) -> str:
    if header in present:
        return header
    for form in range(3):
        wanted = variants(header)
        same = [
            other
            for other in present
            if (form == 0 and other.strip().casefold() == header.strip().casefold())
            or (form == 1 and variants(other)[:1] == wanted[:1])
            or (form == 2 and set(variants(other)) & set(wanted))
        ]
        if len(same) == 1 and wanted:
            return same[0]
    raise DataProblem(
        "unknown_header",
        "{file} has no column {header!r}.{hint} It has: {present}.",
        file=file,
        header=header,
        hint=did_you_mean(header, present),
        present=", ".join(present[:40]),
    )


def _bad_mapping(why: str) -> DataProblem:
    return DataProblem("bad_mapping", "The mapping cannot be used: {why}.", why=why)
