"""From one indicator to scores: how far those who had the event stood from comparable accounts, by horizon."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, stdtrit

from kpis.evidence.adjusting import Factors
from kpis.evidence.comparing import BANDS, HORIZONS, Comparison
from kpis.evidence.history import AccountMonths, Flags, Floats, Ints
from kpis.evidence.influence import clustered_error
from kpis.evidence.placing import Standings, standings
from kpis.evidence.ranking import Coded, dense
from kpis.evidence.result import CONFIDENCE, Lead

FEWEST_EVENTS = 10  # distinct accounts with a known value, for a horizon to count
NORMAL_FROM = 30  # events per horizon from which the normal approximation serves

_BASELINE = range(2, 7)  # months before the month itself
_BASELINE_SEEN = 2
_LATELY = 3  # months
_DECIMALS = 9  # of standardised values: what differs less is a tie
_NOTHING = 1e-9  # a spread of scores that is 0 but for rounding


class Indicated:
    """One indicator over all accounts and months, prepared once for every outcome it is held against."""

    def __init__(self, history: AccountMonths, everywhere: Factors, grid: Floats) -> None:
        self.history, self.everywhere, self.grid = history, everywhere, grid

    @cached_property
    def known(self) -> Flags:
        """Where there is a value; accounts × months."""
        return ~np.isnan(self.grid)

    @cached_property
    def once(self) -> bool:
        """Whether values are known in one month only, or no account has two: today's, without a history."""
        known = self.known
        return bool(known.any() and (known.any(axis=0).sum() < 2 or known.sum(axis=1).max() < 2))

    @cached_property
    def lately(self) -> Flags:
        """Whether there is a value at all in the three months before; months × accounts, made flat."""
        known, found = self.known.T, np.zeros(self.known.T.shape, dtype=bool)
        for back in range(1, _LATELY + 1):
            found[back:] |= known[:-back]
        return found.ravel()

    @cached_property
    def level(self) -> Coded | None:
        """The residual as it is, coded for ranking; None when it is constant."""
        return self._coded(self.grid)

    @cached_property
    def change(self) -> Coded | None:
        """The residual of the change from the account's own baseline; None when it is constant."""
        return self._coded(change_from_baseline(self.grid))

    def _coded(self, grid: Floats) -> Coded | None:
        left = residual(self.history, self.everywhere, grid)
        return None if left is None else dense(left)


def everywhere(history: AccountMonths) -> Factors:
    """Segment, tenure band, point of their terms and month of all accounts and months."""
    shape = history.at_risk.shape
    codes = (history.segment, history.band, history.turn, np.broadcast_to(np.arange(shape[1]), shape))
    return Factors(tuple(code.ravel() for code in codes), (history.segments, BANDS, history.turns, shape[1]))


def residual(history: AccountMonths, factors: Factors, grid: Floats) -> Floats | None:
    """The indicator in standard deviations, without what accounts have in common; None when it is constant."""
    used = ~np.isnan(grid) & history.at_risk
    values = grid[used]
    if not values.size:
        return None
    middle, spread = values.mean(), float(values.std())
    if not spread > 1e-12 * float(np.abs(values).max()):
        return None
    effects = factors.effects((values - middle) / spread, used.ravel())
    left: Floats = np.round((grid - middle) / spread - effects.reshape(grid.shape), _DECIMALS) + 0.0
    return left


def change_from_baseline(grid: Floats) -> Floats:
    """Each value minus the account's own mean of months t−6 … t−2; NaN with fewer than two of them known."""
    known = ~np.isnan(grid)
    filled, total = np.where(known, grid, 0.0), np.zeros_like(grid)
    count = np.zeros(grid.shape, dtype=np.int8)
    for back in _BASELINE:
        if back < grid.shape[1]:
            total[:, back:] += filled[:, :-back]
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


def scores(comparison: Comparison, coded: Coded) -> Scores:
    """Score one (residualised) indicator against the risk sets of an outcome."""
    found = standings(comparison, coded)
    owner, owners = comparison.owner, int(comparison.owner.max(initial=-1)) + 1
    counts = np.array([np.count_nonzero(np.bincount(owner[one], minlength=owners)) for one in found.known])
    cases = found.known.sum(axis=1)
    totals = np.stack([np.bincount(owner, one, owners) for one in found.centred])
    covariance = np.asarray(totals @ totals.T)  # products of each account's total: its events are not independent
    spread = np.sqrt(np.diag(covariance))
    usable = (counts >= FEWEST_EVENTS) & (spread > _NOTHING)
    few = bool(usable.any()) and int(cases[usable].min()) < NORMAL_FROM
    if not few:  # where hardly any case has anything, their own spread is too small to be divided by
        spread = np.maximum(spread, found.chance)
    safe = np.where(usable, spread, 1.0)
    return Scores(
        auc=found.auc,
        error=clustered_error(found.shares, counts),
        z=np.where(usable, found.centred.sum(axis=1) / safe, 0.0),
        counts=counts,
        cases=cases,
        usable=usable,
        largest=_largest_by_chance(comparison, found, covariance, usable, few),
        unit=safe * found.widening / np.maximum(cases, 1),
        placements=np.where(found.known, 0.5 + found.above, np.nan),
    )


def _largest_by_chance(
    comparison: Comparison, found: Standings, covariance: Floats, usable: Flags, few: bool
) -> Floats:
    """Sorted max |z| over the usable horizons: permuted with few events, else normal."""
    chosen = np.flatnonzero(usable)
    if not len(chosen):
        return np.empty(0)
    if few:
        batches, starts = comparison.shuffled
        everybody = [found.everybody(int(place)) for place in chosen]
        return np.sort(np.concatenate([_largest_shuffled(everybody, rows, starts) for rows in batches]))
    spread = np.sqrt(np.diag(covariance)[chosen])
    values, vectors = np.linalg.eigh(covariance[np.ix_(chosen, chosen)] / np.outer(spread, spread))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.sort(np.abs(root @ comparison.normal[:, : len(chosen)]).max(axis=1).ravel())


def _largest_shuffled(everybody: list[Floats], rows: Ints, starts: Ints) -> Floats:
    """Max |z| over the horizons for each draw; `rows` are cases × draws, `starts` where each account's begin."""
    largest = np.zeros(rows.shape[1])
    for centred in everybody:
        drawn = centred.take(rows)
        if len(starts) < len(rows):
            drawn = np.add.reduceat(drawn, starts, axis=0)
        spread = np.sqrt(np.square(drawn).sum(axis=0))
        np.maximum(largest, np.abs(drawn.sum(axis=0)) / np.where(spread > _NOTHING, spread, np.inf), out=largest)
    return largest
