"""How sure: q-values by family, grades as declared in the design, and the better of two kinds of evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kpis.evidence.result import GRADES, Evidence, Family, Grade, Level, Remark

Declared = Mapping[tuple[str, str], int]  # (indicator, outcome) → expected sign between the two KPIs, 0 for none

# What was done to a pair of the declared map while the data could be looked at: ids of remarks.
ADDED, TURNED, REMOVED = "added_after_looking", "turned_after_looking", "removed_after_looking"
Changed = Mapping[tuple[str, str], Remark]  # (indicator, outcome) → one of these

WEAK_P = 0.05
_LEVELS: tuple[Level, ...] = ("account", "series")
_NOTHING_CHANGED: Changed = {}


def q_values(p: ArrayLike) -> NDArray[np.float64]:
    """Benjamini–Hochberg: the smallest false discovery rate at which each p would count; NaN stays NaN."""
    given = np.asarray(p, dtype=float)
    q = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    raw = given[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q


def grade(found: Iterable[Evidence], declared: Declared, changed: Changed = _NOTHING_CHANGED) -> list[Evidence]:
    """Put family, q and grade on results, in their order.

    Declared and exploratory pairs, accounts and series, are four families of their own, so that trying more
    indicators never changes what is said about the declared ones. Exploratory pairs are never above weak.

    Changing the map once the data could be looked at gains nothing. A pair added then, or with its expected sign
    turned, is never above weak; an added one counts among the declared ones as if nothing had been found, so that
    picking what is known to hold cannot help the others, and a removed one goes on counting as it did.

    Args:
        found: results without grades.
        declared: the pairs on the map.
        changed: those that were added, turned or removed while these data could be looked at.
    """
    results = [replace(one, family=_family(one, declared)) for one in found]
    names = [(one.leading, one.lagging) for one in results]
    done = [changed[name].id if name in changed else "" for name in names]
    q = np.full(len(results), np.nan)
    for level in _LEVELS:
        here = [place for place, one in enumerate(results) if one.level == level]
        family = [place for place in here if names[place] in declared or done[place] == REMOVED]
        rest = [place for place in here if names[place] not in declared or done[place] == ADDED]
        p = np.array([results[place].p for place in family])
        helpless = np.array([done[place] == ADDED for place in family], dtype=bool)
        q[family] = q_values(np.where(helpless & ~np.isnan(p), 1.0, p))
        q[rest] = q_values([results[place].p for place in rest])
    return [_graded(replace(one, q=float(value)), declared, changed) for one, value in zip(results, q, strict=True)]


def _family(one: Evidence, declared: Declared) -> Family:
    return "declared" if (one.leading, one.lagging) in declared else "exploratory"


def _graded(one: Evidence, declared: Declared, changed: Changed) -> Evidence:
    if one.refusal is not None:
        return replace(one, grade="not_enough_data")
    name = (one.leading, one.lagging)
    if name in changed and name in declared:
        one = replace(one, warnings=(*one.warnings, changed[name]))
    given = _account_grade(one) if one.level == "account" else _series_grade(one)
    if given not in ("strong", "likely") or one.family == "exploratory" or name in changed:
        given = "weak" if one.p <= WEAK_P else "no_sign"
    if given == "no_sign":
        tag = one.tag if one.tag == "reacts" else None
        return replace(one, grade=given, tag=tag, lead_months=None, visible_from=None)
    expected = declared.get(name, 0)
    if expected and one.link_sign == -expected:
        return replace(one, grade=given, warnings=(*one.warnings, Remark("unexpected_sign")))
    return replace(one, grade=given)


def _account_grade(one: Evidence) -> Grade:
    size = abs(one.effect)
    if not one.checks.get("no_leak", False):
        return "no_sign"
    strong = one.n >= 50 and one.q <= 0.05 and size >= 0.10 and (one.low > 0.55 or one.high < 0.45)
    if strong and one.checks.get("recent_same_sign", False):
        return "strong"
    likely = one.n >= 20 and one.q <= 0.10 and size >= 0.08 and not one.low <= 0.5 <= one.high
    return "likely" if likely else "no_sign"


def _series_grade(one: Evidence) -> Grade:
    if not (one.q <= 0.05 and one.checks.get("direction", False) and one.checks.get("drop_two", False)):
        return "no_sign"
    if one.n >= 48 and abs(one.estimate) >= 0.4:
        return "strong"
    return "likely" if one.n >= 36 else "no_sign"


@dataclass(frozen=True)
class Verdict:
    """What is shown for a pair.

    Attributes:
        shown: the better graded evidence; accounts go before series when equal.
        other: the rest, if any.
        conflict: how the two disagree: "opposite_signs", "series_does_not_lead" or None.
    """

    shown: Evidence
    other: Evidence | None = None
    conflict: Remark | None = None


def verdict(account: Evidence | None, series: Evidence | None) -> Verdict:
    """Choose between the two kinds of evidence about one pair, and say where they disagree.

    Raises:
        ValueError: when there is neither.
    """
    both: Sequence[Evidence] = [one for one in (account, series) if one is not None]
    if not both:
        raise ValueError("A verdict needs evidence from accounts or from series.")
    if account is None or series is None:
        return Verdict(both[0])
    shown, other = (account, series) if _rank(account) >= _rank(series) else (series, account)
    return Verdict(shown, other, _conflict(account, series))


def _rank(one: Evidence) -> int:
    return GRADES.index(one.grade)


def _conflict(account: Evidence, series: Evidence) -> Remark | None:
    weak = GRADES.index("weak")
    if min(_rank(account), _rank(series)) >= weak and account.link_sign == -series.link_sign:
        return Remark("opposite_signs")
    if _rank(account) > weak and series.tag in ("moves_together", "reacts"):
        return Remark("series_does_not_lead", {"tag": series.tag})
    return None
