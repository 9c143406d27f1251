"""Survey answers: what a score asks, and several scores in one file."""

import re
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from data.mapping.mapping import Match, Source, TableMapping
from data.mapping.names import normalised, words
from data.readers import numbers
from data.readers.raw import RawTable

ASKED = re.compile(
    r"\b(?:csat|satisf\w*|rating|score|nota|avaliacao|calificacion|valoracion|nps|ces|estrellas|stars)\b"
)
_KINDS = (
    ("enps", re.compile(r"\b(?:enps|e nps|employee)\b")),
    ("nps", re.compile(r"\b(?:nps|promoter|recommend\w*|recomenda\w*|recomienda)\b")),
    ("ces", re.compile(r"\b(?:ces|effort|esforco|esfuerzo)\b")),
    ("csat", re.compile(r"\b(?:csat|satisf\w*|rating|stars|estrellas)\b")),
)
_WORDS = ("surveys.csat", "surveys.ces", "surveys.unanswered")
_ANSWER = ("score", "label", "kind", "scale_min", "scale_max", "higher_is_better")


def kind_of(header: str, name: str) -> str | None:
    """What a survey asks, by the header of its score, then by the file's name; None where neither says."""
    for text in (normalised(header), normalised(name)):
        for kind, pattern in _KINDS:
            if pattern.search(text):
                return kind
    return None


def kind_by_values(raw: RawTable, header: str) -> str:
    """`nps` where the highest score is 8 to 10, else `csat`."""
    top = pc.max(numbers.to_numbers(pa.array(raw.sample(header), pa.string())).values).as_py()
    return "nps" if top is not None and 7 < top <= 10 else "csat"


def scores_in(raw: RawTable) -> dict[str, str]:
    """Kind → header for every column whose name says what it asks and whose values are scores or answers in words."""
    found: dict[str, str] = {}
    for header in raw.headers:
        kind = next((kind for kind, pattern in _KINDS if pattern.search(normalised(header))), None)
        if kind is not None and kind not in found and _scores(raw.sample(header)):
            found[kind] = header
    return found


def _scores(texts: list[str]) -> bool:
    if not texts:
        return False
    typed = numbers.to_numbers(pa.array(texts, pa.string()))
    known = {word for domain in _WORDS for word in words(domain)}
    if any(normalised(text) not in known for text, bad in zip(texts, typed.bad, strict=True) if bad):
        return False
    top = pc.max(typed.values).as_py()
    return top is None or top <= 100


def parted(body: TableMapping, scores: dict[str, str], sure: float) -> tuple[dict[str, TableMapping], list[Match]]:
    """`surveys:nps`, `surveys:csat` … from what feeds one table of answers, one for each score."""
    shared = {column: source for column, source in body.columns.items() if column not in _ANSWER}
    constants = {column: value for column, value in body.constants.items() if column not in _ANSWER}
    tables, matches = {}, []
    for kind, header in scores.items():
        name = f"surveys:{kind}"
        tables[name] = replace(
            body, columns={**shared, "score": Source((header,))}, constants={**constants, "kind": kind}
        )
        matches.append(Match(name, "score", (header,), sure, "name_and_values"))
        matches += [Match(name, column, source.headers, sure, "guessed") for column, source in shared.items()]
    return tables, matches
