"""Dates and times as people write them, day first unless the values prove otherwise."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.typed import Typed, by_distinct, is_missing, mask, nothing_bad, trimmed

FIRST_YEAR, LAST_YEAR, OPEN_ENDED = 1900, 2199, 2900

_TIME = (
    r"(?:(?:T| ?[aà]s |,? +|,)(?P<h>[0-9]{1,2})[:h](?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r"\s*(?P<ap>[aApP]\.?\s?[mM]\.?)?)?\s*(?P<z>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?$"
)
_PARTS = r"^(?P<a>[0-9]{1,4})[-/.](?P<b>[0-9]{1,2})[-/.](?P<c>[0-9]{1,4})" + _TIME
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janeiro ene enero",
            "feb february fev fevereiro febrero",
            "mar march marco marzo",
            "apr april abr abril",
            "may mai maio mayo",
            "jun june junho junio",
            "jul july julho julio",
            "aug august ago agosto",
            "sep sept september set setembro septiembre setiembre",
            "oct october out outubro octubre",
            "nov november novembro noviembre",
            "dec december dez dezembro dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_NAMED = re.compile(
    r"^(?:[a-z]{2,9}(?:-feira)?,?\s+)?(\d{1,2})(?:st|nd|rd|th|o|º)?[\s./-]+(?:de\s+)?([a-z]{3,10})\.?,?[\s./-]+(?:de[l]?\s+)?(\d{4}|\d{2})\b(.*)$"
)
_NAMED_US = re.compile(r"^(?:[a-z]{3,9},\s+)?([a-z]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b(.*)$")
_NAMED_ISO = re.compile(r"^(\d{4})[\s./-]+([a-z]{3,10})\.?[\s./-]+(\d{1,2})\b(.*)$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?$")
_MONTH_ONLY = (
    re.compile(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})$"),
    re.compile(r"^(?P<m>\d{1,2})[-/.](?P<y>\d{4})$"),
    re.compile(r"^(?P<n>[a-z]{3,10})\.?[\s/.-]*(?:de\s+)?(?P<y>\d{4}|\d{2})$"),
    re.compile(r"^(?P<y>\d{4})[\s/.-]+(?P<n>[a-z]{3,10})$"),
)
_CLOCK_AFTER = re.compile(
    r"^[T,\s]*(?:as|at|a las)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?\s?m\.?)?\s*$"
)

_NAMED_ZONE = re.compile(
    r"\b(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Za-z_]+(?:/[A-Za-z_]+)?"
)
_OFFSET_ZONE = re.compile(
    r"(?<![A-Za-z])(?:UTC|GMT)(?![A-Za-z])\s*(?:([+\u2212-])\s*(\d{1,2})(?::?(\d{2}))?)?", re.ASCII
)


@dataclass(frozen=True)
class DateStyle:
    """How dates are read. `order` is dmy, mdy, ymd or None to find out; `fallback` where nothing proves it.

    `zone` is the workspace's time zone: times with a zone of their own are moved to it, and so are
    all others when `written_in` names the zone they were written in.
    `months` accepts a month without a day, as its first day.
    """

    order: str | None = None
    fallback: str = "dmy"
    zone: str = "America/Sao_Paulo"
    months: bool = False
    written_in: str | None = None


def to_dates(texts: pa.Array, style: DateStyle = DateStyle()) -> Typed:
    """Text to date32; a time of day is dropped after moving it to the workspace's zone."""
    quick = _quick(texts, pa.date32())
    if quick is not None:
        return quick
    typed = to_datetimes(texts, style)
    typed.values = pc.cast(pc.floor_temporal(typed.values, unit="day"), pa.date32(), safe=False)
    return typed


def to_datetimes(texts: pa.Array, style: DateStyle = DateStyle()) -> Typed:
    """Text to timestamp[us], wall-clock time of the workspace's zone; a day alone is its midnight.

    Far-future days (from the year 2900) mean open-ended: null, with `open_ended` among the assumed.
    """
    quick = _quick(texts, pa.timestamp("us"))
    if quick is not None:
        return _from_zone(quick, pc.greater(pc.utf8_length(texts), 10), style)
    prepared = trimmed(texts)
    order, assumed = _decide(prepared, style)
    result = by_distinct(prepared, lambda values: _parse(values, order, style))
    result.assumed = list(dict.fromkeys(result.assumed + assumed))
    if order or result.values.null_count < len(result.values):
        result.facts["date_order"] = order or "ymd"
    return result


