"""Freedman–Lane permutation of partial correlations, for many indicators of one outcome at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.preparing import Floats, off
from kpis.evidence.seeds import generator, without_unit

ROUNDING = 1e-12  # correlations closer than this are equal


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

    def beyond(self, share: float) -> float:
        """The largest |r| that chance stays under with this probability."""
        return float(np.quantile(self.largest, share))


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
    shuffled = residuals[_orders(outcome, residuals, draws)]
    lengths = np.sqrt(np.maximum(residuals @ residuals - _explained(shuffled, basis), 0.0))
    seen_length = np.linalg.norm(residuals)
    columns = off(basis, np.hstack(indicators))
    sizes = np.linalg.norm(columns, axis=0)
    columns = np.where(sizes > ROUNDING, columns / np.where(sizes > ROUNDING, sizes, 1.0), 0.0)
    seen = residuals @ columns / (seen_length if seen_length > ROUNDING else 1.0)
    null = np.abs(columns.T @ shuffled.T)  # lags × draws
    answers, place = [], 0
    for lags in (part.shape[1] for part in indicators):
        here = slice(place, place + lags)
        largest = null[here].max(axis=0) / np.where(lengths > ROUNDING, lengths, np.inf)
        answers.append(Partial(seen[here], largest))
        place += lags
    return answers


def _explained(shuffled: Floats, basis: Floats) -> Floats:
    """Squared length of each permuted residual inside the design."""
    inside: Floats = np.square(shuffled @ basis).sum(axis=1)
    return inside


def _orders(outcome: Floats, residuals: Floats, draws: int) -> NDArray[np.intp]:
    """Permutations of the rows, one per draw, seeded by the outcome whatever its unit and sign."""
    random = generator(without_unit(outcome))
    return random.permuted(np.tile(np.arange(len(residuals)), (draws, 1)), axis=1)
