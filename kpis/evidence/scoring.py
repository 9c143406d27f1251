"""From one indicator to scores: how far those who had the event stood from comparable accounts, by horizon."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, stdtrit

from kpis.evidence.adjusting import Cells
from kpis.evidence.history import AccountMonths, Flags, Floats, Ints
from kpis.evidence.influence import above_half, auc_of, clustered_error, influence, widening
from kpis.evidence.ranking import place
from kpis.evidence.result import CONFIDENCE, Lead
from kpis.evidence.risksets import RiskSets, shuffled_cases

HORIZONS = range(1, 7)
FEWEST_EVENTS = 10  # distinct accounts with a known value, for a horizon to count
NORMAL_FROM = 30  # events per horizon from which the normal approximation serves
PERMUTATIONS = 999
NORMAL_DRAWS = 20_000

_BASELINE = range(2, 7)  # months before the month itself
_BASELINE_SEEN = 2
_DECIMALS = 9  # of standardised values: what differs less is a tie
_BANDS = 6
_NOTHING = 1e-9  # a spread of scores that is 0 but for rounding


class Comparison:
    """What all indicators of one outcome share: the risk sets and the codes of their rows."""

    def __init__(self, history: AccountMonths, sets: RiskSets) -> None:
        self.history, self.sets = history, sets
        shape = history.at_risk.shape
        month = np.broadcast_to(np.arange(shape[1]), shape)
        sizes = (history.segments, _BANDS, shape[1])
        self.everywhere = Cells((history.segment.ravel(), history.band.ravel(), month.ravel()), sizes)
        self.rows = np.nonzero(sets.present)
        self.account: Ints = sets.account[self.rows]
        self.at: Ints = sets.month[self.rows[0]]
        codes = (history.segment[self.account, self.at], history.band[self.account, self.at], self.rows[0])
        self.compared = Cells(codes, (history.segments, _BANDS, max(len(sets.month), 1)))

    @cached_property
    def shuffled(self) -> tuple[Ints, Ints]:
        """Cases under chance (draws × cases) and where each account's begin; the same for every indicator."""
        return shuffled_cases(self.sets, PERMUTATIONS)

    @cached_property
    def normal(self) -> Floats:
        """Independent normal draws, the same for every indicator; draws × horizons."""
        return self.sets.random().standard_normal((NORMAL_DRAWS, len(HORIZONS)))

    def known(self, grid: Floats, within: int) -> Flags:
        """Whether each row's indicator is known at all so many months before or later; lines × rows."""
        return np.asarray((~np.isnan(self.gather(grid, HORIZONS[:within]))).any(axis=0))

    def gather(self, grid: Floats, horizons: range = HORIZONS) -> Floats:
        """The indicator of each row at each horizon; NaN for padding and before the data."""
        values = np.full((len(horizons), *self.sets.account.shape), np.nan)
        for place_, horizon in enumerate(horizons):
            there = self.at >= horizon
            lines, rows = self.rows[0][there], self.rows[1][there]
            values[place_, lines, rows] = grid[self.account[there], self.at[there] - horizon]
        return values

    def residual(self, grid: Floats) -> Floats | None:
        """The indicator in standard deviations, without month, segment and tenure band; None when it is constant."""
        used = ~np.isnan(grid) & self.history.at_risk
        if not used.any():
            return None
        spread = float(grid[used].std())
        if not spread > 1e-12 * float(np.abs(grid[used]).max()):
            return None
        scaled = (grid - grid[used].mean()) / spread
        effects = self.everywhere.effects(np.where(used, scaled, 0.0).ravel(), used.ravel())
        left: Floats = np.round(scaled - effects.reshape(grid.shape), _DECIMALS) + 0.0
        return left


def change_from_baseline(grid: Floats) -> Floats:
    """Each value minus the account's own mean of months t−6 … t−2; NaN with fewer than two of them known."""
    known = ~np.isnan(grid)
    total = np.zeros_like(grid)
    count = np.zeros(grid.shape, dtype=np.int8)
    for back in _BASELINE:
        if back < grid.shape[1]:
            total[:, back:] += np.where(known, grid, 0.0)[:, :-back]
            count[:, back:] += known[:, :-back]
    change: Floats = np.where(count >= _BASELINE_SEEN, grid - total / np.maximum(count, 1), np.nan)
    return change


@dataclass(frozen=True)
class Scores:
    """Scores of one indicator at all horizons.

    Attributes:
        auc: AUC by horizon, NaN without cases.
        error: its standard error, clustered by account.
        z: score ÷ its standard error under no link; 0 where the horizon does not count.
        counts: distinct accounts with the event and a known value.
        cases: events with a known value.
        usable: which horizons count.
        largest: sorted max |z| over usable horizons under chance.
        unit: AUC − ½ that goes with z = 1.
        placements: for each horizon the place of every case among the others (0–1), NaN where unknown; cases in
            the order of lines.
    """

    auc: Floats
    error: Floats
    z: Floats
    counts: Ints
    cases: Ints
    usable: Flags
    largest: Floats
    unit: Floats
    placements: Floats

    @property
    def best(self) -> int:
        """Position of the horizon that stands out most."""
        return int(np.argmax(np.abs(self.z)))

    @property
    def p(self) -> float:
        """Chance of a max |z| at least this large; NaN when no horizon counts."""
        if not self.usable.any():
            return float("nan")
        above = len(self.largest) - np.searchsorted(self.largest, np.abs(self.z).max() - 1e-9)
        return float((1 + above) / (1 + len(self.largest)))

    @property
    def line(self) -> float:
        """|z| that chance stays under with probability 0.95 over all horizons together."""
        return float(np.quantile(self.largest, 0.95)) if len(self.largest) else float("nan")

    @property
    def detectable(self) -> float:
        """Smallest AUC above ½ that would have stood out at the best known horizon."""
        if not self.usable.any():
            return float("nan")
        return float(min(1.0, 0.5 + self.line * self.unit[self.usable].min()))

    def leads(self) -> tuple[Lead, ...]:
        """Strength by horizon, with logit intervals."""
        return tuple(self._lead(place_, horizon) for place_, horizon in enumerate(HORIZONS))

    def _lead(self, place_: int, horizon: int) -> Lead:
        n, auc, error = int(self.counts[place_]), float(self.auc[place_]), float(self.error[place_])
        if n < 2 or not np.isfinite(auc):
            return Lead(horizon, auc, n=n)
        low, high = interval(auc, error, n)
        z = float(self.z[place_]) if self.usable[place_] else float("nan")
        return Lead(horizon, auc, error, low, high, z, n)


