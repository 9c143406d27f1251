"""Where accounts stand now: the share of comparable accounts below each, in the latest month."""

import numpy as np

from kpis.evidence.adjusting import Factors
from kpis.evidence.comparing import BANDS
from kpis.evidence.history import AccountMonths, Floats
from kpis.evidence.scoring import change_from_baseline

FEWEST_COMPARABLE = 5


def standing(history: AccountMonths, values: Floats, *, change: bool = False) -> Floats:
    """Mid-rank percentile (0–1) of each account in the last month, without what comparable accounts have in common.

    Args:
        history: accounts by whole month.
        values: the indicator, one value per tidy row of the history.
        change: rank the change from the account's own baseline (mean of months t−6 … t−2) instead.

    Returns:
        One number per account of `history.accounts`: the share of accounts at risk that stand below, ties counted by
        half; NaN where the account is not at risk, the indicator is not known, or fewer than five others are.
    """
    grid = history.matrix(values)
    if change:
        grid = change_from_baseline(grid)
    found = np.full(len(history.accounts), np.nan)
    if not history.months:
        return found
    last = history.months - 1
    now = grid[:, last]
    used = ~np.isnan(now) & history.at_risk[:, last]
    if used.sum() <= FEWEST_COMPARABLE:
        return found
    codes = (history.segment[:, last], history.band[:, last], history.turn[:, last])
    effects = Factors(codes, (history.segments, BANDS, history.turns)).effects(now[used], used)
    residual = np.round(now - effects, 9)[used]
    _, place, alike = np.unique(residual, return_inverse=True, return_counts=True)
    found[used] = (np.cumsum(alike) - alike / 2)[place] / used.sum()
    return found
