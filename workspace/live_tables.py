"""From picked tables to live ones: mappings a database can follow as they are, its words for ours, keys that hold.

What an import does to values is done by the database where it can be: columns under other names, and words for
states and kinds in the languages that an import knows. What it cannot do (several columns in one, units, constants,
row steps) is refused, never left out silently.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from data import schema
from data.checks.kept_out import REASON_COLUMNS
from data.connections import Relation, find
from data.engines.live import LiveFacts, LiveTable
from data.mapping.mapping import Mapping as Mapped
from data.mapping.mapping import Source, TableMapping, table_of
from data.mapping.names import normalised, words
from data.problems import DataProblem
from data.store import PickedTable

MOST_WORDS = 500
EXTRAS_OF = ("accounts", "monthly")  # the tables whose other columns are kept to cut by
_CUTTABLE = ("text", "whole", "bool")
_ELSE = {"surveys.kind": "other", "costs.kind": "other"}  # what an import makes of words it does not know
_CLOSED = frozenset({"sentiment.rater"})


def told(picks: Sequence[PickedTable]) -> str:
    """What tells picks from others."""
    return json.dumps([[one.schema, one.table, one.mapping] for one in picks], sort_keys=True, ensure_ascii=False)


def planned(picks: Sequence[PickedTable], offered: list[Relation]) -> tuple[str, dict[str, LiveTable]]:
    """The schema of the picked tables, and where each canonical table is.

    Raises:
        DataProblem: picks in several schemas, one table fed twice, or a mapping that a database cannot follow.
    """
    schemas = sorted({one.schema for one in picks})
    if len(schemas) > 1:
        raise DataProblem(
            "live_one_schema",
            "Live tables must lie in one schema, and these are in {schemas}. Make views in one of them.",
            schemas=", ".join(schemas),
        )
    found: dict[str, LiveTable] = {}
    for pick in picks:
        relation, mapped = find(offered, pick.schema, pick.table), Mapped.from_json(pick.mapping)
        for name, body in mapped.tables.items():
            table = table_of(name)
            if table in found:
                raise _refused(pick, table, "a second table feeds it")
            _refuse_work(pick, name, body)
            found[table] = LiveTable(pick.table, _columns(relation, mapped, table, body))
    return schemas[0], found


def _refuse_work(pick: PickedTable, name: str, body: TableMapping) -> None:
    """Refuse what only an import can do."""
    if body.rows or body.constants:
        raise _refused(pick, name, "rows" if body.rows else ", ".join(body.constants))
    for column, source in body.columns.items():
        if len(source.headers) != 1 or source != Source(source.headers, source.values):
            raise _refused(pick, name, column)
        if any(not isinstance(ours, str) for _, ours in source.values):
            raise _refused(pick, name, column)


def _refused(pick: PickedTable, table: str, what: str) -> DataProblem:
    return DataProblem(
        "live_mapping",
        "{source} cannot feed {table} live as it is ({what}): that takes more than reading a column under another "
        "name. Make a view that does it and pick that, or bring the rows in.",
        source=pick.shown,
        table=table,
        what=what,
    )


def _columns(relation: Relation, mapped: Mapped, table: str, body: TableMapping) -> Mapping[str, str | None]:
    """Their column for each of ours, as the mapping says and in no other way; others to cut by under x_ names."""
    columns: dict[str, str | None] = dict.fromkeys(one.name for one in relation.columns)
    columns |= {name: source.headers[0] for name, source in body.columns.items()}
    if table in EXTRAS_OF:
        arrived = {header for other in mapped.tables.values() for header in other.kept} | mapped.private
        for one in relation.columns:
            if one.name in arrived or one.name in REASON_COLUMNS or one.kind not in _CUTTABLE:
                continue
            slug = name = "x_" + (normalised(one.name).replace(" ", "_") or "column")
            number = 2
            while columns.get(name) is not None:
                name, number = f"{slug}_{number}", number + 1
            columns[name] = one.name
    return columns


def worded(facts: LiveFacts, picks: Sequence[PickedTable]) -> dict[str, LiveTable]:
    """The tables with our word for each of theirs, as an import would take it.

    Raises:
        DataProblem: a word where only ours may stand, or too many of them.
    """
    said = _own_words(picks)
    asked = [
        (table, column)
        for table, relation in facts.relations.items()
        for column in relation.columns
        if words(f"{table}.{column}") or (table, column) in said
    ]
    quoted = facts.spelling.name
    answers = facts.answers(
        [
            f"SELECT DISTINCT {quoted(column)} FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL "  # noqa: S608
            f"LIMIT {MOST_WORDS + 1}"
            for table, column in asked
        ]
    )
    there = dict(facts.tables_there)
    for (table, column), rows in zip(asked, answers, strict=True):
        theirs = [row[0] for row in rows]
        ours = _meant(table, column, theirs, said.get((table, column), {}))
        values = {**there[table].values, column: {one: meant for one, meant in ours.items() if one != meant}}
        there[table] = replace(there[table], values=values)
    return there


def _own_words(picks: Sequence[PickedTable]) -> dict[tuple[str, str], dict[str, str]]:
    """What the mappings say of single values, which are compared without case."""
    return {
        (table_of(name), column): {theirs.strip().casefold(): str(ours) for theirs, ours in source.values}
        for pick in picks
        for name, body in Mapped.from_json(pick.mapping).tables.items()
        for column, source in body.columns.items()
        if source.values
    }


def _meant(table: str, column: str, theirs: Sequence[Any], said: Mapping[str, str]) -> dict[str, str]:
    domain, known = f"{table}.{column}", words(f"{table}.{column}")
    if len(theirs) > MOST_WORDS:
        raise _strange(domain, f"more than {MOST_WORDS}")
    found = {}
    for one in map(str, theirs):
        meant = said.get(one.strip().casefold(), one)
        meant = known.get(normalised(meant), _ELSE.get(domain, meant)) if known else meant
        if domain in _CLOSED and meant not in known.values():
            raise _strange(domain, one)
        found[one] = meant
    return found


def _strange(domain: str, found: str) -> DataProblem:
    return DataProblem(
        "live_words",
        "{column} holds words Farol does not know ({found}). Make a view that writes Farol's words, or bring the "
        "rows in.",
        column=domain,
        found=found[:60],
    )


def refuse_unsound(facts: LiveFacts) -> None:
    """Refuse tables whose key comes twice, or whose accounts are blank or have blanks around them.

    Their numbers would count twice, or fall to nobody. An import rejects or trims such rows; a database does not.

    Raises:
        DataProblem: the table, and how many rows.
    """
    quoted = facts.spelling.name
    questions = {}
    for name in facts.tables():
        key, there = schema.tables()[name].key, facts.relations[name].columns
        listed = ", ".join(map(quoted, key)) if key and set(key) <= set(there) else ""
        twice = f"count(*) - count(DISTINCT ({listed}))" if listed else "0"
        blank = "count(*) FILTER (WHERE account_id = '' OR account_id <> btrim(account_id))"
        if listed or "account_id" in there:
            counts = f"{twice}, {blank if 'account_id' in there else '0'}"
            questions[name] = f"SELECT {counts} FROM {quoted(name)}"  # noqa: S608 - names of the schema
    answers = facts.answers(list(questions.values()))
    for name, ((twice_too_many, blanks),) in zip(questions, answers, strict=True):
        if twice_too_many:
            raise DataProblem(
                "live_twice",
                "{count} rows of {table} have a key ({key}) that another row has too, and would count twice. Make a "
                "view with one row for each, or bring the rows in.",
                count=twice_too_many,
                table=name,
                key=", ".join(schema.tables()[name].key),
            )
        if blanks:
            raise DataProblem(
                "live_blank",
                "{count} rows of {table} have an account id that is empty or has blanks around it. Make a view that "
                "trims it, and leaves out rows without one, or bring the rows in.",
                count=blanks,
                table=name,
            )
