"""Measures in words."""

from ui.telling import Teller
from words import catalogue


def measure_name(measure: str, tell: Teller) -> str:
    """A measure in words; its id with spaces where the catalogue does not know it."""
    id = f"measures.{measure}"
    return tell.t(id) if catalogue.has(id, tell.locale) else measure.replace("_", " ")
