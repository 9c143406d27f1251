"""Where the rows of risk sets stand at every horizon, by counting.

The values of an indicator were put in order within their month beforehand (`ranking.dense`), so that one count of the
rows at each value ranks all months at once.
"""

from dataclasses import dataclass

import numpy as np

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
        chance: spread of the sum of `centred` over the cases if any others of their lines had had the event instead.
    """

    known: Flags
    centred: Floats
    above: Floats
    auc: Floats
    shares: Floats
    widening: Floats
    chance: Floats
    _comparison: Comparison
    _ranks: list[Ints]
    _lines: Lines
    _effects: list[Floats]

    def everybody(self, place: int) -> Floats:
        """`centred` of all rows at one horizon."""
        line, rank = self._comparison.line, self._ranks[place]
        known = (rank > 0) & self._lines.enough[place].take(line)
        percentile = _percentile(rank & _ROWS, self._lines.below[place].take(line), self._lines.total[place].take(line))
        return np.where(known, percentile - self._effects[place].take(self._comparison.compared[place].cell), 0.0)


def standings(comparison: Comparison, coded: Coded) -> Standings:
    """Rank the rows of every line at every horizon.

    Values with many ties (nothing overdue) keep a trace of the segment in their ranks, which would pass
    for a link wherever segments also differ in how often the event happens: hence the second adjustment.
    """
    ranks, lines = _ranked(comparison, coded)
    effects, chance, unknown = _effects(comparison, ranks, lines)
    line = comparison.line[comparison.cases]
    rank = np.stack([one.take(comparison.cases) for one in ranks])
    known = (rank > 0) & lines.enough[:, line]
    below, cases_below = (rank & _ROWS) - lines.below[:, line], (rank >> _CASE) - lines.cases_below[:, line]
    place = np.where(known, (below - cases_below) / (2 * lines.others[:, line]) - 0.5, 0.0)
    added = [
        effect.take(one.cell.take(comparison.cases)) for effect, one in zip(effects, comparison.compared, strict=True)
    ]
    effect = np.where(known, np.stack(added), 0.0)
    centred = np.where(known, _percentile(below, 0.0, lines.total[:, line]) - effect, 0.0)
    above = place - lines.widening[:, line] * effect
    count = np.maximum(known.sum(axis=1), 1)
    auc = np.where(known.any(axis=1), np.clip(0.5 + above.sum(axis=1) / count, 0.0, 1.0), np.nan)
    own = np.where(known, above - (auc - 0.5)[:, None], 0.0) / count[:, None]
    shares = _shares(comparison, ranks, lines, unknown, np.where(known, 0.5 + place, 0.0), own, count)
    widening = np.where(known, lines.widening[:, line], 0.0).sum(axis=1) / count
    return Standings(known, centred, above, auc, shares, widening, chance, comparison, ranks, lines, effects)


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


def _effects(comparison: Comparison, ranks: list[Ints], lines: Lines) -> tuple[list[Floats], Floats, list[Ints]]:
    """What the factors add by cell; the spread of a sum over cases drawn by chance; the unknown rows."""
    effects, chance, unknown = [], [], []
    starts = np.searchsorted(comparison.line, np.arange(lines.total.shape[1]))
    for place, (rank, factors) in enumerate(zip(ranks, comparison.compared, strict=True)):
        missing, half = np.flatnonzero(rank == 0), 0.5 / np.maximum(lines.total[place], 1.0)
        there = factors.rows - np.bincount(factors.cell.take(missing), minlength=factors.count)
        weights = there.reshape(-1, factors.last) * lines.enough[place].astype(float)
        below, shift = (rank & _ROWS).astype(float), lines.below[place]  # of all months; `shift` of those before
        sums = np.bincount(factors.cell, below, factors.count).reshape(weights.shape) - weights * shift
        squares = np.add.reduceat(np.square(below), starts) - shift * (
            2 * sums.sum(axis=0) + lines.total[place] * shift
        )
        sums = np.where(weights > 0, sums * half - weights / 2, 0.0)
        effect = factors.by_cell(sums, weights).reshape(weights.shape)
        squares = squares * half**2 - (sums + weights / 4).sum(axis=0)
        squares += (weights * np.square(effect) - 2 * sums * effect).sum(axis=0)
        drawn = np.where(lines.enough[place], lines.cases[place] * squares * 2 * half, 0.0)
        effects.append(effect.ravel())
        chance.append(np.sqrt(np.maximum(drawn, 0.0).sum()))
        unknown.append(missing)
    return effects, np.array(chance), unknown


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
