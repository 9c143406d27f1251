"""Measures in words."""

import re
from collections import Counter
from collections.abc import Mapping

from kpis.explain import explain
from kpis.kpi import Kpi
from ui.telling import Teller
from ui.text import folded
from words import catalogue, formats

MOST_ALIKE, SHORTEST = 5, 3
PARTS = ("_upper", "_of", "_rows", "_last", "_accounts")  # what the measures of a metric end in


def measure_name(measure: str, tell: Teller) -> str:
    """A measure in words; its id with spaces where nothing knows it."""
    id = f"measures.{measure}"
    if catalogue.has(id, tell.locale):
        return tell.t(id)
    own = catalogue.own_name(measure)
    if not own:
        return measure.replace("_", " ")
    return metric_part(own, next((part for part in PARTS if _is_part(measure, part)), ""), tell)


def formula_words(one: Kpi, tell: Teller) -> str:
    """A KPI's formula in words, as one line; two of its measures of one name carry their ids."""
    names = told_apart({measure: measure_name(measure, tell) for measure in one.measures})
    return explain(one, {}).text(
        lambda measure: names.get(measure) or measure_name(measure, tell),
        lambda number: formats.decimal(number, 6, tell.locale),
    )


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """The names of measures, with the id behind those that several measures share."""
    times = Counter(name.casefold() for name in names.values())
    return {id: f"{name} ({id})" if times[name.casefold()] > 1 else name for id, name in names.items()}


def alike(word: str, formula: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The measures whose name has a word that begins as `word` does; those that share most with the formula first."""
    wanted, written = folded(word)[:-1] if len(word) > SHORTEST else folded(word), folded(formula)
    if len(wanted) < SHORTEST:
        return ()
    words = {id: re.findall(r"\w+", folded(name)) for id, name in names.items()}
    found = [id for id, parts in words.items() if any(part.startswith(wanted) for part in parts)]
    asked = set(re.findall(r"\w+", written))
    ranked = sorted(found, key=lambda id: (-len(asked & set(words[id])), len(words[id]), names[id].casefold()))
    return tuple(ranked[:MOST_ALIKE])


def _is_part(measure: str, part: str) -> bool:
    return measure.endswith(part) and bool(catalogue.own_name(measure.removesuffix(part)))


def metric_part(words: str, part: str, tell: Teller) -> str:
    """A measure of a metric of the company's own, from the metric in words and the end of the measure's id."""
    return tell.t(f"own.part{part}", name=words) if part else words
