"""The rows of an outcome's risk sets, as every indicator that is held against it needs them."""

from functools import cached_property

import numpy as np

from kpis.evidence.adjusting import Factors
from kpis.evidence.history import TENURE_STARTS, AccountMonths, Flags, Floats, Ints
from kpis.evidence.risksets import RiskSets, shuffled_cases

HORIZONS = range(1, 7)
PERMUTATIONS = 999
NORMAL_DRAWS = 20_000
BANDS = len(TENURE_STARTS) + 1  # 0 stands for an unknown tenure

_SHUFFLED_BATCHES = 27
_AT_A_TIME = 1_000  # draws multiplied in one go: larger products are shared among threads that wait for each other


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
        self.owner: Ints = np.unique(self.account[self.cases], return_inverse=True)[1]  # of each case, from 0
        self.spot: Ints = self.at * len(history.accounts) + self.account  # of the row in months × accounts, made flat
        self.compared = [self._compared(horizon) for horizon in HORIZONS]

    def _compared(self, horizon: int) -> Factors:
        """What the rows are compared within when they are looked at so many months before.

        Segment, band and turn are those of the month looked at: what they add to the indicator there decides the
        order of the many accounts that otherwise have the same value (nothing overdue).
        """
        spot = (self.account, np.maximum(self.at - horizon, 0))
        codes = (self.history.segment[spot], self.history.band[spot], self.history.turn[spot], self.line)
        return Factors(codes, (self.history.segments, BANDS, self.history.turns, max(len(self.sets.month), 1)))

    @cached_property
    def after_first(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """Of the rows after the first month, those with the event and the others: spot, and month with tenure band."""
        aged, there = BANDS * self.line + self.history.band[self.account, self.at], self.at >= 1
        with_event, others = there & self.case, there & ~self.case
        return (self.spot[with_event], aged[with_event]), (self.spot[others], aged[others])

    @cached_property
    def shuffled(self) -> tuple[list[Ints], Ints]:
        """Cases under chance as rows and where each account's begin; the same for every indicator.

        The rows are cases × draws, in batches of draws that a processor can hold.
        """
        positions, starts = shuffled_cases(self.sets, PERMUTATIONS)
        row = np.zeros(self.sets.account.size, dtype=np.int64)
        row[np.flatnonzero(self.sets.present.ravel())] = np.arange(len(self.line))
        return [row[part] for part in np.array_split(positions, _SHUFFLED_BATCHES, axis=1)], starts

    @cached_property
    def normal(self) -> Floats:
        """Independent normal draws, the same for every indicator; batches × horizons × draws."""
        draws = self.sets.random().standard_normal((NORMAL_DRAWS, len(HORIZONS)))
        return np.ascontiguousarray(draws.reshape(-1, _AT_A_TIME, len(HORIZONS)).transpose(0, 2, 1))

    def gather(self, grid: Floats, horizons: range = HORIZONS) -> Floats:
        """The indicator of each row at each horizon, horizons × lines × rows; NaN for padding and before the data."""
        values = np.full((len(horizons), *self.sets.account.shape), np.nan)
        for place_, horizon in enumerate(horizons):
            there = self.at >= horizon
            lines, rows = self.rows[0][there], self.rows[1][there]
            values[place_, lines, rows] = grid[self.account[there], self.at[there] - horizon]
        return values
