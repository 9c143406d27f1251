"""Numbers as people write them: decimal commas, thousands, currency signs, percent, brackets for minus."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.typed import Typed, by_distinct, is_missing, mask, nothing_bad, trimmed

_SIGN = r"R\$|US\$|MX\$|AR\$|A\$|C\$|S/\.?|[$€£¥₹]|[A-Z]{3}"
_CODES = {"R$": "BRL", "US$": "USD", "MX$": "MXN", "AR$": "ARS", "A$": "AUD", "C$": "CAD", "€": "EUR", "£": "GBP"}
_MINUS = "\u2212"
_SPACES = "'\u2019 \u00a0\u202f\u2009\u2007"
_GAP = r"[\s\x{00a0}\x{202f}\x{2009}\x{2007}]*"
_WHOLE = (
    rf"^(?P<minus>[-{_MINUS}])?{_GAP}(?P<sign>{_SIGN})?{_GAP}(?P<open>\()?{_GAP}(?P<minus2>[-+{_MINUS}])?{_GAP}"
    rf"(?P<sign2>{_SIGN})?{_GAP}(?P<body>[0-9.,][0-9.,{_SPACES}]*(?:[eE][+-]?[0-9]{{1,3}})?){_GAP}"
    rf"(?P<percent>%)?{_GAP}(?P<sign3>{_SIGN})?{_GAP}(?P<close>\))?(?P<minus3>-)?$"
)
_GAPS = f"[{_SPACES}]"
_SURE_COMMA = (
    rf"^[0-9]+,([0-9]{{1,2}}|[0-9]{{4,}})$|^0+,[0-9]+$|^[0-9]{{4,}},[0-9]+$|^,[0-9]+$|"
    rf"^[0-9]{{1,3}}((\.|{_GAPS})[0-9]{{3}})+,[0-9]+$|^[0-9]{{1,3}}(\.[0-9]{{3}}){{2,}}$"
)
_SURE_DOT = (
    rf"^[0-9]+\.([0-9]{{1,2}}|[0-9]{{4,}})$|^0+\.[0-9]+$|^[0-9]{{4,}}\.[0-9]+$|^\.[0-9]+$|[0-9]\.[0-9]+[eE]|"
    rf"^[0-9]{{1,3}}((,|{_GAPS})[0-9]{{3}})+\.[0-9]+$|^[0-9]{{1,3}}(,[0-9]{{3}}){{2,}}$"
)
_EITHER = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"


@dataclass(frozen=True)
class Dialect:
    """How numbers are written; None means find out. `fallback` is used when the values prove nothing."""

    decimal: str | None = None
    fallback: str = "."


def to_numbers(texts: pa.Array, dialect: Dialect = Dialect()) -> Typed:
    """Text to float64. Percent signs divide by 100.

    Blank and words for missing give null. Text that is no number, or is written against the
    decimal sign of its column, is bad.
    """
    if dialect.decimal in (None, "."):
        quick = _quick(texts, dialect)
        if quick is not None:
            return quick
    prepared = trimmed(texts)
    decimal, assumed = _decide(prepared, dialect)
    result = by_distinct(prepared, lambda values: _parse(values, decimal))
    result.assumed += assumed
    result.facts["decimal"] = decimal
    return result


def _quick(texts: pa.Array, dialect: Dialect) -> Typed | None:
    """Plain digits with a dot, in one cast; None where a closer look is needed."""
    try:
        values = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    floats = np.asarray(pc.fill_null(values, 0.0))
    if not np.isfinite(floats).all():
        return None
    if dialect.decimal is None and not _proves_dot(texts, floats):
        return None
    return Typed(values, nothing_bad(len(texts)), facts={"decimal": "."})


def _proves_dot(texts: pa.Array, floats: np.ndarray) -> bool:
    """Whether texts without commas hold a dot that can only be a decimal one, or no dot at all."""
    odd = np.flatnonzero(floats != np.trunc(floats))
    if len(odd) and find_decimal(texts.take(pa.array(odd[:10_000])))[1]:
        return True
    dotted = texts.filter(pc.fill_null(pc.match_substring(texts, "."), False))
    return not len(dotted) or find_decimal(dotted)[1] > 0


def find_decimal(texts: pa.Array) -> tuple[int, int, int]:
    """How many texts prove a decimal comma, prove a decimal dot, and could be either."""
    body = pc.struct_field(pc.extract_regex(trimmed(texts), _WHOLE), "body")
    body = pc.utf8_trim_whitespace(body)
    counts = [int(mask(pc.match_substring_regex(body, pattern)).sum()) for pattern in (_SURE_COMMA, _SURE_DOT, _EITHER)]
    return counts[0], counts[1], counts[2]


def _decide(texts: pa.Array, dialect: Dialect) -> tuple[str, list[tuple[str, str]]]:
    if dialect.decimal is not None:
        return dialect.decimal, []
    comma, dot, either = find_decimal(pc.unique(texts) if len(texts) < 200_000 else texts)
    if comma != dot:
        decimal = "," if comma > dot else "."
        return decimal, [("mixed_decimal", decimal)] if comma and dot else []
    if comma:
        return dialect.fallback, [("mixed_decimal", dialect.fallback)]
    return dialect.fallback, [("ambiguous_decimal", dialect.fallback)] if either else []


def _parse(texts: pa.Array, decimal: str) -> Typed:
    missing = is_missing(texts)
    parts = pc.extract_regex(texts, _WHOLE)
    body = pc.utf8_trim_whitespace(pc.struct_field(parts, "body"))
    point, group = (",", r"\.") if decimal == "," else (r"\.", ",")
    written = (
        rf"^([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+|[0-9]{{1,3}}({_GAPS}[0-9]{{3}})+)({point}[0-9]*)?([eE][+-]?[0-9]+)?$"
        rf"|^{point}[0-9]+$"
    )
    good = pc.match_substring_regex(body, written)
    brackets = pc.equal(
        pc.not_equal(pc.struct_field(parts, "open"), ""), pc.not_equal(pc.struct_field(parts, "close"), "")
    )
    good = mask(pc.and_kleene(good, brackets)) & ~missing
    digits = pc.replace_substring_regex(body, rf"{group}|{_GAPS}", "")
    digits = pc.replace_substring(digits, ",", ".")
    values = pc.cast(pc.if_else(pa.array(good), digits, pa.scalar(None, digits.type)), pa.float64())
    negative = [
        pc.is_in(pc.struct_field(parts, name), value_set=pa.array(["-", _MINUS, "("]).cast(texts.type))
        for name in ("minus", "minus2", "minus3", "open")
    ]
    minuses = sum(mask(part).astype(np.int8) for part in negative)
    sign = np.where(np.asarray(minuses) == 1, -1.0, 1.0)
    scale = np.where(mask(pc.equal(pc.struct_field(parts, "percent"), "%")), 0.01, 1.0)
    values = pc.multiply(values, pa.array(sign))
    if (scale != 1.0).any():
        values = pc.if_else(pa.array(scale != 1.0), pc.divide(values, 100.0), values)
    finite = mask(pc.is_finite(values)) & (np.asarray(minuses) <= 1)
    values = pc.if_else(pa.array(finite), values, pa.scalar(None, pa.float64()))
    return Typed(values, ~finite & ~missing, _currencies(parts, finite))


def _currencies(parts: pa.Array, known: np.ndarray) -> list[tuple[str, str]]:
    """Different currencies beside the numbers of one column; signs alone say nothing of rates."""
    found: set[str] = set()
    for name in ("sign", "sign2", "sign3"):
        signs = pc.unique(pc.struct_field(parts.filter(pa.array(known)), name)).to_pylist()
        found |= {_CODES.get(sign, sign) for sign in signs if sign}
    return [("several_currencies", ", ".join(sorted(found)))] if len(found) > 1 else []


def signs_beside(texts: pa.Array) -> list[str]:
    """The currency sign or code beside each number, '' without one or where the text is no number."""
    parts = pc.extract_regex(trimmed(texts), _WHOLE)
    fields = [pc.fill_null(pc.struct_field(parts, name), "").to_pylist() for name in ("sign", "sign2", "sign3")]
    return [one or two or three for one, two, three in zip(*fields, strict=True)]


def to_whole_numbers(texts: pa.Array, dialect: Dialect = Dialect()) -> Typed:
    """Text to int64; a fraction is bad."""
    try:
        return Typed(pc.cast(texts, pa.int64()), nothing_bad(len(texts)))
    except pa.ArrowInvalid:
        typed = whole(to_numbers(texts, dialect))
    if dialect.decimal is None and typed.bad.any() and any(id == "ambiguous_decimal" for id, _ in typed.assumed):
        other = "," if typed.facts.get("decimal") == "." else "."
        again = whole(to_numbers(texts, Dialect(other)))
        if not again.bad.any():  # only as thousands are these whole numbers
            again.assumed.append(("ambiguous_decimal", other))
            return again
    return typed


def whole(typed: Typed) -> Typed:
    """Floats to int64; a fraction, or more than 2^53, is bad."""
    floats = np.nan_to_num(np.asarray(pc.fill_null(typed.values, 0.0)), nan=0.0)
    rounded = np.round(floats)
    fits = (np.abs(floats - rounded) < 1e-6) & (np.abs(floats) < 2**53)
    known = mask(pc.is_valid(typed.values))
    values = pc.if_else(
        pa.array(fits & known), pa.array(np.where(fits, rounded, 0).astype(np.int64)), pa.scalar(None, pa.int64())
    )
    return Typed(values, typed.bad | (known & ~fits), typed.assumed, typed.facts)
