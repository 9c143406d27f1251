"""Which column of a piece feeds which canonical column: as found, as remembered, as somebody chose. No Streamlit."""

import hashlib
import json
import re
from collections.abc import Mapping as Pairs
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from data import schema
from data.checks.applying import KEPT_EXTRAS
from data.mapping import Mapping, Source, TableMapping, suggest
from data.mapping.mapping import missing_columns, table_of
from data.mapping.names import normalised
from data.mapping.questions import Question, answered
from data.problems import DataProblem
from data.readers.durations import looks_like_clock
from data.readers.raw import RawTable
from ui.importing.pieces import Edits, Piece

SURE = 0.8
ENOUGH = 3.5  # the score from which a table is recognised at all
FIRST = ("accounts", "subscriptions")
LIKELY = 0.7  # below it, a table is not offered for the sake of that column
SAMPLES = 3
_PERSONAL = re.compile(
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$|^\d{3}\.\d{3}\.\d{3}-\d{2}$|^\+\d{1,3}[\s\d().-]{7,}$|^\(\d{2}\)\s?9?\d{4}-?\d{4}$",
    re.I,
)  # an e-mail address, a Brazilian CPF, a telephone number
NUMBERED_DAYS = ("contact_totals.day",)  # one row a day: a first day numbers the rows
NUMBERED_KEYS = ("contact_id", "invoice_id", "response_id", "renewal_id", "referral_id", "contract_id")
NUMBER = "#"  # the constant that stands for "number the rows"


