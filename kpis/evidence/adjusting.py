"""Taking out what a month, a segment and a tenure band have in common."""

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
        self.cell = np.ravel_multi_index(codes, sizes)

    def effects(self, values: Floats, used: NDArray[np.bool_]) -> Floats:
        """The additive effect of the factors for every row, by alternating passes.

        Args:
            values: one number per row.
            used: rows that the effects are estimated from; their values must be known.

        The last factor is taken out last: within each of its codes the mean of `values − effects` is 0.
        """
        count = int(np.prod(self.sizes))
        weights = np.bincount(self.cell[used], minlength=count).reshape(self.sizes).astype(float)
        sums = np.bincount(self.cell[used], weights=values[used], minlength=count).reshape(self.sizes)
        effect = np.zeros(self.sizes)
        axes = range(len(self.sizes))
        rest = [tuple(other for other in axes if other != axis) for axis in axes]
        totals = [weights.sum(axis=others, keepdims=True) for others in rest]
        for _ in range(PASSES):
            for axis in axes:
                left = (sums - weights * effect).sum(axis=rest[axis], keepdims=True)
                effect = effect + np.where(totals[axis] > 0, left / np.maximum(totals[axis], 1.0), 0.0)
        by_row: Floats = effect.ravel()[self.cell]
        return by_row
