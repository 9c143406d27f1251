"""How a number is made: a KPI's formula taken apart, with the numbers of a period in it.

The formula itself is run on named terms instead of numbers, so what is shown is what is computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan, nan

from kpis.kpi import Kpi, Numbers

_BINDING = {"+": 1, "−": 1, "×": 2, "÷": 2}


class Term:
    """A measure, a constant, or two terms joined by an operator; does arithmetic by remembering it."""

    def __init__(self, name: str | float, operator: str = "", left: "Term | None" = None, right: "Term | None" = None):
        self.name, self.operator, self.left, self.right = name, operator, left, right

    def __add__(self, other: "Term | float") -> "Term":
        return _joined(self, "+", other)

    def __sub__(self, other: "Term | float") -> "Term":
        return _joined(self, "−", other)

    def __mul__(self, other: "Term | float") -> "Term":
        return _joined(self, "×", other)

    def __rmul__(self, other: float) -> "Term":
        return _joined(_term(other), "×", self)

    def __truediv__(self, other: "Term | float") -> "Term":
        return _joined(self, "÷", other)

    def where(self, condition: object) -> "Term":
        """The term itself: guards against 0 are not part of what is shown."""
        return self

    def fillna(self, value: float) -> "Term":
        """The term itself: what a missing margin means is said beside the formula."""
        return self


@dataclass(frozen=True)
class Part:
    """One step of a formula.

    Attributes:
        measure: id of the measure, or None for a constant.
        operator: what joins it to what stands before: "", "+", "−", "×" or "÷".
        value: its number; NaN when missing.
        opening: brackets that open before it.
        closing: brackets that close after it.
    """

    measure: str | None
    operator: str
    value: float
    opening: str = ""
    closing: str = ""


@dataclass(frozen=True)
class Explanation:
    """A KPI's number, step by step.

    Attributes:
        kpi: key of the KPI.
        parts: the whole formula in reading order.
        numerator: its value.
        denominator: its value, None for plain sums.
        value: the result; NaN when undefined or hidden.
    """

    kpi: str
    parts: tuple[Part, ...]
    numerator: float
    denominator: float | None
    value: float

    def text(self, name: Callable[[str], str] = str, number: Callable[[float], str] = "{:g}".format) -> str:
        """The formula as one line: `name` words a measure (and may add its number), `number` a constant."""
        text = ""
        for part in self.parts:
            word = number(part.value) if part.measure is None else name(part.measure)
            text += f" {part.operator} " * bool(part.operator) + part.opening + word + part.closing
        return text


def explain(kpi: Kpi, measures: Mapping[str, float | None]) -> Explanation:
    """Take a KPI apart with the numbers of one group and period.

    Args:
        kpi: the KPI.
        measures: the summed measures; missing ones count as unknown.

    A value that may not be shown (too few answers) hides all of its numbers.
    """
    known = {name: _number(measures.get(name)) for name in kpi.measures}
    found = kpi.parts(known)
    if kpi.minimum and not found.denominator >= kpi.minimum:
        known = dict.fromkeys(known, nan)
        found = kpi.parts(known)
    tree = symbolic(kpi)
    denominator = None if found.denominator is None else float(found.denominator)
    return Explanation(kpi.key, tuple(_parts(tree, known)), float(found.numerator), denominator, float(found.value))


def symbolic(kpi: Kpi) -> Term:
    """The formula as a tree of terms."""
    parts = kpi.parts({name: Term(name) for name in kpi.measures})
    return _term(parts.value)


def formula_text(kpi: Kpi, name: Callable[[str], str] = str) -> str:
    """The formula in measures, as one line: "lost_accounts ÷ opening_accounts"."""
    return explain(kpi, {}).text(name)


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def _term(value: Numbers) -> Term:
    return value if isinstance(value, Term) else Term(float(value))


def _joined(left: Term, operator: str, right: "Term | float") -> Term:
    return Term("", operator, left, _term(right))


def _parts(
    term: Term, known: Mapping[str, float], operator: str = "", opening: str = "", closing: str = ""
) -> list[Part]:
    """The leaves of a term in reading order, with the brackets that keep its meaning."""
    if term.left is None or term.right is None:
        constant = not isinstance(term.name, str)
        value = float(term.name) if constant else known[str(term.name)]
        return [Part(None if constant else str(term.name), operator, value, opening, closing)]
    weak_left = bool(term.left.operator) and _BINDING[term.left.operator] < _BINDING[term.operator]
    weak_right = bool(term.right.operator) and (
        _BINDING[term.right.operator] < _BINDING[term.operator]
        or (term.operator in "−÷" and _BINDING[term.right.operator] == _BINDING[term.operator])
    )
    left = _parts(term.left, known, operator, opening + "(" * weak_left, ")" * weak_left)
    right = _parts(term.right, known, term.operator, "(" * weak_right, ")" * weak_right + closing)
    return [*left, *right]


def is_complete(explanation: Explanation) -> bool:
    """Whether every number in the formula is known."""
    return not any(isnan(part.value) for part in explanation.parts)
