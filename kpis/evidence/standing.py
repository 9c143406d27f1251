"""Where accounts stand now: the share of comparable accounts below each, in the latest month."""

import numpy as np

from kpis.evidence.history import AccountMonths, Floats
from kpis.evidence.scoring import change_from_baseline, everywhere, residual

FEWEST_COMPARABLE = 5


def standing(history: AccountMonths, values: Floats, *, change: bool = False) -> Floats:
    """Mid-rank percentile (0–1) of each account in the last month, without what comparable accounts have in common.

    What they have in common is estimated from all months, as for the evidence: one month alone holds too few accounts
    of each kind, and those that are the only one of theirs would all stand in the middle.

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
    used = ~np.isnan(grid[:, -1]) & history.at_risk[:, -1]
    if used.sum() <= FEWEST_COMPARABLE:
        return found
    left = residual(history, everywhere(history), grid)
    now = np.zeros(len(found)) if left is None else left[:, -1]  # None: all are equal
    _, place, alike = np.unique(now[used], return_inverse=True, return_counts=True)
    found[used] = (np.cumsum(alike) - alike / 2)[place] / used.sum()
    return found
