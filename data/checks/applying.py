"""A mapping applied to a table of text: typed rows that go in, rows that stay out, and every problem."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks import rules, surveys
from data.checks.findings import Findings
from data.checks.values import ARROW, EXPECTED, Manner, Resolved, constant, convert, manner, numbered, source_texts
from data.mapping.mapping import Mapping, Source, TableMapping
from data.mapping.names import normalised
from data.problems import DataProblem, Problem
from data.readers.raw import Assumed, RawTable
from data.readers.typed import TEXT_NULLS, flat, is_missing, mask, trimmed

KEPT_EXTRAS = ("accounts", "monthly")
REASON_COLUMNS = ("farol_row", "farol_reason")
_SHORTENED = r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$"
_SAID = {
    "ambiguous_decimal": "a decimal sign; nothing proves it, so {detail!r} is taken",
    "ambiguous_dates": "an order of day and month; nothing proves it, so {detail} is taken",
    "open_ended": "an end; the far-future year {detail} is read as none",
    "moved_to_zone": "times of the workspace; times with a zone of their own are moved to {detail}",
    "short_clock": "h:mm:ss; two parts are read as minutes and seconds",
    "spreadsheet_serial": "a date; {detail} is read as a spreadsheet's day number",
    "unix_seconds": "a time; {detail} is read as seconds since 1970",
    "unix_milliseconds": "a time; {detail} is read as milliseconds since 1970",
    "scores_from_words": "a score; words are read as {detail}",
}


@dataclass(frozen=True)
class Known:
    """What the workspace already knows.

    Attributes:
        accounts: Known account ids, or None when no accounts are loaded.
        subscriptions: Table of subscription_id and account_id for lookups, or None.
        currencies: The reporting currency, then every currency with a rate; None when that is not known.
    """

    accounts: pa.Array | None = None
    subscriptions: pa.Table | None = None
    currencies: tuple[str, ...] | None = None


@dataclass
class Checked:
    """One canonical table fed by one raw table.

    Attributes:
        table: Name of the canonical table.
        accepted: Rows that go in, in snapshot types, columns as mapped (plus `x_` extras).
        rejected: Rows that stay out: `farol_row`, `farol_reason`, then the file's own columns.
        rows_read: Rows of the file, footers not counted.
        rows_left_out: Rows that are not data of this table (unanswered surveys).
        problems: Every problem, with counts and examples.
        mapping: Canonical column → the header or headers it came from.
        assumed: How the file was read, with the decimal sign and date order found.
    """

    table: str
    accepted: pa.Table
    rejected: pa.Table
    rows_read: int
    rows_left_out: int
    problems: list[Problem]
    mapping: dict[str, str | list[str]]
    assumed: Assumed
    facts: dict[str, str] = field(default_factory=dict)


def apply(
    raw: RawTable,
    mapping: Mapping,
    *,
    known: Known | None = None,
    assumed: Assumed | None = None,
    zone: str = "America/Sao_Paulo",
) -> list[Checked]:
    """Type and check the rows of a raw table for each canonical table it feeds.

    Raises:
        DataProblem: a required column has no source, or a mapping names something that is not there.
    """
    bound = mapping.bound(raw.headers, raw.name)
    for table, missing in bound.missing.items():
        raise DataProblem(
            "missing_columns",
            "{file} cannot feed {table}: no column for {missing}. Map one, give a constant or name a table.{hint}",
            file=raw.name,
            table=table,
            missing=", ".join(missing),
            hint=_hint(table, missing),
        )
    asked = assumed or Assumed()
    how = manner(
        raw,
        replace(
            asked,
            decimal=asked.decimal or raw.assumed.decimal,
            date_order=asked.date_order or raw.assumed.date_order,
        ),
        zone,
    )
    split = len(bound.tables) > 1
    seen, done = known or Known(), {}
    for name in sorted(bound.tables, key=lambda name: name != "accounts"):  # others point at accounts
        done[name] = _table(raw, name, bound.tables[name], how, seen, bound, split)
        if name == "accounts" and split:
            here = done[name].accepted["account_id"].combine_chunks()
            seen = replace(seen, accounts=here if seen.accounts is None else pa.concat_arrays([seen.accounts, here]))
    return [done[name] for name in bound.tables]


def _hint(table: str, missing: tuple[str, ...]) -> str:
    dates = [c for c in missing if schema.tables()[table].columns[c].type.__name__ in ("date", "datetime")]
    if dates and table == "contact_totals":
        return f' Rows can be numbered as days: {{"{dates[0]}": {{"row_number_from": "2020-01-01"}}}}.'
    if "account_id" in missing:
        return ' An account can be looked up by subscription: {"account_id": {"from": "…", "lookup": "subscriptions"}}.'
    return ""


def _table(
    raw: RawTable, name: str, body: TableMapping, how: Manner, known: Known, mapping: Mapping, split: bool
) -> Checked:
    table = schema.tables()[name]
    findings = Findings(raw)
    findings.problems += raw.notes
    columns: dict[str, pa.Array] = {}
    facts: dict[str, Counter[str]] = {"decimal": Counter(), "date_order": Counter()}
    for column in _building_order(body.columns):
        spec, source = table.columns[column], body.columns[column]
        columns[column] = _column(raw, table, spec, source, how, known, columns, findings, facts)
    for column, value in body.constants.items():
        columns[column] = constant(value, name, table.columns[column], findings.count, how)
    if name == "surveys":
        surveys.settle(columns, findings, split)
    if name == "sentiment":
        _sentiment_scale(columns, findings)
    rules.check(table, columns, findings, known.accounts, known.currencies, split)
    if name == "subscriptions":
        _assumed_monthly(columns, body, findings)
    extras = _extras(raw, mapping) if name in KEPT_EXTRAS else {}
    accepted = _accepted(table, columns, extras, findings)
    return Checked(
        name,
        accepted,
        _rejected(raw, findings),
        raw.frame.num_rows + len(raw.broken),
        int(findings.left_out.sum()),
        findings.problems + _broken(raw),
        {column: _said(source) for column, source in body.columns.items()},
        _assumed(raw, how, facts),
    )


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


def _column(
    raw: RawTable,
    table: schema.Table,
    spec: schema.Column,
    source: Source,
    how: Manner,
    known: Known,
    built: dict[str, pa.Array],
    findings: Findings,
    facts: dict[str, Counter[str]],
) -> pa.Array:
    if source.row_number_from is not None:
        return numbered(source.row_number_from, table.name, spec, findings.count)
    texts = source_texts(raw, source)
    if source.lookup:
        return _looked_up(texts, known, raw.name)
    counted = source.after is not None
    number = replace(spec, type=float, unit="seconds")
    resolved = convert(texts, table.name, number if counted else spec, source.unit, how)
    _report(resolved, spec, "float" if counted else spec.type.__name__, findings)
    for fact, value in resolved.typed.facts.items():
        facts[fact][value] += 1
    values = resolved.typed.values
    if counted:
        values = _after(values, built, source.after or "", table.name)
    if source.times is not None:
        values = _product(values, built, source.times, table.name, spec)
    return values.cast(ARROW[spec.type.__name__])


def _report(resolved: Resolved, spec: schema.Column, kind: str, findings: Findings) -> None:
    texts = resolved.texts

    def shown(row: int) -> str | None:
        return None if texts is None else texts[row].as_py()

    problem, expected = EXPECTED[kind]
    findings.reject(resolved.typed.bad, spec.name, problem, expected, shown)
    if (
        kind == "str"
        and spec.name.endswith("_id")
        and texts is not None
        and len(
            texts.slice(0, 500).filter(pc.fill_null(pc.match_substring_regex(texts.slice(0, 500), _SHORTENED), False))
        )
    ):
        findings.warn(
            mask(pc.match_substring_regex(texts, _SHORTENED)),
            spec.name,
            "shortened_id",
            "the whole id; a spreadsheet has shortened these to powers of ten, so different ones may look alike",
            shown,
        )
    if resolved.unknown is not None:
        findings.warn(resolved.unknown, spec.name, "unknown_word", "one of the words Farol knows; kept as it is", shown)
    for assumption, detail in resolved.typed.assumed:
        expected = _SAID.get(assumption, "{detail}").format(detail=detail)
        findings.assume(spec.name, assumption, findings.count, expected, detail=str(detail))


def _looked_up(texts: pa.Array, known: Known, file: str) -> pa.Array:
    if known.subscriptions is None or not known.subscriptions.num_rows:
        raise DataProblem(
            "no_lookup",
            "{file} names a subscription and no account. Import subscriptions first, then this file again.",
            file=file,
        )
    ids = flat(known.subscriptions.column("subscription_id")).cast(pa.string())
    places = pc.index_in(trimmed(texts), value_set=ids, skip_nulls=True)
    return flat(known.subscriptions.column("account_id")).cast(pa.string()).take(places)


def _after(seconds: pa.Array, built: dict[str, pa.Array], base: str, table: str) -> pa.Array:
    if base not in built:
        raise DataProblem(
            "bad_mapping", "The mapping cannot be used: {why}.", why=f"{table} counts from {base}, which is not mapped"
        )
    micros = pc.cast(pc.round(pc.multiply(seconds, 1e6)), pa.int64()).cast(pa.duration("us"))
    return pc.add(built[base].cast(pa.timestamp("us")), micros)


def _product(values: pa.Array, built: dict[str, pa.Array], other: str, table: str, spec: schema.Column) -> pa.Array:
    if other not in built:
        raise DataProblem(
            "bad_mapping",
            "The mapping cannot be used: {why}.",
            why=f"{table}.{spec.name} multiplies {other}, which is not mapped",
        )
    if not pa.types.is_floating(built[other].type) and not pa.types.is_integer(built[other].type):
        raise DataProblem("bad_mapping", "The mapping cannot be used: {why}.", why=f"{table}.{other} is not a number")
    product = pc.multiply(values.cast(pa.float64()), built[other].cast(pa.float64()))
    return pc.round(product) if spec.type is int else product


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


def _extras(raw: RawTable, mapping: Mapping) -> dict[str, pa.Array]:
    """Columns of the file that feed nothing, kept as text under `x_` names."""
    extras: dict[str, pa.Array] = {}
    for header in mapping.unmapped:
        if header in REASON_COLUMNS:
            continue
        slug = "x_" + (normalised(header).replace(" ", "_") or "column")
        name, number = slug, 2
        while name in extras:
            name, number = f"{slug}_{number}", number + 1
        texts = trimmed(flat(raw.frame.column(header)))
        extras[name] = pc.if_else(pa.array(is_missing(texts, TEXT_NULLS)), pa.scalar(None, texts.type), texts).cast(
            pa.string()
        )
    return extras


def _accepted(
    table: schema.Table, columns: dict[str, pa.Array], extras: dict[str, pa.Array], findings: Findings
) -> pa.Table:
    names = [name for name in table.columns if name in columns]
    arrays = {name: columns[name].cast(ARROW[table.columns[name].type.__name__]) for name in names} | extras
    frame = pa.table(arrays)
    keep = ~(findings.rejected | findings.left_out)
    return frame if keep.all() else frame.filter(pa.array(keep))


def _rejected(raw: RawTable, findings: Findings) -> pa.Table:
    positions = np.flatnonzero(findings.rejected & ~findings.left_out)
    rows = raw.frame.take(pa.array(positions))
    names = [name for name in raw.headers if name not in REASON_COLUMNS]
    body = {
        REASON_COLUMNS[0]: findings.lines(positions),
        REASON_COLUMNS[1]: pa.array(findings.reasons(positions), pa.string()),
    } | {name: rows.column(name) for name in names}
    frame = pa.table(body)
    if not raw.broken:
        return frame
    lines = {
        REASON_COLUMNS[0]: pa.array([line for line, _, _ in raw.broken], pa.int64()),
        REASON_COLUMNS[1]: pa.array(["more cells than the header has"] * len(raw.broken), pa.string()),
    } | {
        name: pa.array([text if i == 0 else None for _, text, _ in raw.broken], pa.string())
        for i, name in enumerate(names)
    }
    return pa.concat_tables(
        [
            frame.cast(pa.schema([(n, pa.table(lines).schema.field(n).type) for n in frame.column_names])),
            pa.table(lines),
        ]
    )


def _broken(raw: RawTable) -> list[Problem]:
    if not raw.broken:
        return []
    examples = [{"row": line, "value": text[:200]} for line, text, _ in raw.broken[:5]]
    return [Problem(None, "too_many_cells", len(raw.broken), "as many cells as the header has", examples)]


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
