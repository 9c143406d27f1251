"""Where the rows of risk sets stand at every horizon, by counting.

The values of an indicator were put in order within their month beforehand (`ranking.dense`), so that one count of the
rows at each value ranks all months at once.
"""

from dataclasses import dataclass

import numpy as np

from kpis.evidence.adjusting import additive
from kpis.evidence.comparing import HORIZONS, Comparison
from kpis.evidence.history import Flags, Floats, Ints
from kpis.evidence.ranking import FEWEST_COMPARATORS, Coded

_CASE = 32  # the bits from here on count cases, those below count rows
_ROWS = (1 << _CASE) - 1


@dataclass(frozen=True)
class Lines:
    """What the lines (months with events) have in common; all arrays are horizons × lines.

    Attributes:
        total: rows whose indicator is known.
        cases: those of them that had the event.
        below: twice the rows of all months before this one.
        cases_below: twice the cases of all months before this one.
    """

    total: Floats
    cases: Floats
    below: Floats
    cases_below: Floats

    @property
    def enough(self) -> Flags:
        """Whether there is a case, and enough others to compare it with."""
        return (self.cases > 0) & (self.total - self.cases >= FEWEST_COMPARATORS)

    @property
    def others(self) -> Floats:
        """Known rows without the event, at least 1."""
        return np.maximum(self.total - self.cases, 1.0)

    @property
    def widening(self) -> Floats:
        """What turns a percentile among all rows of a line into one among the others; 0 without enough of them."""
        return np.where(self.enough, self.total / self.others, 0.0)


@dataclass(frozen=True)
class Standings:
    """Where those who had the event stood, at every horizon.

    Attributes:
        known: cases whose indicator is known in a line with enough others; horizons × cases.
        centred: percentile − ½ without what a month's segments and tenure bands have in common; 0 where unknown.
        above: share of the other rows of its line that a case stands above, minus ½, adjusted alike; 0 where unknown.
        auc: chance that a case stands above another row of its line, by horizon; NaN without cases.
        shares: what each account adds to the AUC; horizons × accounts.
        widening: mean over the cases of what turns a percentile among all into one among the others; by horizon.
    """

    known: Flags
    centred: Floats
    above: Floats
    auc: Floats
    shares: Floats
    widening: Floats
    _comparison: Comparison
    _ranks: list[Ints]
    _lines: Lines
    _effects: Floats

    def everybody(self, place: int) -> Floats:
        """`centred` of all rows at one horizon."""
        line, rank = self._comparison.line, self._ranks[place] & _ROWS
        lines, known = self._lines, (rank > 0) & self._lines.enough[place].take(line)
        percentile = _percentile(rank, lines.below[place].take(line), lines.total[place].take(line))
        return np.where(known, percentile - self._effects[place].take(self._comparison.compared.cell), 0.0)


def standings(comparison: Comparison, coded: Coded) -> Standings:
    """Rank the rows of every line at every horizon.

    Values with many ties (nothing overdue) keep a trace of the segment in their ranks, which would pass
    for a link wherever segments also differ in how often the event happens: hence the second adjustment.
    """
    ranks, lines = _ranked(comparison, coded)
    effects, unknown = _effects(comparison, ranks, lines)
    line, cell = comparison.line[comparison.cases], comparison.compared.cell[comparison.cases]
    rank = np.stack([one.take(comparison.cases) for one in ranks])
    known = (rank > 0) & lines.enough[:, line]
    below, cases_below = (rank & _ROWS) - lines.below[:, line], (rank >> _CASE) - lines.cases_below[:, line]
    place = np.where(known, (below - cases_below) / (2 * lines.others[:, line]) - 0.5, 0.0)
    effect = np.where(known, effects[:, cell], 0.0)
    centred = np.where(known, _percentile(below, 0.0, lines.total[:, line]) - effect, 0.0)
    above = place - lines.widening[:, line] * effect
    count = np.maximum(known.sum(axis=1), 1)
    auc = np.where(known.any(axis=1), np.clip(0.5 + above.sum(axis=1) / count, 0.0, 1.0), np.nan)
    own = np.where(known, above - (auc - 0.5)[:, None], 0.0) / count[:, None]
    shares = _shares(comparison, ranks, lines, unknown, np.where(known, 0.5 + place, 0.0), own, count)
    widening = np.where(known, lines.widening[:, line], 0.0).sum(axis=1) / count
    return Standings(known, centred, above, auc, shares, widening, comparison, ranks, lines, effects)


