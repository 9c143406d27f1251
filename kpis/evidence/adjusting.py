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
        self.cell: Ints = np.ravel_multi_index(codes, sizes)
        self.count = int(np.prod(sizes))
        self.last = max(sizes[-1], 1)
        groups = np.unravel_index(np.arange(self.count // self.last), sizes[:-1])
        each = [np.arange(size) == code[:, None] for code, size in zip(groups, sizes[:-1], strict=True)]
        # Of the factors but the last, part by part: larger products are shared among threads that wait for each other.
        self._codes: Floats = np.concatenate(each, axis=1).astype(float).reshape(sizes[0], -1, sum(sizes[:-1]))

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
        parts = (len(self._codes), -1, self.last)
        total, counted, turned = sums.reshape(parts), weights.reshape(parts), self._codes.transpose(0, 2, 1)
        across = (turned @ counted).sum(axis=0)
        within = (turned * counted.sum(axis=2)[:, None] @ self._codes).sum(axis=0)
        last = np.diag(counted.sum(axis=(0, 1)))
        together = np.block([[within, across], [across.T, last]])
        together += _RIDGE * max(float(together.max(initial=0.0)), 1.0) * np.eye(len(together))
        sides = (turned @ total.sum(axis=2)[:, :, None]).sum(axis=(0, 2)), total.sum(axis=(0, 1))
        found = np.linalg.solve(together, np.concatenate(sides))
        by_cell: Floats = (self._codes @ found[: -self.last])[:, :, None] + found[-self.last :]
        return by_cell.ravel()