def interval(auc: float, error: float, n: int) -> tuple[float, float]:
    """95 % interval of an AUC on the logit scale, with Student's quantile for n accounts."""
    inside = min(max(auc, 0.5 / n), 1 - 0.5 / n)
    least = max(error, 0.5 / n**1.5) if auc in (0.0, 1.0) else error
    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * least / (inside * (1 - inside))
    return float(expit(logit(inside) - half)), float(expit(logit(inside) + half))


def scores(comparison: Comparison, residual: Floats) -> Scores:
    """Score one (residualised) indicator against the risk sets of an outcome."""
    sets = comparison.sets
    values = comparison.gather(residual)
    placed = place(values, sets.case)
    centred = _centred(comparison, placed.percentile)
    widen = widening(placed)
    above = above_half(placed) + widen[..., None] * (centred - np.nan_to_num(placed.percentile))
    case = sets.case & ~np.isnan(placed.percentile)
    cases = case.sum(axis=(1, 2))
    auc = auc_of(above, case)
    shares = influence(placed, above, case, auc, sets.account, len(comparison.history.accounts))
    counts = np.array([len(np.unique(sets.account[one])) for one in case], dtype=np.int64)
    covariance = _null_covariance(comparison, centred, case)
    spread = np.sqrt(np.diag(covariance))
    usable = (counts >= FEWEST_EVENTS) & (spread > _NOTHING)
    score = np.where(case, centred, 0.0).sum(axis=(1, 2))
    safe = np.where(usable, spread, 1.0)
    mean_widening = np.where(case, widen[..., None], 0.0).sum(axis=(1, 2)) / np.maximum(cases, 1)
    return Scores(
        auc=auc,
        error=clustered_error(shares, counts),
        z=np.where(usable, score / safe, 0.0),
        counts=counts,
        cases=cases,
        usable=usable,
        largest=_largest_by_chance(comparison, centred, covariance, usable, cases),
        unit=safe * mean_widening / np.maximum(cases, 1),
        placements=np.where(case, 0.5 + above, np.nan)[:, sets.case],
    )


def _centred(comparison: Comparison, percentile: Floats) -> Floats:
    """Percentiles without what a month's segments and tenure bands have in common; 0 where unknown.

    Values with many ties (nothing overdue) keep a trace of the segment in their ranks, which would pass
    for a link wherever segments also differ in how often the event happens.
    """
    centred = np.zeros_like(percentile)
    lines, rows = comparison.rows
    for place_ in range(len(percentile)):
        known = percentile[place_, lines, rows]
        used = ~np.isnan(known)
        flat = np.where(used, known, 0.0)
        effects = comparison.compared.effects(flat, used)
        centred[place_, lines, rows] = np.where(used, flat - effects, 0.0)
    return centred


def _null_covariance(comparison: Comparison, centred: Floats, case: Flags) -> Floats:
    """Covariance of the scores over horizons when nothing links indicator and outcome.

    Products of each account's total over its events: the events of an account are not independent, and
    neither segments nor months need to spread equally.
    """
    sets = comparison.sets
    size = len(comparison.history.accounts)
    owners = sets.account[sets.case]
    own = np.where(case, centred, 0.0)[:, sets.case]
    totals = np.stack([np.bincount(owners, one, size) for one in own])
    return np.asarray(totals @ totals.T)


def _largest_by_chance(
    comparison: Comparison, centred: Floats, covariance: Floats, usable: Flags, cases: Ints
) -> Floats:
    """Sorted max |z| over the usable horizons: permuted with few events, else normal."""
    chosen = np.flatnonzero(usable)
    if not len(chosen):
        return np.empty(0)
    if cases[chosen].min() < NORMAL_FROM:
        positions, starts = comparison.shuffled
        flat = centred.reshape(len(centred), -1)
        drawn = np.add.reduceat(flat[chosen][:, positions], starts, axis=2)
        spread = np.sqrt(np.square(drawn).sum(axis=2))
        return np.sort(np.abs(drawn.sum(axis=2) / np.where(spread > _NOTHING, spread, np.inf)).max(axis=0))
    spread = np.sqrt(np.diag(covariance)[chosen])
    values, vectors = np.linalg.eigh(covariance[np.ix_(chosen, chosen)] / np.outer(spread, spread))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.sort(np.abs(comparison.normal[:, : len(chosen)] @ root.T).max(axis=1))
