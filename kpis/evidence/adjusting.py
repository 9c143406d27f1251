"""Taking out what a month, a segment, a tenure band and a point of their terms have in common."""

from functools import cached_property

import numpy as np

from kpis.evidence.history import Flags, Floats, Ints

_RIDGE = 1e-10  # of the largest count: settles what the factors cannot tell apart, and no more


class Factors:
    """The codes of some factors by row, whose additive effects are taken out of values by least squares.

    Rows with the same codes of all factors form a cell.

    Args:
        codes: one array of codes from 0 per factor, all of one length.
        sizes: number of codes of each factor.
    """

    def __init__(self, codes: tuple[Ints, ...], sizes: tuple[int, ...]) -> None:
        *before, self.last = sizes
        group = np.ravel_multi_index(codes[:-1], before)
        there = np.bincount(group, minlength=int(np.prod(before))) > 0
        self.cell: Ints = (np.cumsum(there) - 1).take(group) * self.last + codes[-1]
        self.count = int(there.sum()) * self.last
        each = np.unravel_index(np.flatnonzero(there), before)
        known = [np.arange(size) == code[:, None] for code, size in zip(each, before, strict=True)]
        self._codes: Floats = np.concatenate(known, axis=1).astype(float)  # of the groups that there are

    @cached_property
    def rows(self) -> Ints:
        """Rows in each cell."""
        return np.bincount(self.cell, minlength=self.count)

    def effects(self, values: Floats, used: Flags) -> Floats:
        """The additive effect of the factors for every row.

        Args:
            values: one number per used row.
            used: rows that the effects are estimated from.
        """
        where = self.cell[used]
        sums: Floats = np.bincount(where, values, self.count).astype(np.float64)
        weights: Floats = np.bincount(where, minlength=self.count).astype(np.float64)
        return self.by_cell(sums, weights).take(self.cell)

    def by_cell(self, sums: Floats, weights: Floats) -> Floats:
        """The additive effect of the factors in every cell.

        Args:
            sums: total of the values of each cell.
            weights: rows in each cell that the values are of.
        """
        total, counted, turned = sums.reshape(-1, self.last), weights.reshape(-1, self.last), self._codes.T
        across = turned @ counted
        within = (turned * counted.sum(axis=1)) @ self._codes
        together = np.block([[within, across], [across.T, np.diag(counted.sum(axis=0))]])
        together += _RIDGE * max(float(together.max(initial=0.0)), 1.0) * np.eye(len(together))
        found = np.linalg.solve(together, np.concatenate([turned @ total.sum(axis=1), total.sum(axis=0)]))
        by_cell: Floats = (self._codes @ found[: len(turned)])[:, None] + found[len(turned) :]
        return by_cell.ravel()
