"""Headers against the columns of one canonical table: by name, by synonym, by likeness, and by the values."""

import re
from collections.abc import Callable
from functools import cache, partial

import pyarrow as pa
from rapidfuzz import fuzz, process

from data import schema
from data.mapping.mapping import FACTORS, Match, Source
from data.mapping.names import GENERIC, Known, normalised, says_percent, spelled_out, synonyms, variants, words
from data.readers import dates, durations, numbers
from data.readers.raw import RawTable
from data.readers.typed import Typed, is_missing, mask

_ALIKE = 88
_CLOCK_NAMES = frozenset(
    [
        "time",
        "hora",
        "horario",
        "hour",
        "call time",
        "start time",
        "hora inicio",
        "hora de inicio",
        "hora da ligacao",
        "hora de abertura",
        "hora de apertura",
        "hora del contacto",
        "hora do contato",
        "hora de llamada",
    ]
)
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_TIMES = (
    dict.fromkeys(["h", "hr", "hrs", "hour", "hours", "hora", "horas"], "hours")
    | dict.fromkeys(["m", "min", "mins", "minute", "minutes", "minuto", "minutos"], "minutes")
    | dict.fromkeys(["ms", "millisecond", "milliseconds"], "milliseconds")
    | dict.fromkeys(["d", "day", "days", "dia", "dias"], "days")
)
_BARE = frozenset(["account", "client", "cliente", "company", "conta", "cuenta", "customer", "empresa"])
_SMALL = frozenset(
    [
        "a",
        "an",
        "da",
        "das",
        "de",
        "del",
        "do",
        "dos",
        "e",
        "el",
        "en",
        "in",
        "la",
        "las",
        "los",
        "of",
        "on",
        "the",
        "y",
    ]
)
_FLAGS = {
    "trial_flag": (("TRUE", "trial"), ("FALSE", "active")),
    "answered": (("Y", False), ("N", True)),
}
Found = tuple[Match, Source, str | None]


def match_headers(raw: RawTable, table: schema.Table, accounts: pa.Array | None = None) -> dict[str, Found]:
    """For each column of `table` that a header may feed: the match, its source and its tag.

    `accounts` are the ids the workspace knows: the column that holds them is the account, whatever it is called.
    """
    known = synonyms(table.name)
    candidates: list[tuple[float, int, str, str, str, str | None]] = []
    for position, header in enumerate(raw.headers):
        for column, confidence, how, tag in _named(header, table, known):
            fit = 1.0 if how == "same_name" else _fit(raw, header, table, column, tag)
            if confidence < 0.8 and how == "synonym" and _all_words(raw, header, f"{table.name}.{column}"):
                confidence, how = 0.9, "name_and_values"
            if not raw.sample(header) and how != "same_name":
                confidence *= 0.5
            if fit >= 0.6:
                candidates.append(
                    (
                        confidence if how == "same_name" else confidence * (0.7 + 0.3 * fit),
                        -position,
                        header,
                        column,
                        how,
                        tag,
                    )
                )
    found: dict[str, Found] = {}
    used: set[str] = set()
    for confidence, _, header, column, how, tag in sorted(candidates, reverse=True):
        if column not in found and header not in used:
            used.add(header)
            found[column] = (
                Match(table.name, column, (header,), round(confidence, 3), how),
                _source(raw, header, table.columns[column], tag),
                tag,
            )
    if accounts is not None and "account_id" in table.columns:
        _by_known_ids(raw, table, found, used, accounts)
    _name_beside_key(raw, table, found, used)
    _join_clocks(raw, table, found, used)
    return found


def _by_known_ids(
    raw: RawTable, table: schema.Table, found: dict[str, Found], used: set[str], accounts: pa.Array
) -> None:
    """The column whose values are mostly known accounts, unless what was found by name holds as many."""
    known = set(accounts.to_pylist())

    def share(header: str) -> float:
        texts = [text.strip() for text in raw.sample(header)]
        return sum(text in known for text in texts) / len(texts) if texts else 0.0

    best = max(raw.headers, key=share, default=None)
    if best is None or share(best) < 0.5:
        return
    named = found.get("account_id")
    if named is not None and max(share(header) for header in named[1].headers) >= share(best):
        return
    for column in [column for column, (match, _, _) in found.items() if best in match.headers]:
        del found[column]
    used.add(best)
    found["account_id"] = (Match(table.name, "account_id", (best,), 0.97, "known_ids"), Source((best,)), None)