@dataclass(frozen=True)
class ColumnRow:
    """One column of the file: what it feeds ("" = nothing), how sure that is (None: not a guess) and how we know."""

    header: str
    samples: tuple[str, ...]
    target: str
    sure: float | None
    how: str
    others: tuple[str, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether somebody should look at it."""
        return self.sure is not None and self.sure < SURE


@dataclass(frozen=True)
class Matched:
    """The mapping in force for one piece.

    Attributes:
        mapping: What would be applied.
        rows: One for each column of the file, doubtful ones first.
        missing: Required columns that nothing feeds, as "table.column".
        changed: Whether somebody or something changed what was suggested.
        questions: What only a person can tell, each with the answer in force ("" = none yet).
        problem: Why a mapping file that was given cannot be used.
    """

    mapping: Mapping
    rows: tuple[ColumnRow, ...]
    missing: tuple[str, ...]
    changed: bool
    questions: tuple[tuple[Question, str], ...] = ()
    problem: DataProblem | None = None

    @property
    def ready(self) -> bool:
        """Whether it feeds a table and nothing required is missing."""
        return bool(self.mapping.tables) and not self.missing


def signature(raw: RawTable) -> str:
    """A name for files with the same headers, under which a mapping is remembered."""
    return "headers:" + hashlib.sha256(json.dumps(raw.headers).encode()).hexdigest()[:24]


def matched(piece: Piece, edits: Edits, remembered: Pairs[str, Any] | None = None) -> Matched:
    """The mapping in force: a file given, the remembered one or the suggestion; then what somebody chose."""
    raw, suggested = piece.raw, piece.suggestion
    settled, problem = _settled(raw, edits, remembered)
    found = settled or suggested
    questions: tuple[tuple[Question, str], ...] = ()
    if edits.tables is not None and set(edits.tables) != set(found.tables):
        found = _feeding(raw, found, edits.tables)
    if settled is None:
        found, questions = _answered(found, edits)
    tables = _edited(raw, found.tables, edits)
    drop = tuple(header for header, kind in edits.privacy if kind == "drop" and header in raw.headers)
    missing = tuple(f"{name}.{column}" for name, body in tables.items() for column in missing_columns(name, body))
    mapping = replace(found, tables=tables, drop=tuple(dict.fromkeys([*found.drop, *drop])))
    changed = settled is not None or mapping.to_json() != suggested.to_json()
    rows = _rows(raw, found, mapping, edits, settled is not None)
    return Matched(mapping, rows, missing, changed, questions, problem)


def _settled(
    raw: RawTable, edits: Edits, remembered: Pairs[str, Any] | None
) -> tuple[Mapping | None, DataProblem | None]:
    """The mapping that needs no asking: the file somebody gave, else the one remembered for such files."""
    if edits.given:
        try:
            return Mapping.from_json(_json(edits.given)).bound(raw.headers, raw.name), None
        except DataProblem as problem:
            return None, problem
    if remembered is not None:
        try:
            return Mapping.from_json(dict(remembered)).bound(raw.headers, raw.name), None
        except DataProblem:  # remembered by an older version: the suggestion stands
            return None, None
    return None, None


def _feeding(raw: RawTable, found: Mapping, names: tuple[str, ...]) -> Mapping:
    """The same mapping for the tables somebody chose: what is there stays, what is new is suggested."""
    new = [name for name in names if name not in found.tables]
    more = suggest(raw, new) if new else Mapping({})
    wanted = {**found.tables, **more.tables}
    tables = {name: body for name, body in wanted.items() if name in names or table_of(name) in names}
    matches = tuple(one for one in (*found.matches, *more.matches) if one.table in tables)
    gone = set(found.tables) - set(tables)
    asked = tuple(one for one in (*found.questions, *more.questions) if one.table not in gone) if tables else ()
    known = found.known if any(name in found.tables for name in names) else ""
    return replace(found, tables=tables, matches=matches, questions=asked, known=known, foreign="")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataProblem("mapping_unread", "{path} is not a mapping file: {why}", path="", why=str(error)) from None


def _answered(found: Mapping, edits: Edits) -> tuple[Mapping, tuple[tuple[Question, str], ...]]:
    """The suggestion with its questions answered as somebody chose; their defaults are in it already."""
    given, body, asked = dict(edits.answers), found.to_json(), []
    for question in found.questions:
        answer = given.get(f"{question.table}|{question.id}", "")
        if answer:
            try:
                body = answered(body, question, answer)
            except DataProblem:  # no longer among the options
                answer = ""
        asked.append((question, answer or question.default))
    if not any(given.values()) or not body["tables"]:
        return found, tuple(asked)
    return replace(found, tables=Mapping.from_json(body).tables), tuple(asked)


def options(tables: Pairs[str, Any]) -> list[str]:
    """Every "table.column" that a header may feed, "" (none) first."""
    known = schema.tables()
    return ["", *(f"{name}.{column}" for name in tables for column in known[table_of(name)].columns)]


def can_hide(found: Matched) -> list[str]:
    """Headers whose values a pseudonym can stand for: those that feed columns of text and nothing else."""
    kinds: dict[str, set[bool]] = {}
    for name, body in found.mapping.tables.items():
        for column, source in body.columns.items():
            for header in source.headers:
                kinds.setdefault(header, set()).add(schema.tables()[table_of(name)].columns[column].type is str)
    return [header for header, text in kinds.items() if text == {True}]


def personal(raw: RawTable) -> tuple[str, ...]:
    """Headers whose first values look like addresses or numbers of people."""
    found = []
    for header in raw.headers:
        texts = [text for text in raw.sample(header) if text][:20]
        if texts and sum(bool(_PERSONAL.match(text.strip())) for text in texts) * 2 > len(texts):
            found.append(header)
    return tuple(found)


def could_feed(piece: Piece, found: Matched) -> tuple[str, ...]:
    """Tables of the first step that the same file would feed as well, as a list of customers with their plans does."""
    scores = piece.suggestion.scores
    likely = (name for name in FIRST if name not in found.mapping.tables and scores.get(name, 0.0) >= ENOUGH)
    return tuple(name for name in likely if _feeds_whole(suggest(piece.raw, [name]), name))


def _feeds_whole(found: Mapping, name: str) -> bool:
    """Whether nothing required is missing; an account needs its name, or every list of anything would be one."""
    required = schema.tables()[name].required
    if any(match.confidence < LIKELY for match in found.matches if match.column in required):
        return False
    return not found.missing and (name != "accounts" or "name" in found.tables[name].columns)


def keeps_extras(tables: Pairs[str, Any]) -> bool:
    """Whether columns that feed nothing are kept beside the table."""
    return any(table_of(name) in KEPT_EXTRAS for name in tables)


def _edited(raw: RawTable, found: Pairs[str, TableMapping], edits: Edits) -> dict[str, TableMapping]:
    tables = {name: TableMapping(dict(body.columns), dict(body.constants), body.rows) for name, body in found.items()}
    for header, target in edits.targets:
        name, _, column = target.partition(".")
        held = found[name].columns.get(column) if name in found else None
        if target and (held is not None and header in held.headers):
            continue
        for body in tables.values():
            _without(body, header)
        if name in tables and column in schema.tables()[table_of(name)].columns:
            tables[name].columns[column] = Source((header,), unit=_unit(raw, header, name, column))
            tables[name].constants.pop(column, None)
    for target, header in edits.shared:
        name, _, column = target.partition(".")
        if name in tables and header in raw.headers:
            tables[name].columns[column] = Source((header,), unit=_unit(raw, header, name, column))
            tables[name].constants.pop(column, None)
    for target, value in edits.constants:
        name, _, column = target.partition(".")
        if name in tables and value:
            tables[name].columns.pop(column, None)
            if value == NUMBER and column in NUMBERED_KEYS:
                tables[name].columns[column] = Source(row_number_from=f"{normalised(raw.name).replace(' ', '-')[:40]}-")
            elif target in NUMBERED_DAYS:
                tables[name].columns[column] = Source(row_number_from=value)
            else:
                tables[name].constants[column] = value
    for header, kind in edits.privacy:
        for name, body in tables.items():
            if kind == "drop":
                _without(body, header)
            else:
                _hide(name, body, header)
    for body in tables.values():
        _drop_orphans(body)
    ends = tables.get("subscriptions", TableMapping({})).columns
    if edits.last_day is not None and "ended_on" in ends:
        ends["ended_on"] = replace(ends["ended_on"], unit="last_day" if edits.last_day else None)
    return tables


def _without(body: TableMapping, header: str) -> None:
    for column, source in list(body.columns.items()):
        if header in source.headers:
            left = tuple(one for one in source.headers if one != header)
            if left:
                body.columns[column] = replace(source, headers=left)
            else:
                del body.columns[column]


def _hide(table: str, body: TableMapping, header: str) -> None:
    """Let pseudonyms stand for the values of a header, in every column of text that it feeds."""
    kinds = schema.tables()[table_of(table)].columns
    for column, source in body.columns.items():
        if header in source.headers and kinds[column].type is str:
            body.columns[column] = replace(source, unit="pseudonym")


def _drop_orphans(body: TableMapping) -> None:
    """Take away what is counted from a column that is no longer there."""
    for column, source in list(body.columns.items()):
        if any(other is not None and other not in body.columns for other in (source.after, source.times)):
            del body.columns[column]


def _unit(raw: RawTable, header: str, table: str, column: str) -> str | None:
    if schema.tables()[table_of(table)].columns[column].unit != "seconds":
        return None
    texts = raw.sample(header)
    return "duration" if texts and looks_like_clock(pa.array(texts, pa.string())) else None


def _rows(raw: RawTable, found: Mapping, mapping: Mapping, edits: Edits, recalled: bool) -> tuple[ColumnRow, ...]:
    chosen = {header for header, _ in edits.targets} | {header for _, header in edits.shared}
    known = {(f"{m.table}.{m.column}", header): m for m in found.matches for header in m.headers}
    stepped = {header for body in mapping.tables.values() for step in body.rows for header in step.headers}
    private = dict(edits.privacy)
    rows = []
    for header in raw.headers:
        targets = [
            f"{name}.{column}"
            for name, body in mapping.tables.items()
            for column, source in body.columns.items()
            if header in source.headers
        ]
        targets.sort(key=lambda one: -known[one, header].confidence if (one, header) in known else 0.0)
        target = targets[0] if targets else ""
        match = known.get((target, header))
        if header in mapping.drop:
            sure, how = None, "dropped"
        elif header in private and target:
            sure, how = None, "pseudonym"
        elif header in chosen:
            sure, how = None, "chosen"
        elif recalled:
            sure, how = None, "remembered" if target else "unused"
        elif match is not None:
            sure, how = match.confidence, match.how
        else:
            sure, how = None, "guessed" if target else "step" if header in stepped else "unused"
        samples = tuple(dict.fromkeys(text[:40] for text in raw.sample(header)))[:SAMPLES]
        rows.append(ColumnRow(header, samples, target, sure, how, tuple(targets[1:])))
    rank = {True: 0, False: 1}
    return tuple(sorted(rows, key=lambda row: (rank[row.doubtful], not row.target)))