def find_order(texts: pa.Array) -> tuple[int, int, int]:
    """How many texts prove day first, prove month first, and could be either."""
    parts = pc.extract_regex(
        trimmed(texts), r"^(?P<a>[0-9]{1,2})[-/.](?P<b>[0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})(?:[^0-9].*)?$"
    )
    first, second = _integers(parts, "a"), _integers(parts, "b")
    valid = mask(pc.is_valid(parts)) & (first > 0) & (second > 0)
    day_first = valid & (first > 12) & (first <= 31) & (second <= 12)
    month_first = valid & (second > 12) & (second <= 31) & (first <= 12)
    either = valid & (first <= 12) & (second <= 12)
    return int(day_first.sum()), int(month_first.sum()), int(either.sum())


def _decide(texts: pa.Array, style: DateStyle) -> tuple[str | None, list[tuple[str, str]]]:
    if style.order in ("dmy", "mdy"):
        return style.order, []
    different = pc.unique(texts) if len(texts) < 200_000 else texts
    day_first, month_first, either = find_order(different)
    if not day_first and not month_first and not either:
        return None, []
    order = style.fallback
    if day_first != month_first:
        order = "dmy" if day_first > month_first else "mdy"
    if day_first and month_first:
        return order, [("mixed_dates", order)]
    if not either and _half_turned(different, day_first + month_first):
        return order, [("half_turned", order)]
    if not day_first and not month_first:
        if style.order == "ymd" and not _long_years(different):
            return order, []
        return order, [("ambiguous_dates", order)]
    unsure = style.order != "ymd" and _short_years(different)
    return order, [("short_years", order)] if unsure else []


def _half_turned(texts: pa.Array, impossible: int) -> bool:
    """Whether a spreadsheet that expects the other order has read what it could, days up to 12, and left the rest."""
    days = pc.drop_null(pc.extract_regex(texts, r"^[0-9]{4}-[0-9]{2}-(?P<d>[0-9]{2})(?:[^0-9].*)?$"))
    return impossible >= 2 and len(days) >= 3 and bool((_integers(days, "d") <= 12).all())


