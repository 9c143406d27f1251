"""From one indicator to scores: how far those who had the event stood from comparable accounts, by horizon."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, stdtrit

from kpis.evidence.adjusting import Cells
from kpis.evidence.history import AccountMonths, Flags, Floats, Ints
from kpis.evidence.influence import clustered_error
from kpis.evidence.ranking import FEWEST_COMPARATORS, dense
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
Coded = Ints  # accounts × months: order of the value within its month from 0, equal for ties; −1 where missing
_NOTHING = 1e-9  # a spread of scores that is 0 but for rounding


class Indicated:
    """One indicator over all accounts and months, prepared once for every outcome it is held against."""

    def __init__(self, history: AccountMonths, everywhere: Cells, grid: Floats) -> None:
        self.history, self.everywhere, self.grid = history, everywhere, grid

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


def everywhere(history: AccountMonths) -> Cells:
    """The combinations of segment, tenure band and month of all accounts and months."""
    shape = history.at_risk.shape
    month = np.broadcast_to(np.arange(shape[1]), shape)
    return Cells((history.segment.ravel(), history.band.ravel(), month.ravel()), (history.segments, _BANDS, shape[1]))


def residual(history: AccountMonths, cells: Cells, grid: Floats) -> Floats | None:
    """The indicator in standard deviations, without month, segment and tenure band; None when it is constant."""
    used = ~np.isnan(grid) & history.at_risk
    if not used.any():
        return None
    spread = float(grid[used].std())
    if not spread > 1e-12 * float(np.abs(grid[used]).max()):
        return None
    scaled = (grid - grid[used].mean()) / spread
    effects = cells.effects(np.where(used, scaled, 0.0).ravel(), used.ravel())
    left: Floats = np.round(scaled - effects.reshape(grid.shape), _DECIMALS) + 0.0
    return left


class Comparison:
    """What all indicators of one outcome share: the risk sets and the codes of their rows (padding left out)."""

    def __init__(self, history: AccountMonths, sets: RiskSets) -> None:
        self.history, self.sets = history, sets
        self.rows = np.nonzero(sets.present)
        self.line: Ints = self.rows[0]
        self.account: Ints = sets.account[self.rows]
        self.case: Flags = sets.case[self.rows]
        self.at: Ints = sets.month[self.line]
        self.cases: Ints = np.flatnonzero(self.case)
        self.spot: Ints = self.account * history.months + self.at  # of the row in accounts × months, made flat
        codes = (history.segment[self.account, self.at], history.band[self.account, self.at], self.line)
        self.compared = Cells(codes, (history.segments, _BANDS, max(len(sets.month), 1)))

    @cached_property
    def shuffled(self) -> tuple[Ints, Ints]:
        """Cases under chance as rows (draws × cases) and where each account's begin; the same for every indicator."""
        positions, starts = shuffled_cases(self.sets, PERMUTATIONS)
        row = np.zeros(self.sets.account.size, dtype=np.int64)
        row[np.flatnonzero(self.sets.present.ravel())] = np.arange(len(self.line))
        return row[positions], starts

    @cached_property
    def normal(self) -> Floats:
        """Independent normal draws, the same for every indicator; horizons × draws."""
        return np.ascontiguousarray(self.sets.random().standard_normal((NORMAL_DRAWS, len(HORIZONS))).T)

    def known(self, grid: Floats, within: int) -> Flags:
        """Whether each row's indicator is known at all so many months before; one flag per row."""
        there = ~np.isnan(grid)
        found = np.zeros(len(self.line), dtype=bool)
        for horizon in HORIZONS[:within]:
            inside = self.at >= horizon
            found[inside] |= there[self.account[inside], self.at[inside] - horizon]
        return found

    def gather(self, grid: Floats, horizons: range = HORIZONS) -> Floats:
        """The indicator of each row at each horizon, horizons × lines × rows; NaN for padding and before the data."""
        values = np.full((len(horizons), *self.sets.account.shape), np.nan)
        for place_, horizon in enumerate(horizons):
            there = self.at >= horizon
            lines, rows = self.rows[0][there], self.rows[1][there]
            values[place_, lines, rows] = grid[self.account[there], self.at[there] - horizon]
        return values


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


def scores(comparison: Comparison, coded: Coded) -> Scores:
    """Score one (residualised) indicator against the risk sets of an outcome."""
    standings = [_standing(comparison, coded, horizon) for horizon in HORIZONS]
    case, account = comparison.case, comparison.account
    owners, size = account[case], len(comparison.history.accounts)
    counts = np.array([len(np.unique(owners[one.known[case]])) for one in standings], dtype=np.int64)
    cases = np.array([int(one.known[case].sum()) for one in standings], dtype=np.int64)
    own = np.stack([one.centred[case] for one in standings])  # 0 where unknown
    totals = np.stack([np.bincount(owners, one, size) for one in own])
    covariance = np.asarray(totals @ totals.T)  # products of each account's total: its events are not independent
    spread = np.sqrt(np.diag(covariance))
    usable = (counts >= FEWEST_EVENTS) & (spread > _NOTHING)
    safe = np.where(usable, spread, 1.0)
    return Scores(
        auc=np.array([one.auc for one in standings]),
        error=clustered_error(np.stack([one.shares for one in standings]), counts),
        z=np.where(usable, own.sum(axis=1) / safe, 0.0),
        counts=counts,
        cases=cases,
        usable=usable,
        largest=_largest_by_chance(comparison, standings, covariance, usable, cases),
        unit=safe * np.array([one.widening for one in standings]) / np.maximum(cases, 1),
        placements=np.stack([np.where(one.known[case], 0.5 + one.above[case], np.nan) for one in standings]),
    )


