"""Formulas that people write: sums of measures, and one such sum over another. A parser of its own, nothing is run.

What is written is brought into one form: numbers × measures added up, over the same or over nothing. Such a formula
adds up over accounts, so every value opens to the accounts behind it; whatever else is written is refused with what
is in the way.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from kpis.kpi import Numbers, Parts

LONGEST = 500  # characters
DEEPEST = 20  # brackets inside brackets
MOST_MEASURES = 20

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]{1,12}(?:[.,][0-9]{1,9})?)(?![\w.,])|(?P<name>[^\W\d]\w*)|(?P<sign>\S))")
_UNCLEAR = re.compile(r"(?!0)[0-9]{1,3}[.,][0-9]{3}")  # one thousand, or one and no thousandths
_SIGNS = {"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", ":": "/"}

Sum = tuple[tuple[str, Fraction], ...]  # measure → how many times it counts, in the order written


class OwnProblem(ValueError):
    """What stands in the way of a KPI of one's own: `id` names what is in the way, `params` say where."""

    def __init__(self, id: str, **params: Any) -> None:
        self.id, self.params = id, params
        super().__init__(f"{id} {params}")


@dataclass(frozen=True)
class Formula:
    """A formula in its one form: a callable like those of the built-in KPIs, equal to another that computes the same.

    Attributes:
        numerator: measures and how many times each counts.
        denominator: the same; empty for plain sums.
    """

    numerator: Sum
    denominator: Sum = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures, each once, in the order written."""
        return tuple(dict.fromkeys(name for name, _ in self.numerator + self.denominator))

    @property
    def __signature__(self) -> inspect.Signature:
        """The measures as named parameters, which is where a KPI looks for them."""
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in self.measures])

    def __call__(self, **measures: Numbers) -> Parts:
        """Numerator and denominator from the measures by name."""
        lower = _total(self.denominator, measures) if self.denominator else None
        return Parts(_total(self.numerator, measures), lower)


def _total(terms: Sum, measures: Mapping[str, Numbers]) -> Numbers:
    """The terms added up, those that count positively first."""
    total: Numbers = None
    for name, times in sorted(terms, key=lambda term: term[1] < 0):
        value, size = measures[name], abs(times)
        if size != 1:
            value = value / float(size.denominator) if size.numerator == 1 and not _short(size) else float(size) * value
        if total is None:
            total = value if times > 0 else -1.0 * value
        else:
            total = total + value if times > 0 else total - value
    return total


def _short(size: Fraction) -> bool:
    """Whether it is written out in decimals: 0.5 and not a twelfth."""
    rest = size.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def parse(text: str, known: Mapping[str, Any]) -> Formula:
    """Read a formula.

    Args:
        text: names of measures, numbers, brackets, and + − × ÷ (also - * / and a decimal comma).
        known: the measures there are, by name.

    Raises:
        OwnProblem: what is written is no formula, names what there is not, or does not add up over accounts.
    """
    if len(text) > LONGEST:
        raise OwnProblem("too_long", most=LONGEST)
    reader = _Reader(text, known)
    if not reader.tokens:
        raise OwnProblem("empty")
    value = reader.whole()
    if value.plain:
        raise OwnProblem("only_numbers")
    if value.number:
        raise OwnProblem("number_added", number=_written(value.number))
    formula = Formula(_kept(value.terms), _kept(value.under or {}))
    if not formula.numerator:
        raise OwnProblem("cancels_out")
    if len(formula.measures) > MOST_MEASURES:
        raise OwnProblem("too_many", most=MOST_MEASURES)
    return formula


def _kept(terms: Mapping[str, Fraction]) -> Sum:
    return tuple((name, times) for name, times in terms.items() if times)


@dataclass(frozen=True)
class _Value:
    """(number + Σ times × measure) ÷ Σ times × measure; `under` None is over nothing."""

    number: Fraction
    terms: dict[str, Fraction]
    under: dict[str, Fraction] | None = None

    @property
    def plain(self) -> bool:
        """Whether it is a number alone."""
        return not self.terms and self.under is None

    def times(self, factor: Fraction) -> "_Value":
        """Each part of the upper side times a number."""
        return _Value(self.number * factor, {n: t * factor for n, t in self.terms.items()}, self.under)

    def over(self, under: dict[str, Fraction]) -> "_Value":
        """A number written over a sum: 1 as b ÷ b, so that it can be added to a ÷ b."""
        return _Value(Fraction(0), {n: t * self.number for n, t in under.items()}, under)

    def plus(self, other: "_Value") -> "_Value":
        """Both added."""
        if self.under != other.under:
            if self.plain and other.under is not None:
                return self.over(other.under).plus(other)
            if other.plain and self.under is not None:
                return self.plus(other.over(self.under))
            raise OwnProblem("ratios_added")
        names = dict.fromkeys((*self.terms, *other.terms))
        terms = {n: self.terms.get(n, Fraction(0)) + other.terms.get(n, Fraction(0)) for n in names}
        return _Value(self.number + other.number, terms, self.under)

    def multiplied(self, other: "_Value") -> "_Value":
        """Both multiplied, which only works with a number."""
        if self.plain:
            return other.times(self.number)
        if other.plain:
            return self.times(other.number)
        raise OwnProblem("measures_multiplied")

    def divided(self, other: "_Value") -> "_Value":
        """One over the other."""
        if other.plain:
            if not other.number:
                raise OwnProblem("divided_by_zero")
            return self.times(1 / other.number)
        if self.under is not None or other.under is not None:
            raise OwnProblem("divided_twice")
        for side in (self, other):
            if side.number:
                raise OwnProblem("number_added", number=_written(side.number))
        under = {n: t for n, t in other.terms.items() if t}
        if not under:
            raise OwnProblem("cancels_out")
        return _Value(Fraction(0), self.terms, under)


def _written(number: Fraction) -> str:
    return f"{float(number):g}"


class _Reader:
    """The tokens of a formula, read from left to right; × and ÷ before + and −."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        self.known = known
        self.tokens: list[tuple[str, str, int]] = []
        for found in _TOKEN.finditer(text.rstrip()):
            kind = str(found.lastgroup)
            word = found[kind]
            self.tokens.append((kind, _SIGNS.get(word, word) if kind == "sign" else word, found.start(kind) + 1))
        self.place = 0
        self.depth = 0

    def whole(self) -> _Value:
        """The whole formula."""
        value = self.sum()
        if self.place < len(self.tokens):
            self.unexpected()
        return value

    def sum(self) -> _Value:
        """Terms joined by + and −."""
        value = self.product()
        while self.taken("+", "-") and (sign := self.tokens[self.place - 1][1]):
            right = self.product()
            value = value.plus(right if sign == "+" else right.times(Fraction(-1)))
        return value

    def product(self) -> _Value:
        """Factors joined by × and ÷."""
        value = self.factor()
        while self.taken("*", "/") and (sign := self.tokens[self.place - 1][1]):
            right = self.factor()
            value = value.multiplied(right) if sign == "*" else value.divided(right)
        return value

    def factor(self) -> _Value:
        """A number, a measure, a bracket, or one of them with a minus."""
        factor = Fraction(1)
        while self.taken("-", "+"):
            factor = -factor if self.tokens[self.place - 1][1] == "-" else factor
        return self.atom().times(factor)

    def atom(self) -> _Value:
        """A number, a measure or a bracket."""
        if self.place >= len(self.tokens):
            raise OwnProblem("ends_early")
        kind, word, at = self.tokens[self.place]
        if kind == "sign" and word != "(":
            self.unexpected()
        self.place += 1
        if kind == "number":
            if _UNCLEAR.fullmatch(word):
                raise OwnProblem("number_unclear", number=word)
            return _Value(Fraction(word.replace(",", ".")), {})
        if kind == "name":
            if word not in self.known:
                hints = get_close_matches(word, list(self.known), n=3)
                raise OwnProblem("unknown_measure", name=word, hints=tuple(hints))
            return _Value(Fraction(0), {word: Fraction(1)})
        self.depth += 1
        if self.depth > DEEPEST:
            raise OwnProblem("too_deep", most=DEEPEST)
        value = self.sum()
        if not self.taken(")"):
            if self.place < len(self.tokens):
                self.unexpected()
            raise OwnProblem("bracket_open", at=at)
        self.depth -= 1
        return value

    def taken(self, *signs: str) -> bool:
        """Whether one of these signs comes next; then it is passed."""
        if self.place < len(self.tokens):
            kind, word, _ = self.tokens[self.place]
            if kind == "sign" and word in signs:
                self.place += 1
                return True
        return False

    def unexpected(self) -> None:
        """Say what stands where it cannot."""
        _, word, at = self.tokens[self.place]
        raise OwnProblem("unexpected", sign=word, at=at)
