"""What a KPI is: a formula over summed measures, and the declaration around it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan, nan
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

Numbers: TypeAlias = Any  # a scalar, a pandas Series, a NumPy array or a symbolic term, all with ordinary arithmetic
Objective = Literal["retention", "quality", "expansion", "financial"]
Role = Literal["leading", "lagging", "neither"]
Unit = Literal["ratio", "points", "money", "seconds", "months", "count", "times", "days"]
Direction = Literal["up", "down", "neither"]
Interval = Literal["wilson", "nps", "given"]

OBJECTIVES: tuple[Objective, ...] = ("retention", "quality", "expansion", "financial")


class Parts(NamedTuple):
    """What a formula returns: the two numbers behind a value, so that every value can be opened.

    `denominator` is None for plain sums, whose value is the numerator itself.
    """

    numerator: Numbers
    denominator: Numbers = None

    @property
    def value(self) -> Numbers:
        """Numerator ÷ denominator; NaN where the denominator is 0 or something is missing."""
        return self.numerator if self.denominator is None else ratio(self.numerator, self.denominator)


def ratio(numerator: Numbers, denominator: Numbers) -> Numbers:
    """Divide, giving NaN (never an infinity or an exception) where the denominator is 0."""
    if hasattr(denominator, "where"):  # Series, symbolic terms
        return numerator / denominator.where(denominator != 0)
    if isinstance(denominator, np.ndarray):
        return numerator / np.where(denominator == 0, nan, denominator)
    return numerator / (denominator or nan)


def or_one(factor: Numbers) -> Numbers:
    """The factor, or 1 where it is missing: how a margin that is not set leaves revenue as it is."""
    if hasattr(factor, "fillna"):
        return factor.fillna(1.0)
    if isinstance(factor, np.ndarray):
        return np.where(np.isnan(factor), 1.0, factor)
    return 1.0 if isnan(factor) else factor


@dataclass(frozen=True)
class Kpi:
    """One KPI: its formula and everything screens need to know about it.

    Attributes:
        key: stable id, used in links, files and saved views.
        objective: the objective it belongs to (its home).
        role: leading or lagging at home; other objectives may see it differently (`catalogue.role`).
        unit: ratio (a fraction), points, money, seconds, months, count, times or days.
        direction: which way is good; "neither" when the number alone says nothing.
        formula: a plain function whose parameter names are measures and which returns `Parts`.
        interval: "wilson" for a proportion of counts, "nps", "given" when the frame brings its own
            `<measure>_low` and `<measure>_high`, None when there is none.
        n: the measure that says how many cases the value rests on; empty means the denominator.
        empty: reason given when the denominator is 0.
        zeros: reasons given first when one particular measure is 0, as (measure, reason) pairs.
        minimum: fewest cases for which the value may be shown at all.
        company_only: True when a measure lives on the company row, so that account filters make no sense.
        by_week: False when there is no value by week.
        mature: name of the frame's column that says whether the period is old enough; empty means none.
        proxy_for: key of the KPI this one stands in for, empty when none.
    """

    key: str
    objective: Objective
    role: Role
    unit: Unit
    direction: Direction
    formula: Callable[..., Parts]
    interval: Interval | None = None
    n: str = ""
    empty: str = "no_denominator"
    zeros: tuple[tuple[str, str], ...] = field(default=())
    minimum: int = 0
    company_only: bool = False
    by_week: bool = True
    mature: str = ""
    proxy_for: str = ""

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures the formula needs, in the order of its parameters."""
        return tuple(inspect.signature(self.formula).parameters)

    @cached_property
    def _sections(self) -> dict[str, str]:
        """The formula's docstring cut at "Undefined when:" and "Source:"; line breaks become spaces."""
        text = " ".join((inspect.getdoc(self.formula) or "").split())
        says, _, rest = text.partition(" Undefined when: ")
        undefined, _, source = rest.partition(" Source: ")
        return {"says": says, "undefined": undefined, "source": source}

    @property
    def says(self) -> str:
        """What the number says, in plain English."""
        return self._sections["says"]

    @property
    def undefined(self) -> str:
        """When there is no value."""
        return self._sections["undefined"]

    @property
    def source(self) -> str:
        """Where the definition comes from."""
        return self._sections["source"]

    def parts(self, measures: Mapping[str, Numbers]) -> Parts:
        """Numerator and denominator from a mapping that holds at least this KPI's measures."""
        return self.formula(**{name: measures[name] for name in self.measures})

    def value(self, measures: Mapping[str, Numbers]) -> Numbers:
        """The value from a mapping of measures; NaN where it is undefined."""
        return self.parts(measures).value
