"""AUC from ranks, and what each account adds to it: the way to a standard error clustered by account."""

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.history import Flags, Floats, Ints
from kpis.evidence.ranking import Placed, place


def widening(placed: Placed) -> Floats:
    """What turns a percentile among all rows of a group into a place among its other rows; … × groups."""
    others = placed.known - placed.cases
    factor: Floats = np.where(others > 0, placed.known / np.maximum(others, 1.0), 0.0)
    return factor


def above_half(placed: Placed) -> Floats:
    """Share of the other rows of its group that each row stands above (ties half), minus ½; 0 where unknown."""
    others = np.maximum(placed.known - placed.cases, 1.0)[..., None]
    below = (np.nan_to_num(placed.percentile) + 0.5) * placed.known[..., None]
    cases_below = placed.cases[..., None] - placed.cases_above
    share: Floats = np.where(np.isnan(placed.percentile), 0.0, (below - cases_below) / others - 0.5)
    return share


def auc_of(above: Floats, case: Flags) -> Floats:
    """AUC from the place above ½ of every case; NaN without cases."""
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(case, above, 0.0).sum(axis=(-2, -1))
        auc: Floats = np.clip(0.5 + total / case.sum(axis=(-2, -1)), 0.0, 1.0)
    return auc


def influence(placed: Placed, above: Floats, case: Flags, auc: Floats, account: Ints, accounts: int) -> Floats:
    """What each account adds to each AUC, as one that had the event and as one compared with; curves × accounts.

    Args:
        placed: ranks, curves × groups × rows.
        above: the place above ½ of each row among the others of its group (`above_half`), adjusted or not.
        case: known cases, curves × groups × rows.
        auc: AUC by curve.
        account: position of the account of each row, −1 for padding; groups × rows.
        accounts: number of accounts.

    Source: DeLong, DeLong and Clarke-Pearson 1988; Obuchowski 1997 for clusters.
    """
    total = np.maximum(case.sum(axis=(1, 2)), 1)[:, None, None]
    known = ~np.isnan(placed.percentile)
    by_group = np.where(case, 0.5 + above_half(placed), 0.0).sum(axis=-1, keepdims=True)
    others = np.maximum(placed.known - placed.cases, 1.0)[..., None]
    as_other = np.where(known & ~case, (placed.cases_above - by_group) / others, 0.0)
    own = np.where(case, above - np.nan_to_num(auc - 0.5)[:, None, None], as_other) / total
    there = account >= 0
    who = account[there]
    return np.stack([np.bincount(who, one[there], accounts) for one in own])


def clustered_error(shares: Floats, counts: NDArray[np.int64]) -> Floats:
    """Standard error from what each account adds; `counts` are the distinct accounts with the event."""
    error: Floats = np.sqrt(np.square(shares).sum(axis=1) * counts / np.maximum(counts - 1, 1))
    return error


def plain_auc(values: Floats, case: Flags) -> tuple[float, Floats, int]:
    """AUC of values compared within groups (months), what each account adds to it, and accounts with the event.

    Args:
        values: groups × accounts, NaN where unknown or not compared.
        case: who had the event.
    """
    placed = place(values[None], case)
    above = above_half(placed)
    there = case & ~np.isnan(placed.percentile)
    auc = auc_of(above, there)
    account = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    shares = influence(placed, above, there, auc, account, values.shape[1])
    return float(auc[0]), shares[0], int(there[0].any(axis=0).sum())
