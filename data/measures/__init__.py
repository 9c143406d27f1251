"""Additive measures, one family a file, as portable expressions."""

from collections.abc import Iterable

from data.measures import (
    activity,
    cohorts,
    contacts,
    contracts,
    costs,
    invoices,
    movements,
    referrals,
    renewals,
    sentiment,
    surveys,
    usage,
)
from data.measures.measure import Context, Family, Measure

FAMILIES: tuple[Family, ...] = (
    movements.FAMILY,
    cohorts.FAMILY,
    cohorts.TRAILING_FAMILY,
    activity.FAMILY,
    usage.FAMILY,
    usage.STICKINESS_FAMILY,
    renewals.FAMILY,
    surveys.FAMILY,
    contacts.FAMILY,
    sentiment.FAMILY,
    referrals.FAMILY,
    invoices.FAMILY,
    contracts.FAMILY,
    costs.FAMILY,
)

__all__ = ["FAMILIES", "Context", "Family", "Measure", "all_measures", "needs"]


def all_measures() -> dict[str, Measure]:
    """Every measure by name."""
    return {measure.name: measure for family in FAMILIES for measure in family.measures}


def needs(families: Iterable[Family] = FAMILIES) -> tuple[str, ...]:
    """Every table and column that some measure needs."""
    named = (
        name for family in families for measure in family.measures for need in measure.needs for name in need.split("|")
    )
    return tuple(dict.fromkeys(named))
