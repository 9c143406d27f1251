"""Months of a billing interval given as a word and a count: `year` and `2` are 24 months."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.mapping.names import normalised, words
from data.readers.typed import Typed, is_missing, trimmed

_DAYS = {"day", "days", "daily", "dia", "dias", "diario", "diaria"}
_WEEKS = {"week", "weeks", "weekly", "semana", "semanas", "semanal"}
_PLURALS = {
    "months": 1, "meses": 1, "years": 12, "anos": 12, "quarters": 3, "trimestres": 3, "semesters": 6, "semestres": 6,
    "semester": 6, "semestre": 6, "m": 1, "y": 12, "q": 3, "a": 12,
}  # fmt: skip
_COUNT = re.compile(r"^\d+(?:[.,]0+)?$")
_FILLER = {"every", "each", "per", "a", "an", "cada", "por", "a cada", "of", "de"}


def interval_months(texts: pa.Array) -> Typed:
    """An interval and how many of it to months; weeks and days only where they make years, the rest is bad.

    52 weeks and 365 days are a year; other numbers of weeks or days are no whole months.
    """
    encoded = pc.dictionary_encode(trimmed(texts))
    originals = encoded.dictionary.to_pylist()
    gone = is_missing(encoded.dictionary)
    found = [None if missing else _months(text) for text, missing in zip(originals, gone, strict=True)]
    wrong = np.array([value is None and not missing for value, missing in zip(found, gone, strict=True)], dtype=bool)
    indices = encoded.indices
    bad = np.append(wrong, False)[np.asarray(pc.fill_null(indices, len(wrong)))]
    return Typed(pa.array(found, pa.float64()).take(indices), bad)


def _months(text: str) -> float | None:
    known = words("months")
    count, names = 1.0, []
    for part in _parts(text):
        if _COUNT.match(part):
            count = float(part.replace(",", "."))
        else:
            names.append(part)
    if count <= 0 or not names:
        return None
    name = normalised(" ".join(names))
    stripped = " ".join(word for word in name.split() if word not in _FILLER) or name
    if stripped in _WEEKS or stripped in _DAYS:
        year = 52 if stripped in _WEEKS else 365
        return 12.0 * count / year if count % year == 0 else None
    for candidate in (name, stripped):
        each = _PLURALS.get(candidate) or known.get(candidate)
        if each is not None and float(each) >= 1:
            return float(each) * count
    return None


def _parts(text: str) -> Iterator[str]:
    """Words and numbers of a text, apart: `3months` gives `3` and `months`."""
    for word in text.replace("_", " ").replace("/", " ").split():
        yield from re.findall(r"\d+(?:[.,]\d+)?|[^\d\s]+", word)
