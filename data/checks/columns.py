"""One canonical column from the texts of a file, by its source: units, differences, look-ups, what it builds on."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks.findings import Findings
from data.checks.known import Known
from data.checks.privacy import pseudonyms
from data.checks.sums import taken_off
from data.checks.values import ARROW, EXPECTED, Manner, Resolved, convert, in_zone, numbered, source_texts
from data.mapping.mapping import Source
from data.mapping.names import says_percent
from data.problems import DataProblem
from data.readers.numbers import whole
from data.readers.raw import RawTable
from data.readers.typed import Typed, flat, is_missing, mask, trimmed

_SHORTENED = r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$"
_SAID = {
    "ambiguous_decimal": "a decimal sign; nothing proves it, so {detail!r} is taken",
    "ambiguous_dates": "an order of day and month; nothing proves it, so {detail} is taken",
    "mixed_decimal": "one decimal sign; both are written, and {detail!r} is taken",
    "several_currencies": "one currency; {detail} stand beside the amounts, which are taken as they are",
    "mixed_dates": "one order of day and month; both are written, and {detail} is taken",
    "half_turned": "days and months in place; dates up to day 12 are taken as the spreadsheet holds them, the others "
    "are text ({detail}), so it may have turned the first ones around",
    "short_years": "years of four digits; with two they could stand first or last, and {detail} is taken",
    "zone_from_header": "times of the workspace; the header names the zone they are moved from, {detail}",
    "open_ended": "an end; the far-future year {detail} is read as none",
    "moved_to_zone": "times of the workspace; times with a zone of their own are moved to {detail}",
    "short_clock": "h:mm:ss; two parts are read as minutes and seconds",
    "spreadsheet_serial": "a date; {detail} is read as a spreadsheet's day number",
    "unix_seconds": "a time; {detail} is read as seconds since 1970",
    "unix_milliseconds": "a time; {detail} is read as milliseconds since 1970",
    "scores_from_words": "a score; words are read as {detail}",
}


def build(
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
    """The typed values of a column; problems go to `findings`, what was found on the way to `facts`."""
    if source.row_number_from is not None:
        return numbered(source.row_number_from, table.name, spec, findings.count)
    texts = source_texts(raw, source)
    if source.unit == "pseudonym":
        texts = pseudonyms(texts, known.pseudonym_key)
    if source.lookup:
        found = _looked_up(texts, known, raw.name)
        _unknown_subscriptions(texts, found, spec, findings)
        return found
    how = in_zone(how, source.headers)
    counted = source.after is not None
    number = replace(spec, type=float, unit="seconds")
    resolved = convert(texts, table.name, number if counted else spec, source.unit, how)
    _report(resolved, spec, "float" if counted else spec.type.__name__, findings, source.unit)
    if spec.unit == "money" and source.unit is None and source.divide is None:
        _no_percentages(texts, source, spec, findings)
    for fact, value in resolved.typed.facts.items():
        facts[fact][value] += 1
    values = resolved.typed.values
    if source.minus is not None:
        values = _less(raw, table, number if counted else spec, source, how, values, findings)
    if source.divide is not None:
        values = pc.divide(values.cast(pa.float64()), source.divide)
    if counted:
        values = _after(values, built, source.after or "", table.name)
    if source.times is not None:
        values = _product(values, built, source.times, table.name, spec)
    return _whole(values, spec, findings) if source.divide is not None else values.cast(ARROW[spec.type.__name__])


def _no_percentages(texts: pa.Array, source: Source, spec: schema.Column, findings: Findings) -> None:
    """Percentages are no amounts of money, whatever the mapping says."""
    signed = mask(pc.match_substring(texts, "%"))
    if any(says_percent(header) for header in source.headers):
        signed = ~is_missing(trimmed(texts))
    expected = "an amount of money; a percentage is mapped as percent, times the amount"
    findings.reject(signed, spec.name, "percent_as_money", expected, lambda row: texts[row].as_py())


def _less(
    raw: RawTable, table: schema.Table, spec: schema.Column, source: Source, how: Manner, values: pa.Array, f: Findings
) -> pa.Array:
    """The values less those of another header; missing where either is missing."""
    header = source.minus or ""
    texts = flat(raw.frame.column(header))
    less = convert(texts, table.name, spec, source.unit, how)
    problem, expected = EXPECTED[spec.type.__name__]
    f.reject(less.typed.bad, spec.name, problem, f"{expected} in {header}", lambda row: texts[row].as_py())
    gone = mask(pc.is_valid(values)) & mask(pc.is_null(less.typed.values)) & ~less.typed.bad
    said = f"a number in {header}, which is taken off; without one the difference is missing"
    f.warn(gone, spec.name, "nothing_to_take_off", said, lambda _: "", {"header": header})
    difference = taken_off(_floats(values), _floats(less.typed.values))
    return pa.array(difference, mask=np.isnan(difference))


def _floats(values: pa.Array) -> np.ndarray:
    return np.array(pc.fill_null(values.cast(pa.float64()), np.nan), dtype=float)


def _whole(values: pa.Array, spec: schema.Column, findings: Findings) -> pa.Array:
    if spec.type is not int:
        return values
    typed = whole(Typed(values, np.zeros(len(values), dtype=bool)))
    findings.reject(typed.bad, spec.name, *EXPECTED["int"], lambda row: values[row].as_py())
    return typed.values


def _report(resolved: Resolved, spec: schema.Column, kind: str, findings: Findings, unit: str | None = None) -> None:
    texts = resolved.texts

    def shown(row: int) -> str | None:
        return None if texts is None else texts[row].as_py()

    problem, expected = EXPECTED[kind]
    if unit == "interval_months":
        problem, expected = "not_whole_months", "an interval of whole months, such as month, quarter or year"
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


def _unknown_subscriptions(texts: pa.Array, found: pa.Array, spec: schema.Column, findings: Findings) -> None:
    """Ids that no subscription has: the row has no account then."""
    rows = mask(pc.is_null(found)) & ~is_missing(trimmed(texts))
    expected = "a subscription that is known; its account is taken"
    (findings.reject if spec.required else findings.warn)(
        rows, spec.name, "unknown_subscription", expected, lambda row: texts[row].as_py()
    )


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