@dataclass(frozen=True)
class _Standing:
    """Where the rows stood at one horizon.

    Attributes:
        known: rows whose indicator is known in a line with enough others.
        centred: percentile − ½ without what a month's segments and tenure bands have in common; 0 where unknown.
        above: share of the other rows of its line that a row stands above, minus ½, adjusted alike; 0 where unknown.
        auc: chance that a case stands above another row of its line; NaN without cases.
        shares: what each account adds to the AUC.
        widening: mean over the cases of what turns a percentile among all into one among the others.
    """

    known: Flags
    centred: Floats
    above: Floats
    auc: float
    shares: Floats
    widening: float


def _standing(comparison: Comparison, coded: Coded, horizon: int) -> _Standing:
    """Rank the rows of every line by counting: values were put in order within their month beforehand.

    Values with many ties (nothing overdue) keep a trace of the segment in their ranks, which would pass
    for a link wherever segments also differ in how often the event happens: hence the second adjustment.
    """
    line, case, account = comparison.line, comparison.case, comparison.account
    lines, width = len(comparison.sets.month), int(coded.max(initial=-1)) + 1
    nowhere = lines * width  # the cell of rows whose indicator is unknown
    code = np.where(comparison.at >= horizon, coded.ravel().take(comparison.spot - horizon, mode="clip"), -1)
    cell = np.where(code >= 0, comparison.line * width + code, nowhere)
    count = np.bincount(cell, minlength=nowhere + 1)[:nowhere].reshape(lines, width)
    cases_at = cell[comparison.cases]
    count_case = np.bincount(cases_at, minlength=nowhere + 1)[:nowhere].reshape(lines, width)
    total, total_case = count.sum(axis=1).astype(float), count_case.sum(axis=1).astype(float)
    others = total - total_case
    enough = (total_case > 0) & (others >= FEWEST_COMPARATORS)
    known = (code >= 0) & enough.take(line)
    # Twice the rows, and twice the cases, with a smaller value in the line, ties counting half.
    below, cases_below = _twice_below(count).take(cell), _twice_below(count_case).take(cell)
    theirs = np.maximum(others, 1.0).take(line)
    percentile = np.where(known, below / (2 * np.maximum(total, 1.0).take(line)) - 0.5, 0.0)
    place = np.where(known, (below - cases_below) / (2 * theirs) - 0.5, 0.0)

    centred = np.where(known, percentile - comparison.compared.effects(percentile, known), 0.0)
    widening = np.where(enough, total / np.maximum(others, 1.0), 0.0)
    above = place + widening.take(line) * (centred - percentile)
    mine = comparison.cases[known[comparison.cases]]
    n, lines_mine = len(mine), line[mine]
    auc = float(np.clip(0.5 + above[mine].sum() / n, 0.0, 1.0)) if n else float("nan")
    by_line = np.bincount(lines_mine, 0.5 + place[mine], lines)
    own = np.where(known & ~case, ((total_case - by_line).take(line) - cases_below / 2) / theirs, 0.0)
    own[mine] = above[mine] - (auc - 0.5)
    shares = np.asarray(np.bincount(account, own / max(n, 1), len(comparison.history.accounts)), dtype=float)
    return _Standing(known, centred, above, auc, shares, float(widening[lines_mine].sum() / max(n, 1)))


def _twice_below(count: Ints) -> Ints:
    """Of each value twice how many lie below it in its line, ties counting half; lines × values, flat, and a 0."""
    flat = np.zeros(count.size + 1, dtype=np.int64)
    total = flat[:-1].reshape(count.shape)
    np.cumsum(count, axis=1, out=total)
    total *= 2
    total -= count
    return flat


def _largest_by_chance(
    comparison: Comparison, standings: list[_Standing], covariance: Floats, usable: Flags, cases: Ints
) -> Floats:
    """Sorted max |z| over the usable horizons: permuted with few events, else normal."""
    chosen = np.flatnonzero(usable)
    if not len(chosen):
        return np.empty(0)
    if cases[chosen].min() < NORMAL_FROM:
        positions, starts = comparison.shuffled
        largest = np.zeros(len(positions))
        for place_ in chosen:
            drawn = np.add.reduceat(standings[place_].centred[positions], starts, axis=1)
            spread = np.sqrt(np.square(drawn).sum(axis=1))
            drawn_z = np.abs(drawn.sum(axis=1)) / np.where(spread > _NOTHING, spread, np.inf)
            np.maximum(largest, drawn_z, out=largest)
        return np.sort(largest)
    spread = np.sqrt(np.diag(covariance)[chosen])
    values, vectors = np.linalg.eigh(covariance[np.ix_(chosen, chosen)] / np.outer(spread, spread))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.sort(np.abs(root @ comparison.normal[: len(chosen)]).max(axis=0))
