"""KPIs of a company's own: what is kept of one, what is wrong with one, and the KPI it makes."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar, get_args

from kpis.kpi import OBJECTIVES, Direction, Kpi, Role, Unit
from kpis.own_formula import LONGEST, Formula, OwnProblem, Sum, parse

PREFIX = "own_"
MOST = 100
LONGEST_NAME, LONGEST_SAYS = 60, 200
SHARE = "share"  # a ratio whose upper part is part of the lower one, counted in whole cases: it has an interval
UNITS = (SHARE, "ratio", "count", "money", "points", "times", "seconds", "days", "months")
ROLES: tuple[Role, ...] = ("leading", "lagging", "neither")
DIRECTIONS: tuple[Direction, ...] = ("up", "down", "neither")
_NO_DIMENSION = ("ratio", SHARE, "times", "count", "points", "days", "months")
_T = TypeVar("_T", bound=str)
_KEY = re.compile(r"own_[a-z0-9_]{1,60}")
# Words and little else: nothing that Markdown, HTML, a template or a spreadsheet could take for its own.
_NOT_PLAIN = re.compile(r"[^\w %&'’(),./+°ºª·–—-]|_")
_DOT_INSIDE = re.compile(r"\.(?=[^\W\d_])")
_NOT_FIRST = re.compile(r"^[^\w%]+")


@dataclass(frozen=True)
class Ingredient:
    """What a formula needs to know of a measure.

    Attributes:
        unit: money, count, seconds, points, days …; "" when anything is possible.
        company: whether no account has a part in it.
        by_week: whether it exists by week.
        mature: whether young periods are not final yet.
    """

    unit: str = ""
    company: bool = False
    by_week: bool = True
    mature: bool = False


Ingredients = Mapping[str, Ingredient]


@dataclass(frozen=True)
class Definition:
    """A KPI of a company's own, as it is kept.

    Attributes:
        key: "own_…", given once and kept when it is renamed, so that links, targets and labels stay.
        name: plain words.
        objective: its home.
        role: leading, lagging or neither there.
        unit: one of `UNITS`.
        direction: which way is good.
        formula: as it was written.
        says: one sentence that says what it is; may be empty.
    """

    key: str
    name: str
    objective: str
    role: str
    unit: str
    direction: str
    formula: str
    says: str = ""

    def record(self) -> dict[str, str]:
        """The definition as it is stored."""
        return asdict(self)


def read(stored: Any) -> tuple[Definition, ...]:
    """The definitions that a workspace has stored; what is not a definition is left out, names are made plain."""
    names = [field.name for field in fields(Definition)]
    found: dict[str, Definition] = {}
    for record in stored if isinstance(stored, list) else []:
        told = record if isinstance(record, dict) else {}
        one = Definition(*(str(told.get(name, "")) for name in names))
        sound = _KEY.fullmatch(one.key) and one.objective in OBJECTIVES and one.role in ROLES
        if sound and one.unit in UNITS and one.direction in DIRECTIONS and len(one.formula) <= LONGEST:
            name = plain(one.name, LONGEST_NAME) or one.key.replace("_", " ")
            found[one.key] = replace(one, name=name, says=plain(one.says, LONGEST_SAYS))
    return tuple(found.values())[:MOST]


def plain(text: str, most: int) -> str:
    """Text as plain words: what could be taken for markup, an address or a formula becomes a blank."""
    kept = _DOT_INSIDE.sub(" ", _NOT_PLAIN.sub(" ", unicodedata.normalize("NFC", text)))
    return " ".join(_NOT_FIRST.sub("", " ".join(kept.split())).split())[:most].strip()


def key_for(name: str, taken: Iterable[str]) -> str:
    """A key for a new KPI: its name in plain letters, with a number where that was ever taken."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = PREFIX + (re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:40].strip("_") or "kpi")
    used, number, key = set(taken), 2, stem
    while key in used:
        key, number = f"{stem}_{number}", number + 1
    return key


def problems(one: Definition, ingredients: Ingredients, others: Iterable[str]) -> tuple[OwnProblem, ...]:
    """All that is in the way of a definition, at once; `others` are the names of other KPIs."""
    found: list[OwnProblem] = []
    if not one.name.strip():
        found.append(OwnProblem("no_name"))
    elif plain(one.name, LONGEST_NAME) != " ".join(one.name.split()):
        found.append(OwnProblem("name_not_plain", instead=plain(one.name, LONGEST_NAME)))
    elif one.name.strip().casefold() in {other.casefold() for other in others}:
        found.append(OwnProblem("name_taken", name=one.name.strip()))
    if plain(one.says, LONGEST_SAYS) != " ".join(one.says.split()):
        found.append(OwnProblem("says_not_plain"))
    try:
        formula = parse(one.formula, ingredients)
        _check_units(formula, one.unit, ingredients)
    except OwnProblem as problem:
        found.append(problem)
    return tuple(found)


def _check_units(formula: Formula, unit: str, ingredients: Ingredients) -> None:
    """What is added is of one kind, and the unit chosen is one the formula can have."""
    upper, lower = _unit(formula.numerator, ingredients), _unit(formula.denominator, ingredients)
    possible = units(formula, ingredients)
    if unit == SHARE and not formula.denominator:
        raise OwnProblem("share_of_nothing")
    if unit == SHARE and any(kind not in ("", "count") for kind in (upper, lower)):
        raise OwnProblem("share_of_amounts")
    if unit not in possible:
        raise OwnProblem("unit_differs", unit=unit, possible=possible)


def units(formula: Formula, ingredients: Ingredients) -> tuple[str, ...]:
    """The units a formula's value can have, the likeliest first.

    Raises:
        OwnProblem: it adds what is of different kinds.
    """
    upper, lower = _unit(formula.numerator, ingredients), _unit(formula.denominator, ingredients)
    if not upper or (formula.denominator and not lower):
        first = ("ratio",) if formula.denominator else ("count",)
        return tuple(dict.fromkeys((*first, *(u for u in UNITS if formula.denominator or u != SHARE))))
    if formula.denominator and upper == lower:
        return _NO_DIMENSION
    if formula.denominator and lower != "count":
        return ("times", "ratio", "points", "count")
    return {"count": ("count",), "days": ("days", "count")}.get(upper, (upper,))


def _unit(terms: Sum, ingredients: Ingredients) -> str:
    """The one unit of what is added; "" when anything is possible."""
    kinds = list(dict.fromkeys(ingredients[name].unit for name, _ in terms if ingredients[name].unit))
    if len(kinds) > 1:
        names = [next(name for name, _ in terms if ingredients[name].unit == kind) for kind in kinds[:2]]
        raise OwnProblem("units_mixed", first=names[0], second=names[1])
    return kinds[0] if kinds else ""


def kpi(one: Definition, ingredients: Ingredients) -> Kpi:
    """The KPI of a definition.

    Raises:
        OwnProblem: its formula cannot stand.
    """
    formula = parse(one.formula, ingredients)
    used = [ingredients[name] for name in formula.measures]
    return Kpi(
        one.key,
        _one_of(one.objective, OBJECTIVES),
        _one_of(one.role, ROLES),
        "ratio" if one.unit == SHARE else _one_of(one.unit, get_args(Unit)),
        _one_of(one.direction, DIRECTIONS),
        formula,
        interval="wilson" if one.unit == SHARE and formula.denominator else None,
        company_only=any(each.company for each in used),
        by_week=all(each.by_week for each in used),
        mature="solve_mature" if any(each.mature for each in used) else "",
    )


def _one_of(value: str, allowed: tuple[_T, ...]) -> _T:
    return next(one for one in allowed if one == value)