def _name_beside_key(raw: RawTable, table: schema.Table, found: dict[str, Found], used: set[str]) -> None:
    """A column called just "customer" beside the customer's id holds the names."""
    if "name" not in table.columns or "name" in found or "account_id" not in found:
        return
    for header in raw.headers:
        if header not in used and normalised(header) in _BARE and raw.sample(header):
            used.add(header)
            found["name"] = (Match(table.name, "name", (header,), 0.9, "beside_key"), Source((header,)), None)
            return


def _all_words(raw: RawTable, header: str, domain: str) -> bool:
    """Whether every value met is a word that the column is known to hold."""
    texts = raw.sample(header)
    return bool(texts) and bool(words(domain)) and all(normalised(text) in words(domain) for text in texts)


def _named(header: str, table: schema.Table, known: dict[str, Known]) -> list[tuple[str, float, str, str | None]]:
    """(column, confidence, how, tag) for every column the header's name allows."""
    forms = variants(header)
    if header.strip().lower() in table.columns or (forms and forms[0].replace(" ", "_") in table.columns):
        column = header.strip().lower() if header.strip().lower() in table.columns else forms[0].replace(" ", "_")
        return [(column, 1.0, "same_name", None)]
    for i, form in enumerate(forms):
        if form in known:
            base = 0.6 if known[form].tag == "weak" else 0.75 if form in GENERIC else 0.95
            base -= 0.1 * (form in _BARE and known[form].column == "account_id")
            short = i > 0 and form in spelled_out(forms[0])
            how = "spelled_out" if short else "synonym_without_note" if i else "synonym"
            return [(known[form].column, base - 0.04 * (i > 0), how, known[form].tag)]
    loose = _loose(table.name)
    for form in forms:
        if (said := loose.get(_told(form))) is not None and form not in GENERIC:
            return [(said.column, 0.55 if said.tag == "weak" else 0.88, "reworded", said.tag)]
    if forms and len(forms[0]) >= 5:
        like = process.extractOne(
            forms[0], [name for name in known if len(name) >= 5], scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE
        )
        if like:
            return [(known[like[0]].column, 0.6 * like[1] / 100, "similar_name", known[like[0]].tag)]
    return []


def _told(form: str) -> tuple[str, ...]:
    """The words that tell, in no order: `id da empresa`, `id empresa` and `empresa id` are the same."""
    return tuple(sorted(word for word in form.split() if word not in _SMALL))


@cache
def _loose(table: str) -> dict[tuple[str, ...], Known]:
    found: dict[tuple[str, ...], Known] = {}
    for form, known in synonyms(table).items():
        if len(_told(form)) > 1:
            found.setdefault(_told(form), known)
    return found


def _fit(raw: RawTable, header: str, table: schema.Table, column: str, tag: str | None) -> float:
    """Share of the sampled values that are what the column holds; 1 when there are none."""
    texts = pa.array(raw.sample(header), pa.string())
    if not len(texts):
        return 1.0
    spec = table.columns[column]
    kind = spec.type.__name__
    if tag in ("trial_flag", "answered"):
        kind = "bool"
    elif kind in ("datetime", "date") and tag in FACTORS:
        kind = "float"
    if kind == "bool":
        truth = words("boolean") | words(f"{table.name}.{column}")
        return sum(normalised(text) in truth for text in texts.to_pylist()) / len(texts)
    convert: dict[str, Callable[[pa.Array], Typed]] = {
        "int": numbers.to_numbers,
        "float": durations.to_seconds if spec.unit == "seconds" else numbers.to_numbers,
        "date": partial(dates.to_dates, style=dates.DateStyle(months=True)),
        "datetime": dates.to_datetimes,
    }
    if column == "region" and 2 * sum(
        normalised(text) in words("subscriptions.status") for text in texts.to_pylist()
    ) > len(texts):
        return 0.0  # the state of an account, not the one it lies in
    if kind not in convert:
        return 1.0
    if spec.unit == "money" and column != "discount" and _percent(raw, header):
        return 0.0
    fit = 1.0 - float(convert[kind](texts).bad.mean())
    if fit < 0.6 and column in ("billing_months", "score"):
        domain = (
            words("months")
            if column == "billing_months"
            else words("surveys.csat") | words("surveys.ces") | words("surveys.unanswered")
        )
        return sum(normalised(text) in domain for text in texts.to_pylist()) / len(texts)
    if (
        kind in ("date", "datetime")
        and float(mask(numbers.to_numbers(texts).values.is_valid()).mean()) > 0.5
        and not _counts_days(texts)
    ):
        return 0.0
    return fit