def _percentile(rank: Floats | Ints, before: Floats | float, total: Floats) -> Floats:
    """From twice the rows below to (mid-rank − ½) ÷ n − ½."""
    found: Floats = (rank - before) / (2 * np.maximum(total, 1.0)) - 0.5
    return found


def _ranked(comparison: Comparison, coded: Coded) -> tuple[list[Ints], Lines]:
    """For each horizon and row twice the rows, and twice the cases, of a smaller value, ties counting half.

    Both counts are held in one number, and run on from month to month; 0 where the indicator is unknown.
    """
    ranks, starts, ends = [], [], []
    for horizon in HORIZONS:
        cell = coded.before(horizon).take(comparison.spot)
        count = np.bincount(cell, minlength=coded.size)
        np.add.at(count, cell.take(comparison.cases), 1 << _CASE)
        count[0] = 0  # unknown
        running = np.cumsum(count)
        first = coded.first_before(horizon)
        starts.append(running[first.take(comparison.sets.month) - 1])
        ends.append(running[first.take(comparison.sets.month + 1) - 1])
        running *= 2
        running -= count
        ranks.append(running.take(cell))
    begun, ended = np.stack(starts), np.stack(ends)
    known = ended - begun
    below = 2 * (begun & _ROWS), 2 * (begun >> _CASE)
    return ranks, Lines(*(part.astype(float) for part in (known & _ROWS, known >> _CASE, *below)))


def _effects(comparison: Comparison, ranks: list[Ints], lines: Lines) -> tuple[Floats, list[Ints]]:
    """What month, segment and tenure band have in common, horizons × cells; and the rows that are unknown."""
    cells = comparison.compared
    shape = (len(HORIZONS), *cells.sizes)
    unknown = [np.flatnonzero(rank == 0) for rank in ranks]
    sums = np.stack([np.bincount(cells.cell, rank & _ROWS, cells.count) for rank in ranks]).reshape(shape)
    missing = np.stack([np.bincount(cells.cell.take(rows), minlength=cells.count) for rows in unknown])
    weights = (cells.rows - missing).reshape(shape) * lines.enough[:, None, None].astype(float)
    below, total = lines.below[:, None, None], np.maximum(lines.total, 1.0)[:, None, None]
    percentiles = np.where(weights > 0, (sums - weights * below) / (2 * total) - weights / 2, 0.0)
    return additive(percentiles, weights, len(cells.sizes)).reshape(len(HORIZONS), -1), unknown


def _shares(
    comparison: Comparison,
    ranks: list[Ints],
    lines: Lines,
    unknown: list[Ints],
    stood: Floats,
    own: Floats,
    count: Ints,
) -> Floats:
    """What each account adds to each AUC, as one compared with and as one that had the event.

    Args:
        stood: place of each case among the others of its line, 0 where unknown; horizons × cases.
        own: what each case adds; horizons × cases.
        count: known cases by horizon, at least 1.
    """
    line, accounts = comparison.line[comparison.cases], len(comparison.history.accounts)
    by_line = np.stack([np.bincount(line, one, lines.total.shape[1]) for one in stood])
    each = np.where(lines.enough, 1 / (lines.others * count[:, None]), 0.0)
    most, each = (lines.cases - by_line + lines.cases_below / 2) * each, each / 2
    found = []
    for place, rank in enumerate(ranks):
        adds = rank >> _CASE
        adds = most[place].take(comparison.line) - adds * each[place].take(comparison.line)
        adds[unknown[place]] = 0.0
        adds[comparison.cases] = own[place]
        found.append(np.bincount(comparison.account, adds, accounts))
    return np.stack(found)
