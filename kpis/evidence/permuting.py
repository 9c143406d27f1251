"""Freedman–Lane permutation of partial correlations, for many indicators of one outcome at once."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.preparing import Floats, off
from kpis.evidence.seeds import generator

ROUNDING = 1e-12  # correlations closer than this are equal
FRAGILE, SEEN = 0.80, 0.95  # quantiles of chance: a link that is fragile stays under the first, one to be seen is above

_AT_A_TIME = 32  # draws multiplied in one go: larger products are shared among threads that wait for each other


@dataclass(frozen=True)
class Partial:
    """Partial correlations of one outcome with one indicator at several lags, and what chance makes of them.

    Attributes:
        r: one per lag, in order of lags.
        largest: the largest |r| over lags in each permutation.
    """

    r: Floats
    largest: Floats

    @property
    def p(self) -> float:
        """Share of permutations (and of what was seen) whose largest |r| is at least the one seen."""
        seen = np.abs(self.r).max()
        return float((1 + np.sum(self.largest >= seen - ROUNDING)) / (1 + len(self.largest)))

    @cached_property
    def lines(self) -> tuple[float, float]:
        """The largest |r| that chance stays under with probability `FRAGILE`, and with probability `SEEN`."""
        fragile, seen = np.quantile(self.largest, (FRAGILE, SEEN))
        return float(fragile), float(seen)


def partial_correlations(outcome: Floats, indicators: list[Floats], basis: Floats, draws: int) -> list[Partial]:
    """Correlate an outcome with lagged indicators after taking out the design, and permute.

    Args:
        outcome: differences of the outcome, one per row.
        indicators: for each indicator its lagged differences, rows × lags.
        basis: orthonormal basis of the design, rows × rank.
        draws: number of permutations.

    The outcome's residuals are permuted; a permuted residual is no longer free of the design, so its length
    is measured after projecting it off again (Freedman and Lane 1983; Winkler et al. 2014).
    """
    residuals = off(basis, outcome)
    shuffled = residuals[_orders(len(residuals), draws)]  # batches × rows × draws
    inside = np.square(basis.T @ shuffled).sum(axis=1)
    lengths = np.sqrt(np.maximum(residuals @ residuals - inside, 0.0))
    seen_length = np.linalg.norm(residuals)
    columns = off(basis, np.hstack(indicators))
    sizes = np.linalg.norm(columns, axis=0)
    columns = np.where(sizes > ROUNDING, columns / np.where(sizes > ROUNDING, sizes, 1.0), 0.0)
    seen = residuals @ columns / (seen_length if seen_length > ROUNDING else 1.0)
    ends = np.cumsum([part.shape[1] for part in indicators])
    largest = np.maximum.reduceat(np.abs(columns.T @ shuffled), [0, *ends[:-1]], axis=1)
    largest /= np.where(lengths > ROUNDING, lengths, np.inf)[:, None]
    by_chance = largest.transpose(1, 0, 2).reshape(len(indicators), -1)[:, :draws]
    return [Partial(r, chance) for r, chance in zip(np.split(seen, ends[:-1]), by_chance, strict=True)]


@lru_cache(maxsize=4)
def _orders(rows: int, draws: int) -> NDArray[np.intp]:
    """At least so many permutations of the rows, batches × rows × draws; the same for all series of one length."""
    batches = -(-draws // _AT_A_TIME)
    places = np.tile(np.arange(rows), (batches * _AT_A_TIME, 1))
    drawn = generator(rows).permuted(places, axis=1).reshape(batches, _AT_A_TIME, rows)
    return np.ascontiguousarray(drawn.transpose(0, 2, 1))
