"""Company series: does the indicator's monthly change come before the outcome's?

Both series are differenced once, winsorised, and freed of the months of the year and of the outcome's own
last two changes; what is left is correlated at every lag and held against permutations (Freedman–Lane).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kpis.evidence.permuting import Partial, partial_correlations
from kpis.evidence.preparing import (
    Floats,
    Series,
    design,
    differences,
    lagged,
    longest_stretch,
    off,
)
from kpis.evidence.result import Evidence, Lead, Remark, Tag, refused
from kpis.intervals import critical_value

DRAWS = 9_999
FEWEST_MONTHS = 24
ENOUGH_COVERAGE = 0.8
FEWEST_DISTINCT = 6
SIGNIFICANT = 0.05
REVERSE_LAGS = range(1, 4)

Names = tuple[str, str]  # indicator, outcome


@dataclass(frozen=True)
class _Pair:
    """Two series over the months both have, as differences."""

    names: Names
    start: int
    end: int
    leading: Floats
    lagging: Floats
    first_month: int

    @property
    def months(self) -> int:
        return self.end - self.start

    @property
    def lags(self) -> range:
        """0 … K with K = min(6, max(3, n // 8))."""
        return range(min(6, max(3, self.months // 8)) + 1)

    @property
    def skipped(self) -> int:
        """Differences at the start that only serve as lags: the same rows for all lags."""
        return self.lags[-1]


def series_evidence(
    pairs: Iterable[Names],
    series: Mapping[str, Series],
    first_month: int,
    allowed: frozenset[Names] = frozenset(),
    draws: int = DRAWS,
) -> dict[Names, Evidence]:
    """Test pairs of company series.

    Args:
        pairs: (indicator, outcome) keys.
        series: the series by key, all starting in the same month and equally long; NaN where missing.
        first_month: calendar month (1–12) of the first value.
        allowed: pairs that may stand although they share ingredients, because the declared map says why.
        draws: permutations per outcome.

    Returns:
        One `Evidence` per pair: grade still "no_sign", or "not_enough_data" with the reason when refused.
    """
    answers: dict[Names, Evidence] = {}
    sound: list[_Pair] = []
    for names in dict.fromkeys(pairs):
        refusal, pair = _pair(names, series, first_month, names in allowed)
        if pair is None:
            answers[names] = refused(*names, "series", refusal.id, **refusal.params)
        else:
            sound.append(pair)
    forward = _correlations(sound, draws, reverse=False)
    backward = _correlations(sound, draws, reverse=True)
    for pair in sound:
        answers[pair.names] = _evidence(pair, *forward[pair.names], backward[pair.names][0])
    return answers


def _pair(names: Names, series: Mapping[str, Series], first_month: int, allowed: bool) -> tuple[Remark, _Pair | None]:
    """The pair's differences, or why they cannot be tested."""
    x, y = series[names[0]], series[names[1]]
    if x.snapshot or y.snapshot:
        return Remark("snapshot"), None
    shared = sorted((x.ingredients | {x.key}) & (y.ingredients | {y.key}))
    if shared and not allowed:
        return Remark("shared_ingredients", {"shared": shared}), None
    for one in (x, y):
        if 0 < one.coverage < ENOUGH_COVERAGE:
            return Remark("too_many_gaps", {"series": one.key, "coverage": one.coverage}), None
    start, end = longest_stretch(~np.isnan(x.filled) & ~np.isnan(y.filled))
    if end - start < FEWEST_MONTHS:
        return Remark("few_months", {"n": end - start, "needed": FEWEST_MONTHS}), None
    for one in (x, y):
        if len(np.unique(one.filled[start:end])) < FEWEST_DISTINCT:
            return Remark("few_values", {"series": one.key, "needed": FEWEST_DISTINCT}), None
    leading, lagging = (differences(one.filled[start:end]) for one in (x, y))
    # A difference belongs to its second month: the first one to the month after `start`.
    return Remark(""), _Pair(names, start, end, leading, lagging, (first_month + start) % 12)


def _correlations(pairs: list[_Pair], draws: int, reverse: bool) -> dict[Names, tuple[Partial, Floats]]:
    """Partial correlations of all pairs, and the basis of the design they are free of.

    Pairs that share an outcome and its months are permuted together.
    """
    batches: dict[tuple[str, int, int], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        batches[pair.names[0 if reverse else 1], pair.start, pair.end].append(pair)
    found: dict[Names, tuple[Partial, Floats]] = {}
    for batch in batches.values():
        one = batch[0]
        explained = one.leading if reverse else one.lagging
        indicators = [
            lagged(pair.lagging, REVERSE_LAGS, pair.skipped)
            if reverse
            else lagged(pair.leading, pair.lags, pair.skipped)
            for pair in batch
        ]
        basis = design(explained, one.first_month, one.skipped)
        answers = partial_correlations(explained[one.skipped :], indicators, basis, draws)
        found |= {pair.names: (answer, basis) for pair, answer in zip(batch, answers, strict=True)}
    return found


def _evidence(pair: _Pair, forward: Partial, basis: Floats, backward: Partial) -> Evidence:
    rank, (fragile, seen) = basis.shape[1], forward.lines
    rows = len(pair.lagging) - pair.skipped
    best = int(np.argmax(np.abs(forward.r)))
    leads = tuple(_lead(lag, float(r), rows, rank) for lag, r in zip(pair.lags, forward.r, strict=True))
    back = tuple(_lead(lag, float(r), rows, rank) for lag, r in zip(REVERSE_LAGS, backward.r, strict=True))
    tag = _tag(best, forward, backward)
    without, named = _without_two(pair, best, basis)
    found = leads[best]
    return Evidence(
        *pair.names,
        level="series",
        tag=tag,
        lead_months=best if tag == "leads" else None,
        visible_from=_visible_from(best, forward) if tag == "leads" else None,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p=forward.p,
        n=pair.months,
        periods=pair.months,
        detectable=seen,
        by_lead=leads,
        warnings=(Remark("moves_together"),) if tag == "moves_together" else (),
        checks={"direction": tag == "leads", "drop_two": without >= fragile},
        reverse=back,
        reverse_p=backward.p,
        months_named=named,
    )


def _lead(lag: int, r: float, rows: int, rank: int) -> Lead:
    """A correlation with Fisher's interval; the design takes rank − 1 degrees besides the mean."""
    free = rows - (rank - 1) - 3
    inside = float(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    if free <= 0:
        return Lead(lag, r, n=rows)
    error = 1 / np.sqrt(free)
    low, high = np.tanh(np.arctanh(inside) + critical_value() * error * np.array([-1, 1]))
    return Lead(lag, r, float(error * (1 - r * r)), float(low), float(high), n=rows)


def _tag(best: int, forward: Partial, backward: Partial) -> Tag | None:
    """Which way it goes: only the larger side can lead, and nothing leads when the same month is strongest."""
    there, back = forward.p <= SIGNIFICANT, backward.p <= SIGNIFICANT
    stronger_back = np.abs(backward.r).max() >= np.abs(forward.r).max()
    if there and not stronger_back:
        return "leads" if best > 0 else "moves_together"
    if there and back:
        return "influence_each_other"
    return "reacts" if back else None


def _visible_from(best: int, forward: Partial) -> int:
    """The longest lag, contiguous to the best one, at which the same sign stands out by itself."""
    (_, line), sign = forward.lines, np.sign(forward.r[best])
    lag = best
    while lag + 1 < len(forward.r) and sign * forward.r[lag + 1] > line:
        lag += 1
    return lag


def _without_two(pair: _Pair, best: int, whole: Floats) -> tuple[float, tuple[int, ...]]:
    """r in its own direction without the two months that support it most, and those months."""
    skipped = pair.skipped
    columns = np.column_stack([pair.lagging[skipped:], lagged(pair.leading, range(best, best + 1), skipped)])
    left = off(whole, columns)
    support = left[:, 0] * left[:, 1]
    sign = 1.0 if support.sum() >= 0 else -1.0
    two = np.sort(np.argsort(-sign * support, kind="stable")[:2])
    basis, _ = np.linalg.qr(np.delete(whole, two, axis=0))
    y, x = off(basis, np.delete(columns, two, axis=0)).T
    size = np.linalg.norm(y) * np.linalg.norm(x)
    named = tuple(int(row) + skipped + 1 + pair.start for row in two)
    return (sign * float(y @ x) / float(size) if size > 0 else 0.0), named