def _counts_days(texts: pa.Array) -> bool:
    return not dates.to_dates(texts).bad.all()


def _source(raw: RawTable, header: str, column: schema.Column, tag: str | None) -> Source:
    if tag in _FLAGS:
        spelled = {normalised(text): text for text in raw.sample(header)}
        truth = words("boolean")
        true_value, false_value = _FLAGS[tag][0][1], _FLAGS[tag][1][1]
        pairs = tuple(
            (text, true_value if truth.get(word) == "true" else false_value) for word, text in sorted(spelled.items())
        )
        return Source((header,), values=pairs or _FLAGS[tag])
    if tag in FACTORS or tag == "last_day":
        return Source((header,), unit=tag, after="opened_at" if column.type.__name__ == "datetime" else None)
    if tag == "monthly_cents":
        return Source((header,), unit="cents")
    if column.name == "discount" and _percent(raw, header):
        return Source((header,), unit="percent", times="amount")
    texts = pa.array(raw.sample(header), pa.string())
    clock = column.unit == "seconds" and durations.looks_like_clock(texts)
    unit = "duration" if clock else _unit_in_brackets(header) if column.unit == "seconds" else None
    return Source((header,), unit=unit, times="handled" if tag == "average" else None)


def _unit_in_brackets(header: str) -> str | None:
    """The unit of time a header names beside what it is, as in `Handle time (h)`; None without one, or for seconds."""
    named = _BRACKETS.findall(header)
    return next((_TIMES[word] for note in named for word in [normalised(note)] if word in _TIMES), None)


def _percent(raw: RawTable, header: str) -> bool:
    """Whether a column holds percentages, by its header or by the sign on most of its values."""
    texts = raw.sample(header)
    return says_percent(header) or 2 * sum(text.strip().endswith("%") for text in texts) > len(texts)


def _join_clocks(raw: RawTable, table: schema.Table, found: dict[str, Found], used: set[str]) -> None:
    """A column of days and a column of times together make a point in time."""
    clocks = [
        header
        for header in raw.headers
        if header not in used and normalised(header) in _CLOCK_NAMES and _is_clock(raw.sample(header))
    ]
    for column, (match, source, tag) in list(found.items()):
        if clocks and table.columns[column].type.__name__ == "datetime" and source.unit is None:
            days = dates.to_datetimes(pa.array(raw.sample(source.headers[0]), pa.string())).values
            if len(days) and all(day is None or (day.hour, day.minute) == (0, 0) for day in days.to_pylist()):
                headers = (*source.headers, clocks.pop(0))
                found[column] = (
                    Match(table.name, column, headers, max(match.confidence, 0.9), "joined"),
                    Source(headers),
                    tag,
                )


def _is_clock(texts: list[str]) -> bool:
    return bool(texts) and durations.looks_like_clock(pa.array(texts, pa.string()))


def repeats(raw: RawTable, header: str) -> bool:
    """Whether a column holds the same value twice, judged on its first rows."""
    texts = raw.frame.column(header).slice(0, 20_000).combine_chunks()
    known = texts.filter(pa.array(~is_missing(texts)))
    return len(known.unique()) < 0.98 * len(known)