def _long_years(texts: pa.Array) -> bool:
    return bool(mask(pc.match_substring_regex(texts, r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}")).any())


def _short_years(texts: pa.Array) -> bool:
    """Whether years have two digits and could as well stand first: they vary at least as much as what does."""
    parts = pc.drop_null(pc.extract_regex(texts, r"^(?P<a>[0-9]{2})[-/.][0-9]{1,2}[-/.](?P<c>[0-9]{2})(?:[^0-9].*)?$"))
    if not len(parts):
        return False
    first, last = _integers(parts, "a"), _integers(parts, "c")
    return bool((last <= 31).all() and (last >= 1).all() and len(set(last)) >= len(set(first)))


def _quick(texts: pa.Array, kind: pa.DataType) -> Typed | None:
    """ISO text in one cast; None where a closer look is needed."""
    try:
        values = pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return None
    if values.null_count < len(values):
        ends = pc.min_max(pc.year(values)).as_py()
        if ends["min"] < FIRST_YEAR or ends["max"] > LAST_YEAR:
            return None
    return Typed(values, nothing_bad(len(texts)), facts={"date_order": "ymd"})


def _integers(parts: pa.Array, name: str) -> np.ndarray:
    texts = pc.fill_null(pc.struct_field(parts, name), "0")
    return np.array(pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64()))


def _parse(texts: pa.Array, order: str | None, style: DateStyle) -> Typed:
    missing = is_missing(texts)
    parts = pc.extract_regex(texts, _PARTS)
    a, b, c = (_integers(parts, name) for name in "abc")
    length_a = np.asarray(pc.fill_null(pc.utf8_length(pc.struct_field(parts, "a")), 0))
    length_c = np.asarray(pc.fill_null(pc.utf8_length(pc.struct_field(parts, "c")), 0))
    year_first = length_a == 4
    shaped = mask(pc.is_valid(parts)) & np.where(
        year_first, length_c <= 2, (length_a <= 2) & ((length_c == 2) | (length_c == 4))
    )
    short_first = (style.order == "ymd") & (length_a == 2) & (length_c == 2)
    year = np.where(year_first, a, np.where(short_first, _century(a), np.where(length_c == 2, _century(c), c)))
    day = np.where(year_first | short_first, c, b if order == "mdy" else a)
    month = np.where(year_first | (order != "mdy"), b, a)
    hour = _twelve(_integers(parts, "h"), pc.struct_field(parts, "ap"))
    minute, second = _integers(parts, "mi"), _integers(parts, "s")
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(pc.struct_field(parts, "f"), "0"), 6, "0"), 0, 6)
    micro = np.array(pc.cast(fraction, pa.int64()))
    assumed: list[tuple[str, str]] = []
    rest = np.flatnonzero(~shaped & ~missing)
    counting = _counted(texts, rest, assumed)
    for position in rest:
        if counting is not None and (moment := counting(texts[int(position)].as_py())) is not None:
            found: tuple[int, ...] | None = (
                moment.year,
                moment.month,
                moment.day,
                moment.hour,
                moment.minute,
                moment.second,
            )
        else:
            found = _other(texts[int(position)].as_py(), style.months)
        if found is not None:
            year[position], month[position], day[position], hour[position], minute[position], second[position] = found
            shaped[position], micro[position] = True, 0
    open_ended = shaped & (year >= OPEN_ENDED)
    if open_ended.any():
        assumed.append(("open_ended", str(int(year[open_ended][0]))))
    real = shaped & ~open_ended & (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    real &= (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    length = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    real &= day <= length.astype(np.int64)
    moments = months.astype("datetime64[us]") + (
        np.where(real, ((day - 1) * 86400 + hour * 3600 + minute * 60 + second) * 1_000_000 + micro, 0)
    ).astype("timedelta64[us]")
    offsets = pc.fill_null(pc.struct_field(parts, "z"), "")
    typed = Typed(pa.array(moments, mask=~real), ~real & ~missing & ~open_ended, assumed)
    timed = pc.match_substring(texts, ":")
    typed = _from_zone(typed, pc.and_(timed, pc.equal(offsets, "")), style)
    typed.values = _to_zone(typed.values, offsets, style.zone, assumed)
    return typed


def zone_of(header: str) -> str | None:
    """The time zone a header names, as in `Created at (UTC)` or `Aberto em [America/Sao_Paulo]`; None without one.

    Example: zone_of("Created (GMT-3)") == "-03:00"
    """
    if match := _NAMED_ZONE.search(header):
        return match[0] if match[0] in _zones() else None
    match = _OFFSET_ZONE.search(header)
    if match is None:
        return None
    if not match[1]:
        return "UTC"
    hours, minutes = int(match[2]), int(match[3] or 0)
    return f"{match[1]}{hours:02d}:{minutes:02d}".replace("\u2212", "-") if hours <= 14 and minutes < 60 else None


@cache
def _zones() -> set[str]:
    return available_timezones()


def _from_zone(typed: Typed, timed: pa.Array, style: DateStyle) -> Typed:
    """Move times (not days alone) from the zone they were written in to the workspace's."""
    if style.written_in is None or style.written_in == style.zone or not mask(timed).any():
        return typed
    there = pc.assume_timezone(typed.values, style.written_in, ambiguous="earliest", nonexistent="earliest")
    here = pc.local_timestamp(there.cast(pa.timestamp("us", tz=style.zone)))
    values = pc.if_else(pc.fill_null(timed, False), here, typed.values)
    return Typed(values, typed.bad, [*typed.assumed, ("zone_from_header", style.written_in)], typed.facts)


def _century(years: np.ndarray) -> np.ndarray:
    return np.where(years < 70, 2000 + years, 1900 + years)


def _twelve(hours: np.ndarray, half: pa.Array) -> np.ndarray:
    letter = pc.utf8_slice_codeunits(pc.utf8_lower(pc.fill_null(half, "")), 0, 1)
    after, before = mask(pc.equal(letter, "p")), mask(pc.equal(letter, "a"))
    wrong = (after | before) & ((hours > 12) | (hours < 1))
    return np.where(wrong, 99, np.where(after, hours % 12 + 12, np.where(before, hours % 12, hours)))


def _to_zone(moments: pa.Array, offsets: pa.Array, zone: str, assumed: list[tuple[str, str]]) -> pa.Array:
    """Move times that carry an offset of their own to the workspace's zone."""
    own = mask(pc.not_equal(offsets, ""))
    if not own.any():
        return moments
    seconds = np.array([_offset_seconds(text) for text in offsets.to_pylist()], dtype=np.int64)
    utc = pc.subtract(moments, pa.array((seconds * 1_000_000).astype("timedelta64[us]")))
    local = pc.local_timestamp(pc.cast(pc.assume_timezone(utc, "UTC"), pa.timestamp("us", tz=zone)))
    assumed.append(("moved_to_zone", zone))
    return pc.if_else(pa.array(own), local, moments)


def _offset_seconds(text: str) -> int:
    if not text or text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 3600 + int(digits[2:4]) * 60) * (-1 if text[0] == "-" else 1)


def _counted(texts: pa.Array, rest: np.ndarray, assumed: list[tuple[str, str]]):  # type: ignore[no-untyped-def]
    """A reader for days or seconds counted from an origin, when all that is left are such counts."""
    if not len(rest):
        return None
    some = texts.take(pa.array(rest))
    for name, pattern, scale in (
        ("spreadsheet_serial", r"^[2-6][0-9]{4}(\.[0-9]+)?$", 86400.0),
        ("unix_seconds", r"^[0-9]{9,10}(\.[0-9]+)?$", 1.0),
        ("unix_milliseconds", r"^1[0-9]{12}$", 0.001),
    ):
        if mask(pc.match_substring_regex(some, pattern)).all():
            origin = np.datetime64("1899-12-30" if name == "spreadsheet_serial" else "1970-01-01", "s")
            assumed.append((name, some[0].as_py()))
            return lambda text: _from_origin(origin, round(float(text) * scale))
    return None


def _from_origin(origin: np.datetime64, seconds: int) -> datetime | None:
    moment = (origin + np.timedelta64(seconds, "s")).astype(object)
    return moment if isinstance(moment, datetime) else None


def _other(text: str, months: bool) -> tuple[int, ...] | None:
    """(year, month, day, hour, minute, second) of one text in a rarer form, or None."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    if match := _COMPACT.match(plain):
        return tuple(int(part or 0) for part in match.groups())
    for pattern, (y, m, d) in ((_NAMED, (3, 2, 1)), (_NAMED_US, (3, 1, 2)), (_NAMED_ISO, (1, 2, 3))):
        match = pattern.match(plain)
        if match and match[m] in _MONTHS:
            clock = _clock(match[4])
            if clock is not None:
                return (_year(match[y]), _MONTHS[match[m]], int(match[d]), *clock)
    if months:
        for pattern in _MONTH_ONLY:
            match = pattern.match(plain)
            if match:
                parts = match.groupdict()
                number = _MONTHS.get(parts["n"]) if parts.get("n") else int(parts["m"])
                return (_year(parts["y"]), number, 1, 0, 0, 0) if number else None
    return None


def _year(text: str) -> int:
    return int(_century(np.array([int(text)]))[0]) if len(text) == 2 else int(text)


def _clock(text: str) -> tuple[int, int, int] | None:
    if not text.strip(" ,.z"):
        return (0, 0, 0)
    match = _CLOCK_AFTER.match(text)
    if not match:
        return None
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + (12 if match[4].startswith("p") else 0) if 1 <= hour <= 12 else 99
    return (hour, int(match[2]), int(match[3] or 0))
