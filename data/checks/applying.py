"""A mapping applied to a table of text: typed rows that go in, rows that stay out, and every problem."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks import currencies, rules, surveys
from data.checks.columns import build
from data.checks.findings import Findings
from data.checks.kept_out import REASON_COLUMNS, as_read_before, broken, extra_headers, extras, rejected, with_members
from data.checks.known import Known
from data.checks.privacy import restored
from data.checks.shaping import Shaped, shape
from data.checks.values import ARROW, Manner, constant, manner
from data.mapping.mapping import Mapping, Source, TableMapping, table_of
from data.mapping.names import normalised
from data.problems import DataProblem, Problem
from data.readers.raw import Assumed, RawTable
from data.readers.typed import flat

KEPT_EXTRAS = ("accounts", "monthly")


@dataclass
class Checked:
    """One canonical table fed by one raw table.

    Attributes:
        table: Name of the canonical table.
        accepted: Rows that go in, in snapshot types, columns as mapped (plus `x_` extras).
        rejected: Rows that stay out: `farol_row`, `farol_reason`, at times `farol_read`, then the file's own columns.
        rows_read: Rows of the file, footers not counted.
        rows_left_out: Rows that are not data of this table (unanswered surveys, rows a step left out).
        problems: Every problem, with counts and examples.
        mapping: Canonical column → the header or headers it came from.
        assumed: How the file was read, with the decimal sign and date order found.
        key: The table with its label, where one file feeds it more than once.
        rows_merged: Rows that became part of another (summed by key).
        rows_made: Rows there are more of because columns were taken apart. Always: read + made = accepted +
            rejected + left out + merged.
    """

    table: str
    accepted: pa.Table
    rejected: pa.Table
    rows_read: int
    rows_left_out: int
    problems: list[Problem]
    mapping: dict[str, str | list[str]]
    assumed: Assumed
    key: str = ""
    rows_merged: int = 0
    rows_made: int = 0


def apply(
    raw: RawTable,
    mapping: Mapping,
    *,
    known: Known | None = None,
    assumed: Assumed | None = None,
    zone: str = "America/Sao_Paulo",
    how: Manner | None = None,
) -> list[Checked]:
    """Type and check the rows of a raw table for each canonical table it feeds.

    `how` is what `found_manner` gives, for one who has asked already.

    Raises:
        DataProblem: a required column has no source, or a mapping names something that is not there.
    """
    if set(REASON_COLUMNS) <= set(raw.headers):
        raw = replace(raw, frame=restored(raw.frame), _samples={})
    bound = mapping.bound(raw.headers, raw.name)
    for table, missing in bound.missing.items():
        raise DataProblem(
            "missing_columns",
            "{file} cannot feed {table}: no column for {missing}. Map one, give a constant or name a table.{hint}",
            file=raw.name,
            table=table,
            missing=", ".join(missing),
            hint=_hint(table_of(table), missing),
        )
    how = how or found_manner(raw, assumed, zone)
    split = len(bound.tables) > 1
    seen, done = known or Known(), {}
    for name in sorted(bound.tables, key=lambda name: table_of(name) != "accounts"):  # others point at accounts
        done[name] = _table(raw, name, bound.tables[name], how, seen, bound, split)
        if table_of(name) == "accounts" and split:
            here = flat(done[name].accepted["account_id"])
            seen = replace(seen, accounts=here if seen.accounts is None else pa.concat_arrays([seen.accounts, here]))
    return [done[name] for name in bound.tables]


def found_manner(raw: RawTable, assumed: Assumed | None = None, zone: str = "America/Sao_Paulo") -> Manner:
    """How numbers and dates of a table are read: as somebody says, else as its reader says, else as its samples do."""
    asked = assumed or Assumed()
    settled = replace(
        asked,
        decimal=asked.decimal or raw.assumed.decimal,
        date_order=asked.date_order or raw.assumed.date_order,
    )
    return as_read_before(raw, manner(raw, settled, zone))


def _hint(table: str, missing: tuple[str, ...]) -> str:
    dates = [c for c in missing if schema.tables()[table].columns[c].type.__name__ in ("date", "datetime")]
    if dates and table == "contact_totals":
        return f' Rows can be numbered as days: {{"{dates[0]}": {{"row_number_from": "2020-01-01"}}}}.'
    if "account_id" in missing:
        return ' An account can be looked up by subscription: {"account_id": {"from": "…", "lookup": "subscriptions"}}.'
    return ""


def _table(
    raw: RawTable, key: str, body: TableMapping, how: Manner, known: Known, mapping: Mapping, split: bool
) -> Checked:
    name = table_of(key)
    table = schema.tables()[name]
    more = extra_headers(raw, mapping) if name in KEPT_EXTRAS else []
    shaped = shape(raw, name, body, how, mapping.private, more) if body.rows else None
    rows = shaped.raw if shaped else raw
    findings = Findings(rows)
    findings.problems += [*_quiet(raw.notes, mapping), *(shaped.problems if shaped else [])]
    columns: dict[str, pa.Array] = {}
    facts: dict[str, Counter[str]] = {"decimal": Counter(), "date_order": Counter()}
    if shaped:
        _refused(shaped, findings, facts)
    for column in _building_order(body.columns):
        spec, source = table.columns[column], body.columns[column]
        own = how
        if shaped and source.headers and set(source.every_header) <= shaped.plain:
            own = replace(how, dialect=replace(how.dialect, decimal="."))
        columns[column] = build(rows, table, spec, source, own, known, columns, findings, facts)
    for column, value in body.constants.items():
        columns[column] = constant(value, name, table.columns[column], findings.count, how)
    if name == "surveys":
        _labelled_keys(key, body, columns, mapping)
        surveys.settle(columns, findings, split, _score_headers(body))
    if name == "sentiment":
        surveys.named_scale(columns, findings, _score_headers(body), np.ones(findings.count, dtype=bool))
        _sentiment_scale(columns, findings)
    currencies.fill(rows, table, body, columns, findings, known.currencies)
    rules.check(table, columns, findings, known.accounts, known.currencies, split, known.subscriptions)
    if name == "subscriptions":
        _assumed_monthly(columns, body, findings)
    accepted = _accepted(table, columns, extras(rows, more), findings)
    out, left, merged = with_members(shaped, findings)
    return Checked(
        name,
        accepted,
        rejected(raw, out, findings, shaped, mapping, known.pseudonym_key, how),
        raw.frame.num_rows + len(raw.broken),
        left,
        findings.problems + broken(raw, bool(mapping.private)),
        {column: _said(source) for column, source in body.columns.items()},
        _assumed(raw, how, facts),
        key,
        merged,
        shaped.made if shaped else 0,
    )


def _score_headers(body: TableMapping) -> tuple[str, ...]:
    return body.columns["score"].headers if "score" in body.columns else ()


def _quiet(notes: list[Problem], mapping: Mapping) -> list[Problem]:
    """What the reader noticed; without the texts where the file has columns that must not be shown."""
    if not mapping.private:
        return notes
    return [replace(note, examples=[{**one, "value": ""} for one in note.examples]) for note in notes]


def _refused(shaped: Shaped, findings: Findings, facts: dict[str, Counter[str]]) -> None:
    for fact, value in shaped.facts:
        facts[fact][value] += 1
    for one in shaped.refused:
        findings.reject(one.rows, one.column, one.problem, one.expected, lambda row, one=one: one.texts[row])  # type: ignore[misc]


def _labelled_keys(key: str, body: TableMapping, columns: dict[str, pa.Array], mapping: Mapping) -> None:
    """Several answers in one row are several responses: the label joins an id that they share; changes `columns`."""
    mine = body.columns.get("response_id")
    label = key.partition(":")[2]
    others = [b for name, b in mapping.tables.items() if name != key and table_of(name) == "surveys"]
    shared = mine is not None and any(
        other.columns.get("response_id") is not None and other.columns["response_id"].headers == mine.headers
        for other in others
    )
    if label and shared:
        columns["response_id"] = pc.binary_join_element_wise(columns["response_id"], pa.scalar(label), ":")


def _assumed_monthly(columns: dict[str, pa.Array], body: TableMapping, findings: Findings) -> None:
    """Nothing says what the amount covers, and the column is not our own: it counts as one month, and is said."""
    amount = body.columns.get("amount")
    if "billing_months" in columns or amount is None or normalised(" ".join(amount.headers)) == "amount":
        return
    findings.assume(
        "billing_months",
        "assumed_monthly",
        findings.count,
        "the months an amount covers; nothing says, so each is taken as one month's",
    )


def _building_order(columns: dict[str, Source]) -> list[str]:
    """Columns in the order they can be built: what others build on comes first."""
    order: list[str] = []
    waiting = dict(columns)
    while waiting:
        ready = [c for c, s in waiting.items() if all(o is None or o not in waiting for o in (s.after, s.times))]
        if not ready:
            raise DataProblem(
                "bad_mapping", "The mapping cannot be used: {why}.", why="columns build on one another in a circle"
            )
        order += ready
        for column in ready:
            del waiting[column]
    return order


def _sentiment_scale(columns: dict[str, pa.Array], findings: Findings) -> None:
    low, high = columns.get("scale_min"), columns.get("scale_max")
    if low is not None and high is not None and not low.null_count and not high.null_count:
        return
    found_low, found_high = surveys._scale("sentiment", columns["score"])
    for name, value in (("scale_min", found_low), ("scale_max", found_high)):
        given = columns.get(name, pa.nulls(findings.count, pa.float64()))
        columns[name] = pc.fill_null(given, value)
    findings.assume(
        "scale_max",
        "assumed_scale",
        findings.count,
        f"a scale of {found_low:g} to {found_high:g}",
        low=f"{found_low:g}",
        high=f"{found_high:g}",
    )


def _accepted(
    table: schema.Table, columns: dict[str, pa.Array], extras: dict[str, pa.Array], findings: Findings
) -> pa.Table:
    names = [name for name in table.columns if name in columns]
    arrays = {name: columns[name].cast(ARROW[table.columns[name].type.__name__]) for name in names} | extras
    frame = pa.table(arrays)
    keep = ~(findings.rejected | findings.left_out)
    return frame if keep.all() else frame.filter(pa.array(keep))


def _said(source: Source) -> str | list[str]:
    if source.row_number_from is not None:
        return f"row number from {source.row_number_from}"
    return source.headers[0] if len(source.headers) == 1 else list(source.headers)


def _assumed(raw: RawTable, how: Manner, facts: dict[str, Counter[str]]) -> Assumed:
    decimal = how.dialect.decimal or (
        facts["decimal"].most_common(1)[0][0] if facts["decimal"] else how.dialect.fallback
    )
    orders = facts["date_order"].most_common()
    written = [order for order, _ in orders if order != "ymd"] or [order for order, _ in orders]
    return replace(
        raw.assumed,
        decimal=decimal,
        thousands="." if decimal == "," else ",",
        date_order=how.style.order or (written[0] if written else None),
    )
