"""Where a KPI usually lies: the range that held 19 of 20 of its earlier whole periods."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

FEWEST = 8
LOOK_BACK = 24
SHARE = 0.95


def usual_range(past: Sequence[float]) -> tuple[float, float] | None:
    """Lower and upper end from the values before, oldest first; None with fewer than eight known ones."""
    known = [x for x in past if isfinite(x)][-LOOK_BACK:]
    if len(known) < FEWEST:
        return None
    low, high = np.quantile(known, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)
