"""Durations as seconds: h:mm:ss, mm:ss, `2h 5min`, plain numbers in a stated unit."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.numbers import Dialect, to_numbers
from data.readers.typed import Typed, by_distinct, is_missing, mask, trimmed

SECONDS_IN = {"milliseconds": 0.001, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}

_CLOCK = r"^(?P<h>[0-9]{1,5}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2}(?:[.,][0-9]{1,9})?)$"
_SHORT = re.compile(r"^(\d{1,4}):(\d{2}(?:[.,]\d+)?)$", re.ASCII)
_DAYS = re.compile(
    r"^(\d{1,5})(?:\.| ?d(?:ays?|ias?|ías?|)?,? +| days?,? *)(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)$", re.IGNORECASE
)
_ISO = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$", re.IGNORECASE)
_WORDS = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(d(?:ays?|ias?|ías?)?|h(?:(?:ou)?rs?|oras?)?|m(?:in(?:ute|uto)?s?)?"
    r"|s(?:ec(?:ond)?s?|eg(?:undo)?s?)?)\b\.?,?\s*(?:e |y |and )?",
    re.IGNORECASE,
)
_SHORT_CLOCK = ("short_clock", "mm:ss")


def looks_like_clock(texts: pa.Array) -> bool:
    """Whether most texts are h:mm:ss or mm:ss."""
    if not len(texts):
        return False
    return (
        float(mask(pc.match_substring_regex(trimmed(texts), r"^[0-9]{1,5}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?$")).mean())
        > 0.5
    )


def to_seconds(texts: pa.Array, dialect: Dialect = Dialect()) -> Typed:  # noqa: B008 - frozen
    """Durations to seconds; a plain number is seconds, two parts are minutes and seconds."""
    return by_distinct(trimmed(texts), lambda values: _parse(values, dialect))


def _parse(texts: pa.Array, dialect: Dialect) -> Typed:
    missing = is_missing(texts)
    parts = pc.extract_regex(texts, _CLOCK)
    hours = pc.cast(pc.struct_field(parts, "h"), pa.float64())
    minutes = pc.cast(pc.struct_field(parts, "m"), pa.float64())
    seconds = pc.cast(pc.replace_substring(pc.struct_field(parts, "s"), ",", "."), pa.float64())
    total = pc.add(pc.multiply(hours, 3600.0), pc.add(pc.multiply(minutes, 60.0), seconds))
    sensible = mask(pc.and_(pc.less(minutes, 60.0), pc.less(seconds, 60.0)))
    values = np.where(sensible, np.asarray(pc.fill_null(total, 0.0)), np.nan)
    assumed: list[tuple[str, str]] = []
    rest = np.flatnonzero(~sensible & ~missing & ~mask(pc.is_valid(hours)))
    if len(rest):
        some = texts.take(pa.array(rest))
        numbers = to_numbers(some, dialect)
        assumed += numbers.assumed
        values[rest] = np.asarray(pc.fill_null(numbers.values, np.nan))
        for position in rest[numbers.bad]:
            text = texts[int(position)].as_py()
            values[position] = _other(text)
            if _SHORT.match(text):
                assumed.append(_SHORT_CLOCK)
    known = np.isfinite(values)
    array = pa.array(np.where(known, values, 0.0), mask=~known)
    return Typed(array, ~known & ~missing, list(dict.fromkeys(assumed)))


def _other(text: str) -> float:
    """Seconds of one text in a rarer form, NaN when it is none."""
    if match := _SHORT.match(text):
        return _sum(0, 0, match[1], match[2])
    if match := _DAYS.match(text):
        return _sum(*match.groups())
    if (match := _ISO.match(text)) and any(match.groups()):
        return _sum(*match.groups())
    total, end = 0.0, 0
    for match in _WORDS.finditer(text):
        if match.start() != end:
            return float("nan")
        unit = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[match[2][0].lower()]
        total += float(match[1].replace(",", ".")) * SECONDS_IN[unit]
        end = match.end()
    return total if end and end == len(text) else float("nan")


def _sum(
    days: str | int | None, hours: str | int | None, minutes: str | int | None, seconds: str | int | None
) -> float:
    d, h, m, s = (float(str(part or 0).replace(",", ".")) for part in (days, hours, minutes, seconds))
    return float("nan") if s >= 60 else ((d * 24 + h) * 60 + m) * 60 + s
