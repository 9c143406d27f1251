"""Accounts: did those that later had the event already stand out, months before, among comparable accounts?

Every event is compared with the accounts at risk in the same calendar month, so that a trend, a season or a
shock that all accounts share cannot pass for a warning.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kpis.evidence.comparing import BANDS, HORIZONS, Comparison
from kpis.evidence.history import AccountMonths, Flags, Outcome
from kpis.evidence.result import Evidence, Remark, Tag, refused
from kpis.evidence.risksets import RiskSets, risk_sets
from kpis.evidence.scoring import FEWEST_EVENTS, Indicated, Scores, everywhere, scores

FEWEST_EVENT_MONTHS = 3
SIGNIFICANT = 0.05
WIDEST_P = 0.10  # the largest p a grade can rest on; `grades` takes the tag off where there is none
CLIFF = 0.25  # oriented AUC − ½ this large …
CLIFF_WITHIN = 3  # … this few months before …
CLIFF_LEFT = 0.30  # … with at most this part of it one month earlier: already leaving
HALF_COVERAGE = 0.5  # departed accounts with less than this part of the history others have are refused


@dataclass(frozen=True)
class Indicator:
    """Something known about accounts month by month.

    Attributes:
        key: KPI or custom metric.
        values: one value per tidy row of the history, NaN when missing (never 0 for missing).
        ingredients: measures and KPIs it is made of.
        snapshot: True when only today's value is known, repeated or not.
    """

    key: str
    values: ArrayLike
    ingredients: frozenset[str] = frozenset()
    snapshot: bool = False


def account_evidence(history: AccountMonths, outcome: Outcome, indicators: Iterable[Indicator]) -> dict[str, Evidence]:
    """Test every indicator against one outcome.

    Args:
        history: accounts by month, without the running month.
        outcome: the events, each in the month of its decision.
        indicators: values per tidy row of the history.

    Returns:
        One `Evidence` per indicator key: grade still "no_sign", or "not_enough_data" with the reason when refused.
    """
    return {one.leading: one for one in evidence_map(history, [outcome], indicators)}


def evidence_map(
    history: AccountMonths,
    outcomes: Iterable[Outcome],
    indicators: Iterable[Indicator],
    progress: Callable[[int], None] = lambda done: None,
) -> list[Evidence]:
    """Test every indicator against every outcome; each indicator is prepared once.

    Args:
        history: accounts by month, without the running month.
        outcomes: the events, each in the month of its decision.
        indicators: values per tidy row of the history.
        progress: told after each indicator how many are done.
    """
    held = [(outcome, Comparison(history, risk_sets(history, outcome))) for outcome in outcomes]
    factors = everywhere(history)
    found: list[Evidence] = []
    for done, one in enumerate(indicators, 1):
        values = Indicated(history, factors, history.matrix(one.values))
        found += [_one(comparison, outcome, one, values) for outcome, comparison in held]
        progress(done)
    return found


def _one(comparison: Comparison, outcome: Outcome, indicator: Indicator, values: Indicated) -> Evidence:
    names, sets = (indicator.key, outcome.key), comparison.sets
    shared = sorted((indicator.ingredients | {indicator.key}) & (outcome.ingredients | {outcome.key}))
    if shared:
        return refused(*names, "account", "built_from_outcome", shared=shared)
    distinct, months = int(sets.events.any(axis=1).sum()), int(sets.events.any(axis=0).sum())
    if indicator.snapshot or values.once:
        return refused(*names, "account", "snapshot")
    if distinct < FEWEST_EVENTS or months < FEWEST_EVENT_MONTHS:
        return refused(*names, "account", "few_events", n=distinct, months=months, needed=FEWEST_EVENTS)
    if not values.known.any():
        return refused(*names, "account", "no_values")
    if values.level is None:
        return refused(*names, "account", "constant")
    missing = _less_history(comparison, values.lately)
    if missing is not None:
        return refused(*names, "account", missing.id, **missing.params)
    level = scores(comparison, values.level)
    if not level.usable.any():
        n = int(level.counts.max(initial=0))
        return refused(*names, "account", "few_events_with_values", n=n, needed=FEWEST_EVENTS)
    if _event_months(sets, level, level.best) < FEWEST_EVENT_MONTHS:
        n = int(level.counts[level.best])
        return refused(*names, "account", "few_event_months", n=n, needed=FEWEST_EVENT_MONTHS)
    return _evidence(comparison, outcome, indicator.key, values, level)


def _evidence(comparison: Comparison, outcome: Outcome, key: str, values: Indicated, level: Scores) -> Evidence:
    sets, best = comparison.sets, level.best
    there = level.p <= WIDEST_P  # the change only tells what kind of link it is: without one it is not looked at
    change = scores(comparison, values.change) if there and values.change is not None else None
    testable = change is not None and bool(change.usable.any())
    edge = there and _cliff(level)
    tag = _tag(level, change, leaving=edge and outcome.leaving) if there else None
    leads = level.leads()
    found = leads[best]
    warnings = _warnings(sets, outcome)
    if there and not testable:
        warnings = (*warnings, Remark("no_baseline"))
    return Evidence(
        key,
        outcome.key,
        level="account",
        tag=tag,
        lead_months=HORIZONS[best] if there else None,
        visible_from=_visible_from(level) if there else None,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p=level.p,
        n=found.n,
        periods=_event_months(sets, level, best),
        detectable=level.detectable,
        by_lead=leads,
        warnings=warnings,
        checks={
            "recent_same_sign": _recent_same_sign(level),
            "no_leak": tag != "already_leaving",
            "no_sharp_edge": not edge,
        },
        change=change.leads() if change is not None else (),
        change_p=change.p if change is not None else float("nan"),
        tenths=_tenths(level),
        outcome_sign=outcome.kpi_sign,
    )


def _tag(level: Scores, change: Scores | None, leaving: bool) -> Tag | None:
    """Leaving already, warned by a change, or always different; None when the change could not be looked at.

    A sharp edge means leaving only where the event is a departure: an account that comes to its seat limit two
    months before it buys more seats is warned of, not given away (the edge stays in the checks).
    """
    if leaving:
        return "already_leaving"
    if change is None or not change.usable.any():
        return None
    same_way = np.sign(change.z[change.best]) == np.sign(level.z[level.best])
    return "early_warning" if change.p <= SIGNIFICANT and same_way else "risk_profile"


def _cliff(level: Scores) -> bool:
    """Whether a strong link close to the event is nearly gone one month earlier."""
    sign = np.sign(level.z[level.best])
    oriented = sign * (level.auc - 0.5)
    return any(
        level.usable[near]
        and level.usable[near + 1]
        and oriented[near] >= CLIFF
        and oriented[near + 1] <= CLIFF_LEFT * oriented[near]
        for near in range(CLIFF_WITHIN)
    )


def _visible_from(level: Scores) -> int:
    """The most months before, contiguous to the strongest, at which the same sign stands out."""
    sign, place = np.sign(level.z[level.best]), level.best
    while place + 1 < len(HORIZONS) and level.usable[place + 1] and sign * level.z[place + 1] > level.line:
        place += 1
    return HORIZONS[place]


def _event_months(sets: RiskSets, level: Scores, place: int) -> int:
    """Distinct months with an event whose indicator is known."""
    return len(np.unique(np.nonzero(sets.case)[0][~np.isnan(level.placements[place])]))


def _recent_same_sign(level: Scores) -> bool:
    """Whether the latest third of events alone points the same way."""
    placed = level.placements[level.best]
    placed = placed[~np.isnan(placed)]
    latest = placed[-max(len(placed) // 3, 1) :]
    return bool(np.sign(latest.mean() - 0.5) == np.sign(level.auc[level.best] - 0.5))


def _tenths(level: Scores) -> tuple[int, ...]:
    """Events in each tenth of comparable accounts at the strongest horizon, lowest values first."""
    placed = level.placements[level.best]
    tenth = np.clip((placed[~np.isnan(placed)] * 10).astype(int), 0, 9)
    return tuple(int(count) for count in np.bincount(tenth, minlength=10))


def _less_history(comparison: Comparison, lately: Flags) -> Remark | None:
    """Whether accounts with the event were deleted from the indicator's history, or have much less of it.

    Compared with accounts of the same month and tenure band, one to three months before.

    Args:
        lately: whether the indicator is known in these months; months × accounts, made flat.
    """
    (cases, aged), (others, others_aged) = comparison.after_first
    size = BANDS * len(comparison.sets.month)
    count = np.bincount(others_aged, minlength=size)
    share = np.bincount(others_aged, lately.take(others), size) / np.maximum(count, 1)
    expected, actual = float(share[aged].sum()), float(lately.take(cases).sum())
    if expected < FEWEST_EVENTS / 2 or actual >= HALF_COVERAGE * expected:
        return None
    return Remark("departed_deleted" if actual == 0 else "shorter_history", {"coverage": actual / expected})


def _warnings(sets: RiskSets, outcome: Outcome) -> tuple[Remark, ...]:
    found = []
    if sets.capped:
        found.append(Remark("part_of_events", {"n": int(sets.case.sum()), "of": int(sets.events.sum())}))
    if sets.merged:
        found.append(Remark("events_merged", {"n": sets.merged}))
    sources = np.asarray(outcome.sources, dtype=str)
    by_end = int(np.sum(sources != "notice"))
    if len(sources) and 2 * by_end > len(sources):
        found.append(Remark("no_notice_dates", {"n": by_end, "of": len(sources)}))
    return tuple(found)
