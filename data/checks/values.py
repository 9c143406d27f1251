"""Text to the type of a canonical column: joins, value maps, units, words, constants."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks.billing import interval_months
from data.mapping.mapping import FACTORS, Source
from data.mapping.names import normalised, words
from data.problems import DataProblem
from data.readers import dates, durations, numbers
from data.readers.raw import Assumed, RawTable
from data.readers.typed import TEXT_NULLS, Typed, by_distinct, flat, is_missing, mask, nothing_bad, trimmed

ARROW = {
    "str": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
}
MONTHS_ALLOWED = {
    ("monthly", "month"),
    ("costs", "spent_on"),
    ("observations", "observed_on"),
    ("fx_rates", "valid_from"),
}
EXPECTED = {
    "date": ("not_a_date", "a date such as 2024-03-31 or 31/03/2024"),
    "datetime": ("not_a_time", "a date and time such as 2024-03-31 14:05"),
    "float": ("not_a_number", "a number"),
    "int": ("not_a_whole_number", "a whole number"),
    "bool": ("not_yes_or_no", "yes or no"),
    "str": ("unknown_word", "one of the known words"),
}
_OTHERS = {"surveys.kind", "costs.kind"}
_CLOSED = {"sentiment.rater"}


@dataclass(frozen=True)
class Manner:
    """How a file writes numbers and dates, as found or as given."""

    dialect: numbers.Dialect
    style: dates.DateStyle


@dataclass
class Resolved:
    """One canonical column, typed, with the texts it came from (None when there were none)."""

    typed: Typed
    texts: pa.Array | None
    unknown: np.ndarray | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)


def manner(raw: RawTable, assumed: Assumed, zone: str) -> Manner:
    """How numbers and dates of a file are to be read where a column alone proves nothing."""
    samples = [pa.array(raw.sample(header), pa.string()) for header in raw.headers[:200]]
    comma = dot = day_first = month_first = 0
    for texts in samples:
        proofs = numbers.find_decimal(texts)
        comma, dot = comma + proofs[0], dot + proofs[1]
        orders = dates.find_order(texts)
        day_first, month_first = day_first + orders[0], month_first + orders[1]
    if raw.assumed.delimiter is None:
        fallback = "."  # numbers of spreadsheets and typed files come with a dot
    elif comma != dot:
        fallback = "," if comma > dot else "."
    else:
        fallback = "," if raw.assumed.delimiter == ";" else "."
    order = assumed.date_order if assumed.date_order in ("dmy", "mdy", "ymd") else None
    return Manner(
        numbers.Dialect(assumed.decimal, fallback),
        dates.DateStyle(order, "mdy" if month_first > day_first else "dmy", zone),
    )


def in_zone(how: Manner, headers: tuple[str, ...]) -> Manner:
    """The same manner for times whose header names their zone, as in `Created at (UTC)`."""
    zones = [zone for header in headers if (zone := dates.zone_of(header))]
    return replace(how, style=replace(how.style, written_in=zones[0])) if zones else how


def source_texts(raw: RawTable, source: Source) -> pa.Array:
    """The texts of a source: its headers joined by a blank, after the value map."""
    columns = [flat(raw.frame.column(header)) for header in source.headers]
    texts = columns[0]
    if len(columns) > 1:
        parts = [pc.fill_null(trimmed(column), "") for column in columns]
        texts = trimmed(pc.binary_join_element_wise(*parts, " "))
    if source.values:
        pairs = {text.strip().casefold(): _plain(value) for text, value in source.values}
        texts = _mapped(texts, pairs)
    return texts


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _mapped(texts: pa.Array, pairs: dict[str, str]) -> pa.Array:
    encoded = pc.dictionary_encode(pc.fill_null(texts, ""))
    mapped = [pairs.get(text.strip().casefold(), text) for text in encoded.dictionary.to_pylist()]
    return pa.array(mapped, pa.string()).take(encoded.indices)


def convert(texts: pa.Array, table: str, column: schema.Column, unit: str | None, how: Manner) -> Resolved:
    """Texts to the type of a canonical column."""
    domain = f"{table}.{column.name}"
    kind = column.type.__name__
    if kind == "str":
        return _text(texts, domain)
    if kind == "bool":
        return Resolved(by_distinct(trimmed(texts), partial(_booleans, domain=domain)), texts)
    if kind in ("date", "datetime"):
        style = how.style
        if (table, column.name) in MONTHS_ALLOWED or unit == "first_day":
            style = replace(style, months=True)
        typed = (dates.to_dates if kind == "date" else dates.to_datetimes)(texts, style)
        if (table, column.name) == ("monthly", "month") or unit == "first_day":
            typed.values = pc.floor_temporal(typed.values, unit="month").cast(ARROW[kind])
        if unit == "last_day":
            typed.values = _next_day(typed.values)
        return Resolved(typed, texts)
    if unit == "duration" or (
        unit is None and column.unit == "seconds" and durations.looks_like_clock(texts.slice(0, 500))
    ):
        typed = durations.to_seconds(texts, how.dialect)
        return Resolved(typed if kind == "float" else numbers.whole(typed), texts)
    if unit == "interval_months":
        typed = interval_months(texts)
        return Resolved(typed if kind == "float" else numbers.whole(typed), texts)
    if kind == "int" and unit is None:
        return Resolved(numbers.to_whole_numbers(texts, how.dialect), texts)
    typed = numbers.to_numbers(texts, how.dialect)
    if column.name == "billing_months" and typed.bad.any():
        _by_words(typed, texts, {word: float(value) for word, value in words("months").items()})
    if domain == "surveys.score" and typed.bad.any():
        _by_words(typed, texts, answer_words() | dict.fromkeys(words("surveys.unanswered"), None))
        typed.assumed.append(("scores_from_words", "1–5"))
    if unit in FACTORS:
        typed.values = _scaled(typed.values, texts, unit)
    return Resolved(typed if kind == "float" else numbers.whole(typed), texts)


def answer_words() -> dict[str, float | None]:
    """Words of satisfaction and effort as 1–5."""
    return {word: float(value) for domain in ("surveys.ces", "surveys.csat") for word, value in words(domain).items()}


def _scaled(values: pa.Array, texts: pa.Array, unit: str) -> pa.Array:
    factor = FACTORS[unit]
    scaled = pc.divide(values, round(1 / factor)) if factor < 1 else pc.multiply(values, factor)
    if unit != "percent":
        return scaled
    signed = mask(pc.match_substring(texts, "%"))  # these were divided when read
    return pc.if_else(pa.array(signed), values, scaled)


def _by_words(typed: Typed, texts: pa.Array, known: dict[str, Any]) -> None:
    """Give texts that are no number the value of the word they are; changes `typed`."""
    positions = np.flatnonzero(typed.bad)
    found = np.array(np.asarray(pc.fill_null(typed.values, np.nan)), dtype=float)
    cache: dict[str, Any] = {}
    for position in positions:
        text = texts[int(position)].as_py()
        if text not in cache:
            word = normalised(text)
            cache[text] = known.get(word, False)
        value = cache[text]
        if value is not False:
            typed.bad[position] = False
            found[position] = np.nan if value is None else value
    typed.values = pa.array(np.where(np.isnan(found), 0.0, found), mask=np.isnan(found))


def _booleans(texts: pa.Array, domain: str) -> Typed:
    truth = words("boolean") | words(domain)
    missing = is_missing(texts)
    found = [
        None if gone else truth.get(normalised(text)) for text, gone in zip(texts.to_pylist(), missing, strict=True)
    ]
    bad = np.array([value is None for value in found], dtype=bool) & ~missing
    return Typed(pa.array([None if value is None else value == "true" for value in found], pa.bool_()), bad)


def _text(texts: pa.Array, domain: str) -> Resolved:
    values = trimmed(texts)
    values = pc.if_else(pa.array(is_missing(values, TEXT_NULLS)), pa.scalar(None, values.type), values)
    known = words(domain)
    if not known:
        return Resolved(Typed(values, nothing_bad(len(values))), texts)
    encoded = pc.dictionary_encode(values)
    originals = encoded.dictionary.to_pylist()
    meant = [known.get(normalised(word)) for word in originals]
    strange = np.append(np.array([value is None for value in meant], dtype=bool), False)
    unknown = strange[np.asarray(pc.fill_null(encoded.indices, len(originals)))]
    if domain in _CLOSED:
        kept: list[str | None] = meant
    else:
        kept = [
            value or ("other" if domain in _OTHERS else original)
            for value, original in zip(meant, originals, strict=True)
        ]
    mapped = pa.array(kept, pa.string()).take(encoded.indices)
    closed = domain in _CLOSED
    return Resolved(Typed(mapped, unknown if closed else nothing_bad(len(values))), texts, None if closed else unknown)


def _next_day(values: pa.Array) -> pa.Array:
    return pc.add(values, pa.scalar(timedelta(days=1), pa.duration("s"))).cast(values.type)


def constant(value: Any, table: str, column: schema.Column, length: int, how: Manner) -> pa.Array:
    """A constant for every row.

    Raises:
        DataProblem: the value is not of the column's type.
    """
    resolved = convert(pa.array([_plain(value)], pa.string()), table, column, None, how)
    if resolved.typed.bad[0] or (resolved.typed.values.null_count and value not in (None, "")):
        expected = EXPECTED[column.type.__name__][1]
        raise DataProblem(
            "bad_constant",
            "{table}.{column} cannot be {value!r}; expected {expected}.",
            table=table,
            column=column.name,
            value=value,
            expected=expected,
        )
    one = resolved.typed.values.cast(ARROW[column.type.__name__])
    return one.take(pa.array(np.zeros(length, dtype=np.int64)))


def numbered(start: str, table: str, column: schema.Column, length: int) -> pa.Array:
    """Rows numbered from a day or behind a prefix.

    Raises:
        DataProblem: a date column needs a day to start from.
    """
    if column.type is str:
        return pc.binary_join_element_wise(start, pa.array(np.arange(1, length + 1)).cast(pa.string()), "")
    try:
        first = np.datetime64(date.fromisoformat(start.strip()))
    except ValueError as error:
        raise DataProblem(
            "bad_row_numbers",
            "{table}.{column} can only be numbered from a day such as 2020-01-01, not {start!r}.",
            table=table,
            column=column.name,
            start=start,
        ) from error
    if column.type.__name__ not in ("date", "datetime"):
        raise DataProblem(
            "bad_row_numbers", "{table}.{column} cannot be numbered by row.", table=table, column=column.name
        )
    return pa.array(first + np.arange(length), pa.date32()).cast(ARROW[column.type.__name__])
