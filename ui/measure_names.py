"""Measures in words."""

from kpis.explain import explain
from kpis.kpi import Kpi
from ui.telling import Teller
from words import catalogue, formats

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
    """A KPI's formula in words, as one line."""
    return explain(one, {}).text(
        lambda measure: measure_name(measure, tell), lambda number: formats.decimal(number, 6, tell.locale)
    )


def _is_part(measure: str, part: str) -> bool:
    return measure.endswith(part) and bool(catalogue.own_name(measure.removesuffix(part)))


def metric_part(words: str, part: str, tell: Teller) -> str:
    """A measure of a metric of the company's own, from the metric in words and the end of the measure's id."""
    return tell.t(f"own.part{part}", name=words) if part else words
