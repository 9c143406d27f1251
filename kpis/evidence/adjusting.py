"""Taking out what a month, a segment and a tenure band have in common."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.history import Floats, Ints

PASSES = 6


class Cells:
    """The combinations of some codes, in which values are averaged.

    Args:
        codes: one array of codes from 0 per factor, all of one length.
        sizes: number of codes of each factor.
    """

    def __init__(self, codes: tuple[Ints, ...], sizes: tuple[int, ...]) -> None:
        self.sizes = sizes
        self.cell: Ints = np.ravel_multi_index(codes, sizes)
        self.count = int(np.prod(sizes))

    @cached_property
    def rows(self) -> Ints:
        """Rows in each cell."""
        return np.bincount(self.cell, minlength=self.count)

    def effects(self, values: Floats, used: NDArray[np.bool_]) -> Floats:
        """The additive effect of the factors for every row, by alternating passes.

        Args:
            values: one number per used row.
            used: rows that the effects are estimated from.

        The last factor is taken out last: within each of its codes the mean of `values − effects` is 0.
        """
        where = self.cell[used]
        weights: Floats = np.bincount(where, minlength=self.count).astype(np.float64)
        sums: Floats = np.bincount(where, values, self.count).astype(np.float64)
        by_row: Floats = additive(sums.reshape(self.sizes), weights.reshape(self.sizes)).take(self.cell)
        return by_row


def additive(sums: Floats, weights: Floats, factors: int | None = None) -> Floats:
    """The additive effect of the factors in every cell, by alternating passes.

    Args:
        sums: total of the values in each cell, … × one axis per factor.
        weights: number of values in each cell.
        factors: how many of the last axes are factors; those before them are problems of their own. None: all.
    """
    axes = range(-(factors or sums.ndim), 0)
    rest = [tuple(other for other in axes if other != axis) for axis in axes]
    totals = [weights.sum(axis=others, keepdims=True) for others in rest]
    shares = [np.where(total > 0, 1.0, 0.0) / np.maximum(total, 1.0) for total in totals]
    effect, left = np.zeros_like(sums), sums
    for _ in range(PASSES):
        for others, share in zip(rest, shares, strict=True):
            effect = effect + left.sum(axis=others, keepdims=True) * share
            left = sums - weights * effect
    return effect
