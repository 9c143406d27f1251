"""What turning a column of text into values gives, and how to do it once for each different text."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_MISSING_EVERYWHERE = (
    "", "null", "n/a", "#n/a", "#n/d", "nan", "<na>", "nil", "none", "(blank)", "(vazio)", "(em branco)", "(en blanco)",
    "undefined", "-", "--", "---", "—", "–", "(vacío)", "(null)", "\\n",
)  # fmt: skip
_MISSING_AMONG_VALUES = (
    "na", "n.a.", "n.d.", "nd", "n/d", "n/i", "s/d", "s/i", "?", "unknown", "missing", "not available",
    "not applicable",
    "não informado", "nao informado", "não se aplica", "nao se aplica", "sem informação", "sem informacao", "sem dados",
    "desconhecido", "desconocido", "no aplica", "no disponible", "no informado", "sin datos", "sin información",
    "vazio", "vazia", "vacío", "vacio", "empty", "nenhum", "nenhuma", "ninguno", "ninguna", "nulo", "nula", "sem dado",
    "sin dato", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000",
)  # fmt: skip
TEXT_NULLS = pa.array(_MISSING_EVERYWHERE)
# In text, only systems write null, NULL or NaN; so written, Null, Nil and Nan are names of people. The country
# code NA is no word for missing in text at all.
_NAMES = pa.array(["Null", "Nil", "Nan"])
VALUE_NULLS = pa.array(_MISSING_EVERYWHERE + _MISSING_AMONG_VALUES)
VALUE_WORDS = frozenset(_MISSING_EVERYWHERE + _MISSING_AMONG_VALUES)


@dataclass
class Typed:
    """Typed values. `bad` marks texts that are no such value (their value is null); blank is null and not bad.

    `assumed` holds (id, detail) of choices made without proof; `facts` what was found, such as
    `decimal` or `date_order`.
    """

    values: pa.Array
    bad: np.ndarray
    assumed: list[tuple[str, str]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One contiguous array."""
    if isinstance(column, pa.Array):
        return column
    if column.nbytes < 1 << 30:
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in column.chunks])


def trimmed(texts: pa.Array) -> pa.Array:
    """Texts without white space around them (non-breaking spaces included)."""
    return pc.utf8_trim_whitespace(texts)


def is_missing(texts: pa.Array, words: pa.Array = VALUE_NULLS) -> np.ndarray:
    """True where a trimmed text is null, blank or a word for missing; among texts, names of people stay."""
    plain = pc.all(pc.string_is_ascii(texts), min_count=0).as_py()
    lower = pc.ascii_lower(texts) if plain else pc.utf8_lower(texts)  # the same for these, and five times as fast
    found = pc.is_in(lower, value_set=words.cast(texts.type), skip_nulls=True)
    if words is TEXT_NULLS and pc.any(found).as_py():
        found = pc.and_not(found, pc.is_in(texts, value_set=_NAMES.cast(texts.type)))
    return mask(pc.or_kleene(found, pc.is_null(texts)))


def mask(values: pa.Array) -> np.ndarray:
    """A boolean array as numpy, null as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)


def by_distinct(texts: pa.Array, convert: Callable[[pa.Array], Typed]) -> Typed:
    """Convert each different text once, unless nearly all differ."""
    if len(texts) < 1000:
        return convert(texts)
    probe = texts.slice(0, 20_000)
    if pc.count_distinct(probe).as_py() > 0.5 * len(probe):
        return convert(texts)
    encoded = pc.dictionary_encode(texts)
    once = convert(encoded.dictionary)
    bad = np.append(once.bad, False)[np.asarray(pc.fill_null(encoded.indices, len(once.bad)))]
    return Typed(once.values.take(encoded.indices), bad, once.assumed, once.facts)


def nothing_bad(length: int) -> np.ndarray:
    """A mask without a single True."""
    return np.zeros(length, dtype=bool)
